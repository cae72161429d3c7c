/**
 * A large upload on a fresh TLS connection to an origin that may answer the head alone: the head goes first, so that an origin which
 * refuses it and closes at once has nothing unread that would throw its answer away.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Gateway } from "../../src/gateway/gateway.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import { dialer, listen } from "../../src/net/runtime.ts";
import { Bell } from "../kit/bell.ts";
import { RecordingObserver } from "../kit/recording-observer.ts";
import { baseSettings } from "../kit/stage.ts";
import { overTls, tlsTarget } from "../kit/tls-peer.ts";

const REFUSED = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large";
/** Sooner than the body comes, and later than it would. */
const THINKS_MS = 20;
const SIZE_BYTES = 2_000_000;
const LAST = "the last of it";
const HEAD = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE_BYTES}\r\n\r\n`;

let origin: Server;
let answer: (stream: TLSSocket, arrived: string) => void;
let gateway: Gateway;
let listener: Awaited<ReturnType<typeof listen>>;

beforeEach(async () => {
  origin = createServer((raw) => {
    const stream = overTls(raw);
    stream.on("error", () => {});
    let arrived = "";
    stream.setEncoding("latin1").on("data", (text: string) => {
      if (arrived === "") setTimeout(() => answer(stream, arrived), THINKS_MS);
      arrived += text;
      if (arrived.endsWith(LAST)) answer(stream, "all of it");
    });
  }).listen(0, "127.0.0.1");
  await once(origin, "listening");
  const { port } = origin.address() as AddressInfo;
  const authority = `127.0.0.1:${port}`;
  const address = { kind: "tcp", host: "127.0.0.1", port, tls: tlsTarget } as const;
  const origins = [{ address, name: `https://${authority}`, authority }];
  const observer = new RecordingObserver(new Bell());
  gateway = new Gateway({ ...baseSettings, origins }, { clock: nodeClock, dialer, observer });
  listener = await listen({
    host: "127.0.0.1",
    port: 0,
    onSocket: (socket) => gateway.accept(socket),
    onFault: () => undefined,
  });
});

afterEach(async () => {
  gateway.cutNow();
  await listener.close();
  origin.close();
});

async function upload(): Promise<string> {
  const client = connect({ port: listener.address.port, host: "127.0.0.1" }).on("error", () => {});
  let received = "";
  client.setEncoding("latin1").on("data", (text: string) => {
    received += text;
    if (received.endsWith("ok")) client.end();
  });
  client.write(HEAD);
  client.write(LAST.padStart(SIZE_BYTES, "x"));
  await once(client, "close");
  return received;
}

it("is heard, and has had to read nothing but the head", async () => {
  let arrived = "";
  answer = (stream, sofar) => {
    arrived = sofar;
    stream.end(REFUSED);
  };
  const received = await upload();
  expect(arrived.split("\r\n")[0]).toBe("POST / HTTP/1.1");
  expect(arrived.endsWith("\r\n\r\n")).toBe(true);
  expect(received).toMatch(/^HTTP\/1.1 413 Content Too Large\r\n[\s\S]*too large$/);
});

it("one that says nothing gets all of it", async () => {
  answer = (stream, sofar) => {
    if (sofar === "all of it") stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  };
  expect(await upload()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
});

it("one that takes the head's word for it gets all of it, too", async () => {
  const seen: string[] = [];
  answer = (stream, sofar) => {
    seen.push(sofar === "all of it" ? sofar : "head");
    if (sofar !== "all of it") stream.write("HTTP/1.1 103 Early Hints\r\n\r\n");
    else stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  };
  expect(await upload()).toMatch(/^HTTP\/1.1 103 Early Hints\r\n\r\nHTTP\/1.1 200 OK\r\n/);
  expect(seen).toStrictEqual(["head", "all of it"]);
});
