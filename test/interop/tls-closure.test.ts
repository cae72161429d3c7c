/**
 * How a TLS connection to an origin ends, and what that says of a response: only behind the closure alert is one complete
 * that nothing else ends (RFC 9112 section 9.8).
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway } from "../../src/gateway/gateway.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import { wasCutOff, watchClosure } from "../../src/net/node-handles/tls-closure.ts";
import type { Listener } from "../../src/net/ports.ts";
import { dialer, listen } from "../../src/net/runtime.ts";
import { parseOriginAddress } from "../../src/pool/origin-address.ts";
import { Bell } from "../kit/bell.ts";
import { RecordingObserver } from "../kit/recording-observer.ts";
import { baseSettings } from "../kit/stage.ts";
import { listening } from "./support/listening.ts";
import { has, needing } from "./support/programs.ts";
import { selfSigned } from "./support/site.ts";

const LONG = "x".repeat(300_000);
const OK = "HTTP/1.1 200 OK\r\n";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// Bun hides how a connection ended.
describe.skipIf(!has("openssl") || "bun" in process.versions)(`an https origin${needing("openssl")}`, () => {
  let origin: Server;
  let listener: Listener;
  let certificate: string;
  const observer = new RecordingObserver(new Bell());
  let end: (raw: Socket, tls: TLSSocket) => void;
  let response: string;

  beforeAll(async () => {
    const { key, cert } = await selfSigned();
    certificate = cert.toString();
    origin = createServer((raw) => {
      const tls = new TLSSocket(raw, { isServer: true, key, cert });
      for (const socket of [raw, tls]) socket.on("error", () => {});
      tls.once("data", () => tls.write(response, () => end(raw, tls)));
    });
    const { host } = new URL(await listening(origin));
    const origins = [parseOriginAddress(`https://${host}`)];
    const gateway = new Gateway(
      { ...baseSettings, origins },
      {
        clock: nodeClock,
        observer,
        dialer: {
          dial: (address, handler) => {
            if (address.kind !== "tcp") throw new Error("the origin is reached over TCP");
            const tls = { serverName: "127.0.0.1", ca: certificate, rejectUnauthorized: true };
            return dialer.dial({ ...address, tls }, handler);
          },
        },
      },
    );
    listener = await listen({
      host: "127.0.0.1",
      port: 0,
      onSocket: (socket) => gateway.accept(socket),
      onFault: () => {},
    });
  });

  afterAll(async () => {
    await listener.close();
    origin.close();
  });

  const withAlert = (_raw: Socket, tls: TLSSocket) => tls.end();
  const cutOff = (raw: Socket) => raw.end();

  /** What becomes of a response whose connection ends so. */
  async function outcome(sent: string, how: typeof end) {
    [response, end] = [sent, how];
    const before = observer.exchanges.length;
    const client = connect(listener.address.port, "127.0.0.1");
    client.end(GET).resume();
    await once(client, "close");
    const [exchange, ...more] = observer.exchanges.slice(before);
    expect(more).toEqual([]);
    return [exchange?.outcome, exchange?.reason, exchange?.fault];
  }

  it("is known to have answered before its handshake: what TLS takes is told apart", async () => {
    await outcome(`${OK}\r\nhello`, withAlert);
    const { arrivedAt_ms = 0, connectingAt_ms = 0, securingAt_ms = 0, sentAt_ms = 0 } = observer.exchanges.at(-1) ?? {};
    expect(connectingAt_ms).toBeGreaterThanOrEqual(arrivedAt_ms);
    expect(securingAt_ms).toBeGreaterThan(connectingAt_ms);
    expect(sentAt_ms).toBeGreaterThan(securingAt_ms);
  });

  const complete = ["completed", undefined, undefined];
  const truncated = ["truncated", "response-incomplete", "ERR_TLS_NO_CLOSURE_ALERT"];

  it.each([
    ["that only a close ends", `${OK}\r\nhello`],
    ["of some length that only a close ends", `${OK}\r\n${LONG}`],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello"],
  ])("a response %s is complete behind the closure alert, and no other way", async (_what, sent) => {
    expect(await outcome(sent, withAlert)).toEqual(complete);
    expect(await outcome(sent, cutOff)).toEqual(truncated);
  });

  it.each([
    ["its length", `${OK}Content-Length: 5\r\n\r\nhello`],
    ["its last chunk", `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  ])("a response that %s completes needs no alert", async (_what, sent) => {
    expect(await outcome(sent, withAlert)).toEqual(complete);
    expect(await outcome(sent, cutOff)).toEqual(complete);
  });

  it("is told by an alert that we close", async () => {
    const ended = new Promise<boolean>((resolve) => {
      response = `${OK}Connection: close\r\nContent-Length: 5\r\n\r\nhello`;
      end = (_raw, tls) => {
        watchClosure(tls);
        tls.once("end", () => resolve(wasCutOff(tls))).resume();
      };
    });
    const client = connect(listener.address.port, "127.0.0.1");
    client.end(GET).resume();
    await once(client, "close");
    expect(await ended).toBe(false);
  });

  it("a response that is short of its length is no better for the alert", async () => {
    const short = `${OK}Content-Length: 9\r\n\r\nhello`;
    expect(await outcome(short, withAlert)).toEqual(["truncated", "response-incomplete", undefined]);
    expect(await outcome(short, cutOff)).toEqual(truncated);
  });
});
