/** Clients that speak HTTP/2, on real sockets: their requests are like any other, and their connections live by the same rules. */
import { once } from "node:events";
import { constants } from "node:http2";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame, GET, Http2Stage, PREFACE } from "../test/kit/http2-stage.ts";

let stage: Http2Stage;
beforeEach(() => {
  stage = new Http2Stage();
});
afterEach(() => stage.end());

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_HTTP_1_1_REQUIRED, NGHTTP2_NO_ERROR } = constants;
const [HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY] = [1, 3, 4, 6, 7];
const END_STREAM_AND_HEADERS = 5;

describe("a request", () => {
  it("reaches the origin as HTTP/1.1, and its response comes back as HTTP/2", async () => {
    await stage.begin({ via: "gate" });
    const client = await stage.client();
    const { status, fields, body, code } = await stage.ask(client, { ":path": "/a?b", "x-field": "y" });
    expect([status, body, code]).toEqual([200, "GET /a?b", NGHTTP2_NO_ERROR]);
    expect(fields).toMatchObject({ "set-cookie": ["a=1", "b=2"], "content-length": "8" });
    expect(Object.keys(fields)).not.toContain("keep-alive");
    const host = `127.0.0.1:${stage.port}`;
    expect(stage.asked[0]?.fields).toEqual([
      ...["host", host, "x-field", "y", "Via", "2.0 gate"],
      ...["X-Forwarded-For", "127.0.0.1", "X-Forwarded-Proto", "http", "X-Forwarded-Host", host],
    ]);
    expect(await stage.ended(1)).toEqual(["GET 200 completed"]);
    expect(stage.exchanges[0]).toMatchObject({ version: "2.0", target: "/a?b" });
  });

  it("has its cookies in one field, its body in chunks or by its length, and its trailers", async () => {
    await stage.begin();
    const client = await stage.client();
    await stage.ask(client, { ":method": "POST", "content-length": 3, cookie: ["a=1", "b=2"] }, "abc");
    const stream = client.request({ ":method": "POST" }, { waitForTrailers: true } as never);
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
    stream.end("defg");
    await stage.answered(stream);
    const [first, second] = stage.asked;
    expect([first?.body, second?.body, second?.trailers]).toEqual(["abc", "defg", { "x-sum": "1" }]);
    expect(first?.fields.join(" ")).toContain("cookie a=1; b=2");
    expect(first?.fields.join(" ").toLowerCase()).toContain("content-length 3");
    expect(second?.fields.join(" ").toLowerCase()).toContain("transfer-encoding chunked");
  });

  it.each([
    ["HEAD", "/head", 200],
    ["HEAD", "/large?bytes=100000", 200],
    ["HEAD", "/hints", 200],
    ["GET", "/status?is=204", 204],
    ["GET", "/status?is=304", 304],
    ["HEAD", "/status?is=304", 304],
  ])("%s %s, whose response has no body, is answered, and the next one, too", async (method, path, status) => {
    await stage.begin();
    const client = await stage.client();
    for (let i = 0; i < 2; i++) {
      const answered = await stage.ask(client, { ":method": method, ":path": path });
      expect(answered).toMatchObject({ status, body: "", trailers: {}, code: NGHTTP2_NO_ERROR });
    }
    const done = `${method} ${status} completed`;
    expect(await stage.ended(2)).toEqual([done, done]);
    expect(stage.asked.map((asked) => asked.method)).toEqual([method, method]);
  });

  it("of a large body, and with a large response, is paced by who takes it", async () => {
    await stage.begin();
    const client = await stage.client();
    const bytes = 3_000_000;
    const [up, down] = await Promise.all([
      stage.ask(client, { ":method": "POST" }, Buffer.alloc(bytes)),
      stage.ask(client, { ":path": `/large?bytes=${bytes}` }),
    ]);
    expect([up.status, down.status, down.bytes, down.code]).toEqual([200, 200, bytes, NGHTTP2_NO_ERROR]);
    expect(stage.asked.some(({ body }) => body.length === bytes)).toBe(true);
  });

  it("many at once go their own ways, and share connections to the origin afterwards", async () => {
    await stage.begin();
    const client = await stage.client();
    for (let round = 0; round < 2; round++) {
      const all = await Promise.all(Array.from({ length: 40 }, (_, i) => stage.ask(client, { ":path": `/${i}` })));
      expect(all.map(({ body }) => body)).toEqual(all.map((_, i) => `GET /${i}`));
    }
    expect(stage.proxy?.stats().connections.downstream.opened).toEqual({ accepted: 1 });
    expect(stage.exchanges.some(({ upstream }) => (upstream?.exchange ?? 0) > 1)).toBe(true);
  });

  it.each<[what: string, path: string, expected: object]>([
    ["hints before it", "/hints", { interim: [103], status: 200, body: "x", code: 0 }],
    ["trailers behind it", "/trailers", { body: "a", trailers: expect.objectContaining({ "x-sum": "1" }), code: 0 }],
    ["an end that is too early", "/short", { status: 200, body: "part", code: NGHTTP2_INTERNAL_ERROR }],
    ["a challenge for the connection", "/login", { status: undefined, code: NGHTTP2_HTTP_1_1_REQUIRED }],
  ])("its response with %s", async (_what, path, expected) => {
    await stage.begin();
    expect(await stage.ask(await stage.client(), { ":path": path })).toMatchObject(expected);
  });

  it("an early answer arrives, and the rest of the body is not wanted", async () => {
    await stage.begin();
    const stream = (await stage.client()).request({ ":method": "POST", ":path": "/early" });
    const answered = stage.answered(stream);
    stream.write(Buffer.alloc(1_000_000));
    expect(await answered).toMatchObject({ status: 413, body: "too much" });
  });

  it("that its client resets is cancelled at the origin", async () => {
    await stage.begin();
    const stream = (await stage.client()).request({ ":path": "/waits" });
    stream.on("error", () => {});
    const response = await stage.waiter("/waits");
    stream.close(NGHTTP2_CANCEL);
    await once(response, "close");
    expect([await stage.ended(1), stage.cutOff]).toEqual([["GET 0 client-gone"], ["/waits"]]);
  });

  it.each<[what: string, fields: Record<string, string>, status: number, reason: string]>([
    ["Host and :authority differ", { ":authority": "a.test", host: "b.test" }, 400, "host-repeated"],
    ["a name has a user", { ":authority": "me@a.test" }, 400, "field-list-malformed"],
    ["it names a scheme that is not the connection's", { ":scheme": "https" }, 421, "https-misdirected"],
  ])("is refused where %s", async (_what, fields, status, reason) => {
    await stage.begin();
    const answered = await stage.ask(await stage.client(), fields);
    expect(answered.status).toBe(status);
    expect(answered.body).toContain(reason);
    expect(stage.asked).toEqual([]);
  });

  it("becomes a WebSocket: bytes both ways, and each end by itself", async () => {
    await stage.begin();
    const stream = (await stage.client()).request({
      ...{ ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":path": "/ws", ":authority": "a.test" },
      "sec-websocket-version": "13",
    });
    const [fields] = (await once(stream, "response")) as [Record<string, unknown>];
    expect(fields).toEqual(expect.objectContaining({ ":status": 200 }));
    expect(Object.keys(fields)).not.toContain("sec-websocket-accept");
    stream.write("hello");
    expect(String(await once(stream, "data"))).toBe("hello");
    stream.end();
    await once(stream, "close");
    const [asked] = stage.asked;
    expect([asked?.method, asked?.url, stream.rstCode]).toEqual(["GET", "/ws", NGHTTP2_NO_ERROR]);
    expect(asked?.fields.join(" ")).toMatch(/sec-websocket-key [A-Za-z0-9+/]{22}==/i);
    expect(await stage.ended(1)).toEqual(["GET 101 tunnel"]);
  });
});

