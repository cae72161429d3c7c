/**
 * What clients of HTTP/2 do wrong costs them: a fault of the connection ends it and the work for it at once, and streams that have to be
 * reset for what they bring have the same budget as streams that their client resets ("MadeYouReset", CVE-2025-8671).
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { frame, Http2Stage } from "../test/kit/http2-stage.ts";
import { fieldBlock, flags, framesIn, GREETING, heardOn, types } from "../test/kit/http2-wire.ts";

let stage: Http2Stage;
beforeEach(() => {
  stage = new Http2Stage();
});
afterEach(() => stage.end());

const PRIORITY = 2;
const PUSH_PROMISE = 5;
const WHOLE = flags.endHeaders | flags.endStream;
const number = (value: number) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const head = (method: string, path: string, ...fields: string[]) =>
  fieldBlock([":method", method, ":scheme", "http", ":authority", "a", ":path", path, ...fields]);
const get = (stream: number, path = "/waits") => frame(types.headers, WHOLE, stream, head("GET", path));

interface Speaking {
  readonly socket: Socket;
  /** Frames that have come. */
  frames(): ReturnType<typeof framesIn>;
  readonly closed: Promise<unknown>;
}

async function speaking(): Promise<Speaking> {
  const socket = await stage.raw();
  const pieces: Buffer[] = [];
  socket.on("data", (piece) => pieces.push(piece));
  socket.write(GREETING);
  return { socket, frames: () => framesIn(Buffer.concat(pieces)), closed: once(socket, "close") };
}

/** Sent behind a request on stream 1 that waits for its origin. */
const faults: readonly [what: string, bytes: Buffer][] = [
  ["a stream that depends on itself", frame(PRIORITY, 0, 1, Buffer.concat([number(1), Buffer.of(0)]))],
  ["a priority of a wrong size", frame(PRIORITY, 0, 1, number(0))],
  ["content behind the end of a request", frame(types.data, 0, 1, Buffer.from("x"))],
  ["content of no stream", frame(types.data, 0, 0, Buffer.from("x"))],
  ["a frame that is too large", frame(types.data, 0, 1, Buffer.alloc(16_385))],
  ["padding longer than its frame", frame(types.headers, WHOLE | flags.padded, 3, Buffer.of(200, 1))],
  ["a ping of a wrong size", frame(types.ping, 0, 0, Buffer.from("x"))],
  ["a setting that cannot be", frame(types.settings, 0, 0, Buffer.of(0, 2, 0, 0, 0, 5))],
  ["a field list that cannot be read", frame(types.headers, WHOLE, 3, Buffer.alloc(7, 0xff))],
  [
    "another frame within a head",
    Buffer.concat([frame(types.headers, 0, 3, head("GET", "/")), frame(types.ping, 0, 0)]),
  ],
  ["a continuation of nothing", frame(types.continuation, flags.endHeaders, 1, head("GET", "/"))],
  ["a stream of the server's", get(2)],
  ["a promise", frame(PUSH_PROMISE, flags.endHeaders, 1, Buffer.concat([number(2), head("GET", "/")]))],
  ["a reset of a stream that there never was", frame(types.reset, 0, 7, number(8))],
  ["a window of no bytes more", frame(types.window, 0, 0, number(0))],
  ["a connection's window that is too large", frame(types.window, 0, 0, number(0x7fffffff))],
  ["a stream's window that is too large", frame(types.window, 0, 1, number(0x7fffffff))],
];

it.each(faults)("%s ends the connection at once, and what is under way", async (_what, bytes) => {
  await stage.begin();
  const { socket, closed } = await speaking();
  socket.write(get(1));
  await stage.waiter("/waits");
  socket.write(bytes);
  await closed;
  expect(await stage.closed(1)).toEqual([expect.stringMatching(/^http2-error /)]);
  expect(await stage.ended(1)).toEqual(["GET 0 client-gone"]);
});

describe("beside several requests a client is told, as the last thing, why its connection ends", () => {
  it.each<[what: string, bytes: Buffer, codes: readonly number[]]>([
    ["a flood", Buffer.concat(Array.from({ length: 101 }, () => frame(types.ping, 0, 0, Buffer.alloc(8)))), [11]],
    ["a window of no bytes more", frame(types.window, 0, 1, number(0)), [1, 2]],
    ["a stream of the server's", get(2), [1, 2]],
  ])("%s", async (_what, bytes, codes) => {
    await stage.begin();
    const { socket, closed, frames } = await speaking();
    socket.write(Buffer.concat([1, 3, 5].map((id) => get(id, `/waits?${id}`))));
    for (const id of [1, 3, 5]) await stage.waiter(`/waits?${id}`);
    socket.write(bytes);
    await closed;
    const last = frames().at(-1);
    expect([last?.type, last?.content.readUInt32BE(0)]).toEqual([types.goaway, 5]);
    expect(codes).toContain(last?.content.readUInt32BE(4));
    expect(await stage.closed(1)).toEqual([expect.stringMatching(/^http2-(flood|error) /)]);
  });
});

