/** How a client's TLS connection ends: ours with the closure alert or visibly without, and what the client's end means. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { TlsStage } from "../test/kit/tls-stage.ts";
import { wasCutOff, watchClosure } from "./net/node-handles/tls-closure.ts";

let stage: TlsStage;
let server: Server;
let to: string;
let serve: (socket: Socket) => void;
beforeEach(async () => {
  stage = new TlsStage();
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => serve(socket));
  });
  to = await listening(server);
});
afterEach(async () => {
  await stage.end();
  server.close();
});

/** A client, and its connection below TLS. */
async function client(): Promise<[TLSSocket, Socket]> {
  const transport = connect(stage.port, "127.0.0.1");
  await once(transport, "connect");
  transport.on("error", () => {});
  const tls = await stage.connect({ socket: transport });
  watchClosure(tls);
  return [tls, transport];
}

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const UPGRADE = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

describe("a response that only its end completes", () => {
  it("is complete behind the closure alert", async () => {
    serve = (socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nhello");
    await stage.begin({ to });
    const [tls] = await client();
    tls.write("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
    tls.resume();
    await once(tls, "end");
    expect(wasCutOff(tls)).toBe(false);
    tls.end();
  });

  it("has none where the origin was cut off in the middle", async () => {
    serve = (socket) =>
      void socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", () => socket.destroy());
    await stage.begin({ to });
    const [tls] = await client();
    let isAnnounced = false;
    tls
      .on("error", () => {})
      .on("end", () => {
        isAnnounced = !wasCutOff(tls);
      });
    tls.write("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
    tls.resume();
    await new Promise((resolve) => tls.once("close", resolve));
    expect(isAnnounced).toBe(false);
    expect(await stage.closed(1)).toEqual(["upstream-failed"]);
  });
});

describe("through a tunnel the client's end", () => {
  const ended = (socket: Socket) =>
    new Promise<string>((resolve) => {
      socket.write(SWITCH);
      socket.once("error", ({ message }) => resolve(message)).once("end", () => resolve("FIN"));
      socket.resume();
    });

  it.each([
    ["goes on behind its closure alert", (tls: TLSSocket) => void tls.end(), "FIN", "tunnel-ended"],
    [
      "is a reset without one",
      (_tls: TLSSocket, transport: Socket) => void transport.end(),
      "read ECONNRESET",
      "peer-closed",
    ],
  ])("%s", async (_what, end, seen, reason) => {
    let told: Promise<string> | undefined;
    serve = (socket) => {
      told = ended(socket).finally(() => socket.end());
    };
    await stage.begin({ to });
    const [tls, transport] = await client();
    tls.on("error", () => {});
    tls.write(UPGRADE);
    await once(tls, "data");
    tls.resume();
    end(tls, transport);
    expect(await told).toBe(seen);
    expect(await stage.closed(1)).toEqual([reason]);
  });
});

it("a request that its client's bare FIN cuts short is not complete", async () => {
  serve = () => {};
  await stage.begin({ to });
  const [tls, transport] = await client();
  tls.on("error", () => {}).resume();
  tls.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello", () => transport.end());
  expect(await stage.closed(1)).toEqual(["request-incomplete"]);
});

it("behind the answers, a client that half-closes with its alert gets them all (RFC 8446 section 6.1)", async () => {
  serve = (socket) => {
    const answer = () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    answer();
    socket.on("data", answer);
  };
  await stage.begin({ to });
  const [tls] = await client();
  let text = "";
  tls.on("data", (octets) => {
    text += octets;
  });
  tls.end(GET + GET);
  await once(tls, "end");
  expect(text.match(/ok/g)?.length).toBe(2);
  expect(await stage.closed(1)).toEqual(["peer-half-closed"]);
});