describe("a connection", () => {
  it("is told that it idles for too long, and closes", async () => {
    await stage.begin({ keepAliveTimeout: "100ms" });
    const client = await stage.client();
    await stage.ask(client, {});
    expect(await stage.closed(1)).toEqual(["idle-timeout own-fin"]);
    expect(stage.closes[0]).toMatchObject({ exchanges: 1 });
  });

  it("that asks for nothing has the time of a head", async () => {
    await stage.begin({ headTimeout: "100ms" });
    (await stage.raw()).write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]));
    expect(await stage.closed(1)).toEqual(["head-timeout own-fin"]);
  });

  it("does not live longer for pings", async () => {
    await stage.begin({ keepAliveTimeout: "200ms" });
    const client = await stage.client();
    await stage.ask(client, {});
    const timer = setInterval(() => client.destroyed || client.ping(() => {}), 20);
    expect(await stage.closed(1)).toEqual(["idle-timeout own-fin"]);
    clearInterval(timer);
  });

  it("gives way to a newcomer when it is idle", async () => {
    await stage.begin({ maxConnections: 8 });
    const first = await stage.client();
    await stage.ask(first, {});
    const others = await Promise.all(Array.from({ length: 8 }, () => stage.client()));
    for (const other of others) expect(await stage.ask(other, {})).toMatchObject({ status: 200 });
    expect(await stage.closed(1)).toEqual(["evicted own-fin"]);
  });

  it("goes when its client is gone, with what was asked for", async () => {
    await stage.begin();
    const client = await stage.client();
    client.request({ ":path": "/waits" }).on("error", () => {});
    const response = await stage.waiter("/waits");
    client.destroy();
    await once(response, "close");
    await stage.closed(1);
    expect(await stage.ended(1)).toEqual(["GET 0 client-gone"]);
  });

  it("begins also in pieces", async () => {
    await stage.begin();
    const socket = await stage.raw();
    socket.setNoDelay(true);
    const bytes = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), frame(HEADERS, END_STREAM_AND_HEADERS, 1, GET)]);
    for (const byte of bytes) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await stage.ended(1)).toEqual(["GET 200 completed"]);
    socket.end();
    expect(await stage.closed(1)).toEqual(["peer-closed-idle peer-fin"]);
  });

  it("does not begin what is taken back in the same breath", async () => {
    await stage.begin();
    const socket = await stage.raw();
    const asked = (id: number) => frame(HEADERS, END_STREAM_AND_HEADERS, id, GET);
    const reset = frame(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, NGHTTP2_CANCEL]));
    socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), asked(1), reset, asked(3)]));
    expect(await stage.ended(1)).toEqual(["GET 200 completed"]);
    socket.end();
    expect(await stage.closed(1)).toEqual(["peer-closed-idle peer-fin"]);
    expect([stage.asked.length, stage.exchanges.length]).toEqual([1, 1]);
  });

  it("is none where HTTP/2 is off", async () => {
    await stage.begin({ http2: false });
    const socket = await stage.raw();
    socket.write(PREFACE);
    expect(String(await buffer(socket))).toMatch(/^HTTP\/1\.1 505 .*http2-on-http1-port/s);
  });

  it("has a number of requests, and is told before that", async () => {
    await stage.begin({ maxRequests: 3 });
    const client = await stage.client();
    const told = once(client, "goaway");
    for (let i = 0; i < 3; i++) expect(await stage.ask(client, {})).toMatchObject({ status: 200 });
    await told;
    expect(await stage.closed(1)).toEqual(["max-requests own-fin"]);
  });
});