it.each<[what: string, bytes: Buffer]>([
  ["reset for a fault", frame(types.reset, 0, 1, number(1))],
  ["reset for a reason that nobody knows", frame(types.reset, 0, 1, number(255))],
])("a request that is %s before anybody has seen it is an error that is heard", async (_what, bytes) => {
  const unheard: string[] = [];
  const note = (error: Error) => unheard.push(error.message);
  process.on("uncaughtExceptionMonitor", note);
  await stage.begin();
  const { socket } = await speaking();
  // Settings have been agreed on, so that one read brings both.
  while (!socket.bytesRead) await once(socket, "data");
  socket.write(Buffer.concat([frame(types.headers, flags.endHeaders, 1, head("POST", "/waits")), bytes]));
  socket.end();
  await stage.closed(1);
  await stage.ask(await stage.client(), { ":path": "/x" });
  process.off("uncaughtExceptionMonitor", note);
  expect(unheard).toEqual([]);
});

it("a client that says that it leaves is one that has left", async () => {
  await stage.begin();
  const { socket, closed } = await speaking();
  socket.write(get(1, "/x"));
  await stage.ended(1);
  socket.write(frame(types.goaway, 0, 0, Buffer.alloc(8)));
  await closed;
  expect(await stage.closed(1)).toEqual(["peer-closed-idle peer-fin"]);
});

it("so does one behind which everything under way was to be served", async () => {
  await stage.begin({ maxRequests: 1 });
  const { socket, closed, frames } = await speaking();
  socket.write(get(1));
  await stage.waiter("/waits");
  const goaways = () => frames().filter(({ type }) => type === types.goaway).length;
  while (goaways() < 2) await once(socket, "data");
  socket.write(Buffer.concat(Array.from({ length: 101 }, () => frame(types.ping, 0, 0, Buffer.alloc(8)))));
  await closed;
  expect(await stage.closed(1)).toEqual([expect.stringMatching(/^max-requests /)]);
  expect(await stage.ended(1)).toEqual(["GET 0 client-gone"]);
});

describe("a head that does not end", () => {
  const half = (stream: number) => frame(types.headers, flags.endStream, stream, head("GET", "/x"));

  it.each([
    ["of the first request", false],
    ["of a later one", true],
  ])("%s has its own time", async (_what, isLater) => {
    await stage.begin({ headTimeout: "300ms", keepAliveTimeout: "60s", bodyTimeout: "60s" });
    const { socket, closed } = await speaking();
    if (isLater) {
      socket.write(get(1, "/x"));
      await stage.ended(1);
    }
    socket.write(half(3));
    await closed;
    expect(await stage.closed(1)).toEqual(["head-timeout own-fin"]);
  });

  it.each([
    ["as far as its frame goes", (stream: number) => half(stream)],
    ["within its frame", (stream: number) => half(stream).subarray(0, 12)],
    ["behind a whole one", (stream: number) => Buffer.concat([get(stream, "/waits?2"), half(stream + 2)])],
  ])("has its own time beside a request that waits, %s", async (_what, bytes) => {
    await stage.begin({ headTimeout: "300ms", keepAliveTimeout: "60s", bodyTimeout: "60s", responseTimeout: "60s" });
    const { socket, closed } = await speaking();
    socket.write(get(1));
    await stage.waiter("/waits");
    socket.write(bytes(3));
    await closed;
    expect(await stage.closed(1)).toEqual(["head-timeout own-fin"]);
    expect(new Set(await stage.ended(1))).toEqual(new Set(["GET 0 client-gone"]));
  });

  it("has it still when that request is answered", async () => {
    await stage.begin({ headTimeout: "300ms", keepAliveTimeout: "60s", bodyTimeout: "60s" });
    const { socket, closed } = await speaking();
    socket.write(get(1));
    const waiting = await stage.waiter("/waits");
    socket.write(half(3).subarray(0, 12));
    waiting.end();
    expect(await stage.ended(1)).toEqual(["GET 200 completed"]);
    await closed;
    expect(await stage.closed(1)).toEqual(["head-timeout own-fin"]);
  });

  it("and when it ends the requests beside it have no limit of its own", async () => {
    await stage.begin({ headTimeout: "300ms", keepAliveTimeout: "300ms", bodyTimeout: "60s", responseTimeout: "60s" });
    const { socket, closed } = await speaking();
    socket.write(get(1));
    const waiting = await stage.waiter("/waits");
    socket.write(half(3));
    socket.write(frame(types.continuation, flags.endHeaders, 3));
    await stage.ended(1);
    // What began later has had the time of a head.
    const later = await speaking();
    later.socket.write(half(1));
    await later.closed;
    waiting.end();
    expect(new Set(await stage.ended(2))).toEqual(new Set(["GET 200 completed"]));
    await closed;
    expect(await stage.closed(2)).toEqual(["head-timeout own-fin", "idle-timeout own-fin"]);
  });

  it("gives way at once", async () => {
    await stage.begin({ maxConnections: 1, keepAliveTimeout: "60s", bodyTimeout: "60s" });
    const { socket, closed } = await speaking();
    socket.write(get(1, "/x"));
    await stage.ended(1);
    socket.write(half(3));
    const other = await stage.client();
    expect(await stage.ask(other, { ":path": "/x" })).toMatchObject({ status: 200 });
    await closed;
    expect(await stage.closed(1)).toEqual(["evicted own-fin"]);
  });

  it("and one that is malformed leaves the connection as it was", async () => {
    await stage.begin({ headTimeout: "60s", keepAliveTimeout: "300ms" });
    const { socket, closed } = await speaking();
    socket.write(get(1, "/x"));
    await stage.ended(1);
    socket.write(frame(types.headers, flags.endStream, 3, head("GET", "no-slash")));
    socket.write(frame(types.continuation, flags.endHeaders, 3));
    await closed;
    expect(await stage.closed(1)).toEqual(["idle-timeout own-fin"]);
  });
});

