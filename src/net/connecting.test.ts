/**
 * What every implementation of the port does about listening and dialing, on real connections. On other runtimes the same file
 * is run by test/runtimes/port.test.ts.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SecureContext, SecureContextOptions } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { received } from "../../test/kit/heard.ts";
import { dialed, dialing, HOST, listenFor, listening, open, serverOn } from "../../test/kit/real-sockets.ts";
import { contextOf, overTls, tlsTarget } from "../../test/kit/tls-peer.ts";
import type { Address, Socket } from "./ports.ts";
import { dialer, listen } from "./runtime.ts";

describe("listening", () => {
  it("many connections at once are each their own", async () => {
    const listener = await listenFor((socket) => {
      socket.handler = {
        onData: (octets) => socket.write(`you are ${octets.latin1Slice()}`),
        onEnd: () => socket.end(),
        onDrain() {},
        onClose() {},
      };
    });
    const answers = Array.from({ length: 300 }, async (_, i) => {
      const peer = connect({ ...listener.address, allowHalfOpen: true });
      open.push(peer);
      peer.end(String(i));
      return (await received(peer)).toString();
    });
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 300 }, (_, i) => `you are ${i}`));
  });

  it("ends without ending what was accepted", async () => {
    const sockets: Socket[] = [];
    const listener = await listenFor((socket) => sockets.push(socket));
    const peer = connect({ ...listener.address });
    open.push(peer);
    await once(peer, "connect");
    while (sockets.length === 0) await nextTurn();
    await listener.close();
    sockets[0]?.write("still here");
    expect(String((await once(peer, "data"))[0])).toBe("still here");
    expect(await dialing({ kind: "tcp", ...listener.address })).toBe("ECONNREFUSED");
    sockets[0]?.destroy();
  });

  it("tells where, also for a name; a place that is taken is refused", async () => {
    const ignore = { onSocket() {}, onFault() {} };
    const listener = await listen({ host: "localhost", port: 0, ...ignore });
    listening.push(listener);
    const { host, port } = listener.address;
    expect(["127.0.0.1", "::1"]).toContain(host);
    await expect(listen({ host, port, ...ignore })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await expect(listen({ host: "192.0.2.1", port: 0, ...ignore })).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
    await expect(listen({ host: "nowhere.invalid", port: 0, ...ignore })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/),
    });
  });
});

it("listens for IPv4 and for IPv6 apart, at one port", async () => {
  const say = (text: string) => ({
    onSocket(socket: Socket) {
      socket.handler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
      socket.write(text);
      socket.end();
    },
    onFault() {},
  });
  const six = await listen({ host: "::", port: 0, isIpv6Only: true, ...say("six") });
  listening.push(six);
  const { port } = six.address;
  listening.push(await listen({ host: "0.0.0.0", port, ...say("four") }));
  const heard = async (host: string) => {
    const peer = connect({ host, port });
    open.push(peer);
    return (await received(peer)).toString();
  };
  expect([await heard("127.0.0.1"), await heard("::1")]).toEqual(["four", "six"]);
});

describe("dialing", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "hopwise-sockets-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("reaches a Unix socket, which is half-open, too", async () => {
    const { ours, heard, peer } = await dialed({ kind: "unix", path: join(directory, "origin.sock") });
    expect([ours.remoteAddress, ours.remotePort]).toEqual(["", 0]);
    peer.end("hello");
    await heard.hearing("end");
    ours.write("\xe4");
    ours.end();
    expect([...(await received(peer))]).toEqual([0xe4]);
    await heard.hearing("close in order");
  });

  it.each<[string, () => Address, RegExp]>([
    ["nobody listens", () => ({ kind: "tcp", host: HOST, port: 1 }), /^ECONNREFUSED$/],
    ["there is no such socket", () => ({ kind: "unix", path: join(directory, "none.sock") }), /^ENOENT$/],
    ["the name is unknown", () => ({ kind: "tcp", host: "nowhere.invalid", port: 80 }), /^(?:ENOTFOUND|EAI_AGAIN)$/],
  ])("says so when %s", async (_what, address, fault) => {
    expect(await dialing(address())).toMatch(fault);
  });

  it("finds a name's address that answers: localhost may mean ::1 first", async () => {
    const server = await serverOn({ host: HOST, port: 0 });
    const { port } = server.address() as { port: number };
    const socket = await dialing({ kind: "tcp", host: "localhost", port });
    if (typeof socket === "string") throw new Error(socket);
    expect(socket.remoteAddress).toBe(HOST);
    socket.destroy();
  });

  describe("over TLS", () => {
    let port: number;
    /** Of each connection that came: whether it was resumed. */
    let came: (boolean | "failed")[];
    let fails: boolean;

    let secureContext: SecureContext;

    /** From now on, with keys of its own. */
    function serveWith(options: SecureContextOptions): void {
      secureContext = contextOf(options);
    }

    async function serve(options: SecureContextOptions = {}): Promise<void> {
      const server = await serverOn({ host: HOST, port: 0 });
      serveWith(options);
      ({ port } = server.address() as { port: number });
      [came, fails] = [[], false];
      server.on("connection", (raw) => {
        if (fails) {
          came.push("failed");
          return raw.once("data", () => raw.destroy());
        }
        const peer = overTls(raw, { secureContext });
        return peer.once("secure", () => {
          came.push(peer.isSessionReused());
          peer.write("hello");
        });
      });
    }

    /** Opens a connection, and closes it once something has come, and with that the sessions before it. */
    async function visit(tls = tlsTarget): Promise<void> {
      const socket = await dialing({ kind: "tcp", host: HOST, port, tls });
      if (typeof socket === "string") return;
      await new Promise<void>((resolve) => {
        socket.handler = { onData: () => resolve(), onEnd() {}, onDrain() {}, onClose() {} };
      });
      socket.destroy();
    }

    it.each(["TLSv1.3", "TLSv1.2"] as const)("resumes what the connection before it left: %s", async (version) => {
      await serve({ minVersion: version, maxVersion: version });
      for (let i = 0; i < 4; i++) await visit();
      expect(came).toEqual([false, true, true, true]);
    });

    it("resumes nothing that was checked otherwise", async () => {
      await serve();
      for (const tls of [{ ...tlsTarget, rejectUnauthorized: false }, tlsTarget, tlsTarget]) await visit(tls);
      expect(came).toEqual([false, false, true]);
    });

    it("offers nothing older once a server has refused one: it has other keys now, and gives no second ticket", async () => {
      await serve({ minVersion: "TLSv1.3", maxVersion: "TLSv1.3" });
      await visit(); // Leaves two tickets.
      serveWith({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
      for (let i = 0; i < 3; i++) await visit();
      expect(came).toEqual([false, false, true, true]);
    });

    it("starts anew behind a handshake that failed", async () => {
      await serve();
      await visit();
      fails = true;
      await visit();
      fails = false;
      await visit();
      await visit();
      expect(came).toEqual([false, "failed", false, true]);
    });
  });

  it("given up, tells nobody, and leaves no connection open", async () => {
    const server = await serverOn({ host: HOST, port: 0 });
    const { port } = server.address() as { port: number };
    server.on("connection", (peer) =>
      peer
        .on("error", () => {})
        .on("end", () => peer.end())
        .resume(),
    );
    const told: string[] = [];
    const handler = { onConnected: () => told.push("connected"), onFailed: (fault: string) => told.push(fault) };
    for (const address of [
      { kind: "tcp", host: HOST, port },
      { kind: "tcp", host: "localhost", port },
      { kind: "tcp", host: HOST, port: 1 },
      { kind: "unix", path: join(directory, "none.sock") },
    ] as const) {
      dialer.dial(address, handler)();
    }
    // One that is not given up comes through behind those.
    const socket = await dialing({ kind: "tcp", host: HOST, port });
    if (typeof socket === "string") throw new Error(socket);
    socket.destroy();
    await new Promise<void>((resolve) => {
      const look = () => server.getConnections((_error, count) => (count === 0 ? resolve() : setImmediate(look)));
      look();
    });
    expect(told).toEqual([]);
  });
});