describe("a client that takes nothing", () => {
  it("of a response is not waited for, and the origin is let go", async () => {
    await stage.begin({ bodyTimeout: "200ms" });
    const client = await stage.client();
    const stream = client.request({ ":path": "/large?bytes=5000000" });
    stream.on("error", () => {});
    await once(stream, "response");
    expect(await stage.ended(1)).toEqual(["GET 200 client-gone"]);
    stream.resume();
    await once(stream, "close");
    expect([stream.rstCode, await stage.ask(client, {})]).toMatchObject([NGHTTP2_CANCEL, { status: 200 }]);
  });

  it("of all that it is sent is cut off", async () => {
    await stage.begin({ bodyTimeout: "200ms", keepAliveTimeout: "100ms" });
    const socket = await stage.raw();
    socket.pause();
    const window = Buffer.from([0x7f, 0xff, 0, 0]);
    const settings = frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]));
    const path = Buffer.from("/large?bytes=20000000");
    const get = Buffer.concat([Buffer.from([0x82, 0x86, 0x04, path.length]), path, Buffer.from([0x41, 0x01, 0x61])]);
    socket.write(
      Buffer.concat([PREFACE, settings, frame(8, 0, 0, window), frame(HEADERS, END_STREAM_AND_HEADERS, 1, get)]),
    );
    expect(await stage.ended(1)).toEqual(["GET 200 client-gone"]);
    // What decided it comes first; that nothing was taken ends it.
    expect(await stage.closed(1)).toEqual(["idle-timeout own-fin"]);
  });
});