it("heads of a stream that is over are no more than resets may be", async () => {
  await stage.begin();
  const { socket, closed } = await speaking();
  socket.write(get(1, "/x"));
  await stage.ended(1);
  socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => get(1, "/x"))));
  await closed;
  expect([await stage.closed(1), stage.exchanges.length]).toEqual([[expect.stringMatching(/^http2-flood /)], 1]);
});

it("a ping for each part of a response is no flood", async () => {
  await stage.begin();
  const client = await stage.client({ maxOutstandingPings: 10_000 });
  const stream = client.request({ ":path": "/large?bytes=8000000" });
  const pinged: Promise<boolean>[] = [];
  stream.on("data", () => pinged.push(new Promise((resolve) => client.ping((error) => resolve(error === null)))));
  expect(await stage.answered(stream)).toMatchObject({ status: 200, bytes: 8_000_000, code: 0 });
  expect(pinged.length).toBeGreaterThan(400);
  expect([new Set(await Promise.all(pinged)), stage.closes]).toEqual([new Set([true]), []]);
});

/** What a stream may bring beyond what was allowed at first. */
const windowOf = (stream: number, frames: ReturnType<typeof framesIn>) =>
  frames
    .filter((it) => it.type === types.window && it.stream === stream)
    .reduce((sum, { content }) => sum + content.readUInt32BE(0), 0);

it.each([0, 8])("a request whose body waits is over once its client resets it with code %i", async (code) => {
  await stage.begin({ poolSize: 1, connectTimeout: "60s" });
  (await stage.client()).request({ ":path": "/waits?first" }).on("error", () => {});
  await stage.waiter("/waits?first");
  const speaker = await speaking();
  const { socket } = speaker;
  // More than an exchange keeps for itself, so that the stream is not read.
  const body = Array.from({ length: 4 }, () => frame(types.data, 0, 1, Buffer.alloc(16_000)));
  socket.write(Buffer.concat([post(1), ...body]));
  const window = () => windowOf(1, speaker.frames());
  while (window() < 48_000) await once(socket, "data");
  socket.write(Buffer.concat(body.slice(1)));
  socket.write(frame(types.reset, 0, 1, number(code)));
  expect(await stage.ended(1)).toEqual(["POST 0 client-gone"]);
});

