/**
 * The same package on other runtimes: the compiled command line between a raw client and a raw origin, in what could differ
 * between runtimes, which is sockets, signals and processes. What octets mean cannot, and is tested elsewhere.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { until, untilStill } from "../interop/support/waiting.ts";
import { RawOrigin } from "./raw-origin.ts";
import { type Runtime, runtimes } from "./runtimes.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const MIB = 1_048_576;

for (const runtime of runtimes) {
  // Not installed: npm ci --prefix test/runtimes.
  const missing = runtime.path === undefined ? " (skipped: not installed)" : "";
  describe.skipIf(missing !== "")(`${runtime.name}${missing}`, () => behaviours(runtime));
}

function behaviours({ name, path }: Runtime): void {
  let origin: RawOrigin;
  let hopwise: Hopwise;
  let opened: RawClient[] = [];

  const start = (...args: readonly string[]) => startHopwise(["--to", origin.url, ...args], "proxy", path);
  const client = async (port = hopwise.port) => {
    const one = await RawClient.open(port);
    opened.push(one);
    return one;
  };
  /** The first request's socket at the origin, and what came of it. */
  const asked = () =>
    new Promise<{ socket: Socket; request: string }>((resolve) => {
      origin.answer = (socket, request) => resolve({ socket, request });
    });

  beforeAll(async () => {
    origin = await RawOrigin.start();
    hopwise = await start("--drain-timeout", "5s");
  });
  beforeEach(() => {
    origin.answer = (socket) => origin.respond(socket, HELLO);
  });
  afterEach(() => {
    for (const one of opened) one.close();
    opened = [];
  });
  afterAll(async () => {
    const exit = await hopwise.stop();
    origin.stop();
    // After all that: nothing is left in flight, and no fault of its own was survived.
    expect(exit).toMatchObject({ code: 0, stderr: "" });
  });

  it("reuses both connections, and tells of it", async () => {
    const one = await client();
    const before = await hopwise.stats();
    const connections = origin.connections;
    for (let i = 0; i < 5; i++) expect((await one.exchange(GET)).body.toString()).toBe("hello");
    expect(origin.connections - connections).toBeLessThanOrEqual(1);
    const after = await hopwise.stats();
    expect(after.exchanges.total - before.exchanges.total).toBe(5);
    expect(after.reuse.reused - before.reuse.reused).toBeGreaterThanOrEqual(4);
    expect(await hopwise.isReady()).toBe(true);
    expect(await (await hopwise.admin("/metrics")).text()).toContain("hopwise_upstream_reuse_total");
  });

  it("does not fall back to slower sockets unnoticed, and names what it stands on", async () => {
    const [runtime = "", major = ""] = name.toLowerCase().split(" ");
    const sockets = runtime === "bun" ? "bun" : "handles";
    expect(hopwise.runtime).toMatchObject({ name: runtime, sockets });
    expect(hopwise.runtime.version.startsWith(`${major}`)).toBe(true);
    expect((await hopwise.stats()).runtime).toEqual(hopwise.runtime);
    const { version } = hopwise.runtime;
    const info = `hopwise_runtime_info{runtime="${runtime}",version="${version}",sockets="${sockets}"} 1`;
    expect((await (await hopwise.admin("/metrics")).text()).split("\n")).toContain(info);
  });

  it.each([
    ["a length", "Content-Length: 8\r\n\r\n", ["some", "body"], "somebody"],
    ["chunks", "Transfer-Encoding: chunked\r\n\r\n", ["4\r\nsome\r\n", "4\r\nbody\r\n0\r\n\r\n"], "some"],
  ])("takes a body with %s, piece by piece", async (_framing, head, pieces, expected) => {
    const arrived = asked();
    const one = await client();
    one.send(`POST / HTTP/1.1\r\nHost: a\r\n${head}${pieces[0]}`);
    const { socket, request } = await arrived;
    let got = request;
    socket.on("data", (octets: Buffer) => {
      got += octets.toString("latin1");
    });
    await until("the first piece is there", () => got.includes("some"));
    one.send(pieces[1] ?? "");
    await until("the second piece is there", () => got.includes("body"));
    expect(got).toContain(expected);
    const response = one.response();
    origin.respond(socket, HELLO);
    expect((await response).status).toBe(200);
  });

  it("passes a chunked response on as it comes", async () => {
    const arrived = asked();
    const one = await client();
    const response = one.exchange(GET);
    const { socket } = await arrived;
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await until("the first chunk is there", () => one.unread.includes("one"));
    origin.respond(socket, "3\r\ntwo\r\n0\r\n\r\n");
    expect((await response).body.toString()).toBe("onetwo");
  });

  it("closes after an HTTP/1.0 client's response, in order", async () => {
    const one = await client();
    expect((await one.exchange("GET / HTTP/1.0\r\n\r\n")).fields.connection).toBe("close");
    expect(await one.ended).toBe("fin");
  });

  it("refuses Content-Length beside Transfer-Encoding, and closes without a reset", async () => {
    const one = await client();
    const refused = await one.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
    );
    expect([refused.status, refused.fields.connection]).toEqual([400, "close"]);
    expect(await one.ended).toBe("fin");
  });

  it("tunnels a WebSocket, and passes each side's end on by itself", async () => {
    const arrived = asked();
    const one = await client();
    const upgraded = one.exchange(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    const { socket } = await arrived;
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect((await upgraded).status).toBe(101);
    let got = "";
    socket.on("data", (octets: Buffer) => {
      got += octets.toString("latin1");
    });
    one.send("ping");
    await until("the client is heard", () => got === "ping");
    const ended = once(socket, "end");
    one.socket.end("last");
    await ended;
    expect(got).toBe("pinglast");
    socket.end("still here");
    await until("the origin is heard", () => one.unread === "still here");
    expect(await one.ended).toBe("fin");
  });

  it("answers a client that has closed its side", async () => {
    const arrived = asked();
    const one = await client();
    const response = one.response();
    one.socket.end(GET);
    const { socket } = await arrived;
    origin.respond(socket, HELLO);
    expect((await response).body.toString()).toBe("hello");
    expect(await one.ended).toBe("fin");
  });

  it("reads no more than its client takes: memory stays, and nothing is lost", async () => {
    const size = 48 * MIB;
    const arrived = asked();
    // A bare socket: keeping all of it is not what this is about.
    const slow = connect({ host: "127.0.0.1", port: hopwise.port });
    slow.write("GET / HTTP/1.0\r\n\r\n");
    const { socket } = await arrived;
    const before = hopwise.residentBytes();
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    const piece = Buffer.alloc(MIB, "x");
    for (let sent = 0; sent < size; sent += MIB) socket.write(piece);
    origin.respond(socket, "");
    await untilStill(() => socket.bytesWritten - socket.writableLength, 300);
    expect(socket.writableLength).toBeGreaterThan(size / 2);
    expect(hopwise.residentBytes() - before).toBeLessThan(24 * MIB);
    let received = 0;
    let head = "";
    slow.on("data", (octets: Buffer) => {
      received += octets.length;
      if (!head.includes("\r\n\r\n")) head += octets.toString("latin1");
    });
    await once(slow, "end");
    expect(received - (head.indexOf("\r\n\r\n") + 4)).toBe(size);
    slow.destroy();
  });

  it("lets its client take all of a large body that an origin sends with its close", async () => {
    const arrived = asked();
    const one = await client();
    const response = one.exchange(GET);
    const { socket } = await arrived;
    socket.end(Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), Buffer.alloc(4 * MIB, "x")]));
    expect((await response).body.length).toBe(4 * MIB);
  });

  it("shows that a response was cut: no last chunk, and for HTTP/1.0 a reset", async () => {
    for (const [request, ending] of [
      [GET, undefined],
      ["GET / HTTP/1.0\r\n\r\n", "reset"],
    ] as const) {
      const arrived = asked();
      const one = await client();
      const response = one.exchange(request).catch((error: Error) => error);
      const { socket } = await arrived;
      socket.write("HTTP/1.1 200 OK\r\n\r\nsome of it");
      await until("some of it is there", () => one.unread.includes("some of it"));
      socket.resetAndDestroy();
      const how = await one.ended;
      if (ending !== undefined) expect(how).toBe(ending);
      expect(await response).toBeInstanceOf(Error);
      expect(one.unread).not.toContain("\r\n0\r\n");
    }
  });

  it("sends a request again when the connection that it reused is dead", async () => {
    const one = await client();
    let connections = 0;
    let retried = 0;
    origin.answer = (socket) => {
      if (++connections === 1) origin.respond(socket, HELLO);
      else if (connections === 2) socket.resetAndDestroy();
      else {
        retried++;
        origin.respond(socket, HELLO);
      }
    };
    expect((await one.exchange(GET)).status).toBe(200);
    expect((await one.exchange(GET)).status).toBe(200);
    expect([connections, retried]).toEqual([3, 1]);
  });

  it("ends the origin's work when its client resets", async () => {
    const arrived = asked();
    const one = await client();
    one.send(GET);
    const { socket } = await arrived;
    const ended = new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
    one.socket.resetAndDestroy();
    await ended;
  });

  it("drains: what is in flight is finished, and the exit code is 0", async () => {
    const other = await start();
    const arrived = asked();
    const one = await client(other.port);
    const response = one.exchange(GET);
    const { socket } = await arrived;
    other.kill("SIGTERM");
    await until("it is not ready", async () => !(await other.isReady()));
    origin.respond(socket, HELLO);
    expect((await response).status).toBe(200);
    expect(await one.ended).toBe("fin");
    expect((await other.exited).code).toBe(0);
  });

  it("works as two processes: both serve, one of them is replaced, they drain as one", async () => {
    const other = await start("--workers", "2");
    const workers = async () => (await other.stats()).workers ?? { running: 0, restarted: 0, processes: [] };
    const some = await Promise.all(Array.from({ length: 24 }, () => client(other.port)));
    for (const one of some) expect((await one.exchange(GET)).status).toBe(200);
    const { processes } = await workers();
    expect(processes.map(({ exchanges }) => exchanges > 0)).toEqual([true, true]);
    process.kill(processes[0]?.pid ?? 0, "SIGKILL");
    await until("it is replaced", async () => (await workers()).restarted === 1 && (await workers()).running === 2);
    expect((await (await client(other.port)).exchange(GET)).status).toBe(200);
    expect((await other.stop()).code).toBe(0);
  });
}