describe("a drain", () => {
  it("lets go on what is under way, and what was asked before the client heard of it", async () => {
    await stage.begin();
    const client = await stage.client();
    const first = stage.ask(client, { ":path": "/waits" });
    const response = await stage.waiter("/waits");
    const told: number[] = [];
    client.on("goaway", (_code, last) => told.push(last));
    const drained = stage.proxy?.close({ graceMs: 10_000 });
    const socket = await once(client, "goaway");
    expect(socket[1]).toBe(2 ** 31 - 1);
    response.end("done");
    expect(await first).toMatchObject({ status: 200, body: "done", code: NGHTTP2_NO_ERROR });
    expect([await drained, await stage.closed(1)]).toEqual([{ cut: 0 }, ["drained own-fin"]]);
    expect(told).toEqual([2 ** 31 - 1, 1]);
  });

  it("cuts what is under way when its time is over, and says so", async () => {
    await stage.begin();
    const client = await stage.client();
    const waits = stage.ask(client, { ":path": "/waits" });
    await stage.waiter("/waits");
    expect(await stage.proxy?.close({ graceMs: 50 })).toEqual({ cut: 1 });
    expect(await waits).toMatchObject({ status: 503, body: expect.stringContaining("drain-deadline") });
  });

  it("says so, too, where a request that waits for an application has not sent any of its body", async () => {
    let isAsked: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const onRequest = (): Promise<void> => {
      isAsked();
      return new Promise(() => {});
    };
    await stage.begin({ onRequest });
    const client = await stage.client();
    const stream = client.request({ ":method": "POST", ":path": "/", "content-length": "5" }, { endStream: false });
    const answered = once(stream, "response");
    await asked;
    await stage.proxy?.close({ graceMs: 50 });
    const [headers] = await answered;
    expect(headers[":status"]).toBe(503);
    expect(await stage.ended(1)).toEqual(["POST 503 answered drain-deadline"]);
    stream.close();
  });
});

describe("a client that floods", () => {
  const ping = frame(PING, 0, 0, Buffer.alloc(8));
  const reset = (id: number) => [
    frame(HEADERS, END_STREAM_AND_HEADERS, id, GET),
    frame(RST_STREAM, 0, id, Buffer.from([0, 0, 0, 8])),
  ];

  it.each<[what: string, frames: () => readonly Buffer[]]>([
    ["with pings", () => Array.from({ length: 500 }, () => ping)],
    ["with settings", () => Array.from({ length: 100 }, () => frame(SETTINGS, 0, 0))],
    ["with streams that it resets", () => Array.from({ length: 500 }, (_, i) => reset(2 * i + 1)).flat()],
    [
      "with empty pieces of a body",
      () => [frame(HEADERS, 4, 1, GET), ...Array.from({ length: 200 }, () => frame(0, 0, 1))],
    ],
  ])("%s is told to calm down, and its connection closes", async (_what, frames) => {
    await stage.begin();
    const socket = await stage.raw();
    const said = buffer(socket);
    socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), ...frames()]));
    expect(await stage.closed(1)).toEqual([expect.stringMatching(/^http2-flood /)]);
    socket.end();
    const calmDown = Buffer.from([0, 0, 0, constants.NGHTTP2_ENHANCE_YOUR_CALM]);
    const bytes = await said;
    expect(goawaysIn(bytes)).toContainEqual(calmDown);
  });

  it("with what is no HTTP/2 ends its connection", async () => {
    await stage.begin();
    const socket = await stage.raw();
    socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), frame(HEADERS, END_STREAM_AND_HEADERS, 2, GET)]));
    expect(await stage.closed(1)).toEqual([expect.stringMatching(/^http2-error /)]);
  });
});

/** The codes of GOAWAY frames. */
function goawaysIn(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === GOAWAY) found.push(bytes.subarray(at + 13, at + 17));
  }
  return found;
}