it.each([
  0, 8,
])("a body that its client breaks off behind the whole response with %i does not become a whole one", async (code) => {
  let got = "";
  const origin = createServer((socket) => {
    socket
      .on("error", () => {})
      .on("data", (piece) => {
        const isFirst = got === "";
        got += piece.toString("latin1");
        if (isFirst) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
  });
  try {
    await stage.begin({ to: await listening(origin) });
    const { socket, frames } = await speaking();
    socket.write(Buffer.concat([post(1), data(1, "part")]));
    while (!heardOn(1, frames()).hasEnded) await once(socket, "data");
    socket.write(frame(types.reset, 0, 1, number(code)));
    expect(await stage.ended(1)).toEqual(["POST 200 client-gone"]);
    await stage.upstreamClosed(1);
    expect(got).toMatch(/\r\n\r\n4\r\npart\r\n$/);
  } finally {
    origin.close();
  }
});

it("a body in frames of one byte goes on in pieces that are larger, and is whole", async () => {
  let got = "";
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const origin = createServer((socket) => {
    socket
      .on("error", () => {})
      .on("data", (piece) => {
        got += piece.toString("latin1");
        if (got.includes("\r\n9\r\n")) begin();
        if (got.endsWith("\r\n0\r\n\r\n")) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
      });
  });
  try {
    await stage.begin({ to: await listening(origin) });
    const { socket } = await speaking();
    const text = "0123456789".repeat(100);
    socket.write(Buffer.concat([post(1), data(1, "9")]));
    // What comes before there is a connection is held, and goes on at once.
    await begun;
    socket.write(Buffer.concat([...Array.from(text, (byte) => data(1, byte)), frame(types.data, 1, 1)]));
    expect(await stage.ended(1)).toEqual(["POST 204 completed"]);
    const chunks = [...got.slice(got.indexOf("\r\n\r\n") + 4).matchAll(/([0-9a-f]+)\r\n(\d*)\r\n/g)];
    expect(chunks.map(([, , content]) => content).join("")).toBe(`9${text}`);
    expect(chunks.length).toBeLessThan(100);
  } finally {
    origin.close();
  }
});

const post = (stream: number, ...fields: string[]) =>
  frame(types.headers, flags.endHeaders, stream, head("POST", "/waits", ...fields));
const data = (stream: number, content: string, ends = false) =>
  frame(types.data, ends ? flags.endStream : 0, stream, Buffer.from(content));
const trailers = (stream: number, ...fields: string[]) => frame(types.headers, WHOLE, stream, fieldBlock(fields));

/** Small as it comes: one field of the static table, many times. */
const tooLarge = (stream: number) =>
  frame(types.headers, WHOLE, stream, Buffer.concat([head("GET", "/"), Buffer.alloc(4_000, 0x90)]));

/** Each is a request that is in order so far, and what makes it wrong. */
const resets: readonly [what: string, begins: (stream: number) => Buffer, spoils: (stream: number) => Buffer][] = [
  ["more content than was said", (id) => post(id, "content-length", "3"), (id) => data(id, "abcd")],
  ["less content than was said", (id) => post(id, "content-length", "3"), (id) => data(id, "a", true)],
  ["content where there is none", (id) => post(id, "content-length", "0"), (id) => data(id, "a", true)],
  ["trailers with a pseudo-header field", (id) => post(id), (id) => trailers(id, ":path", "/")],
  ["trailers in capital letters", (id) => post(id), (id) => trailers(id, "X", "y")],
  ["trailers that speak of HTTP/1", (id) => post(id), (id) => trailers(id, "te", "gzip")],
  ["a second head", (id) => post(id), (id) => frame(types.headers, flags.endHeaders, id, fieldBlock(["x", "y"]))],
  ["a head that is too large", () => Buffer.alloc(0), tooLarge],
  ["a head that is malformed", () => Buffer.alloc(0), (id) => get(id, "no-slash")],
];
const AT_ONCE = 50;
const STREAMS_MAX = 900;

describe("streams that have to be reset for", () => {
  it.each(resets)("%s are too many soon", async (_what, begins, spoils) => {
    // All of them wait for the one connection, which is taken: otherwise each would open another, and the budget fills again meanwhile.
    await stage.begin({ poolSize: 1, connectTimeout: "60s" });
    (await stage.client()).request({ ":path": "/waits?first" }).on("error", () => {});
    await stage.waiter("/waits?first");
    const { socket, frames } = await speaking();
    let isOver = false;
    socket.on("close", () => {
      isOver = true;
    });
    const hasCome = () => frames().filter(({ type }) => type === types.reset).length;
    let count = 0;
    const hasHeard = async () => {
      while (hasCome() < count && !isOver) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    while (count < STREAMS_MAX && !isOver) {
      const ids = Array.from({ length: AT_ONCE }, (_, at) => 2 * (count + at) + 1);
      count += AT_ONCE;
      socket.write(Buffer.concat(ids.map(begins)));
      socket.write(Buffer.concat(ids.map(spoils)));
      await hasHeard();
    }
    expect(await stage.closed(1)).toEqual([expect.stringMatching(/^http2-flood /)]);
    expect(stage.closes[0]?.exchanges).toBeLessThan(STREAMS_MAX);
    stage.waiting.get("/waits?first")?.end();
    expect(await stage.ask(await stage.client(), { ":path": "/x" })).toMatchObject({ status: 200 });
  });
});
