/**
 * What an exchange makes of an origin's behaviour, told to a client that is no connection: heads, body, end, an answer of its own, or
 * a response that is broken off. What HTTP/1 makes of that is tested byte by byte in test/conformance.
 */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { FakeClient } from "../../test/kit/fake-client.ts";
import { SmallWorld } from "../../test/kit/small-world.ts";
import type { Socket } from "../net/ports.ts";
import { RequestHead } from "../wire/request-head.ts";
import { type Admission, admit } from "./admission.ts";
import { Exchange } from "./exchange.ts";
import { beginRecord } from "./record-notes.ts";

type Origin = string | ((socket: Socket, asked: string) => void);

/** One exchange, from a whole head on, and how it went. */
class Play {
  readonly client = new FakeClient();
  readonly world: SmallWorld;
  readonly exchange: Exchange;

  constructor(request: string, origin: Origin | undefined) {
    this.world = new SmallWorld({}, origin);
    const { context } = this.world.gateway;
    const head = new RequestHead(context.settings.headLimits);
    const received = octets(request);
    const bodyStart = head.read(received, 0);
    expect(bodyStart).toBeGreaterThan(0);
    const admission = admit(head, "test", true, this.client.connection) as Admission;
    expect(admission).toBeTypeOf("object");
    this.client.noteRequest(admission.framing.length === 0);
    const record = beginRecord(context, this.client.connection.record, head, "a");
    this.exchange = new Exchange(context, this.client, head, admission, record);
    if (bodyStart < received.length) this.exchange.readRequest(received, bodyStart);
    this.exchange.seek();
    this.world.pass(100);
  }

  /** More of the request's body. */
  send(text: string): void {
    this.exchange.readRequest(octets(text), 0);
    this.world.pass(100);
  }

  get told() {
    return this.client.told;
  }

  get outcome() {
    const { outcome, reason, status, retries } = this.exchange.record;
    return { outcome, reason, status, retries };
  }
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
const CHUNKED_POST = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const closes = (text: string) => (socket: Socket) => {
  socket.write(text);
  socket.end();
};

describe("a response", () => {
  it.each<[string, Origin, string[]]>([
    ["with a length", OK, ["final 200, length", "body ok", "end of body", "end"]],
    [
      "in chunks, with trailers",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nay!\r\n0\r\nA: b\r\n\r\n",
      ["final 200, chunked", "body okay!", "end of body, trailers", "end"],
    ],
    ["that its close ends", closes("HTTP/1.1 200 OK\r\n\r\nok"), ["final 200, close", "body ok", "end of body", "end"]],
    ["without a body", "HTTP/1.1 204 No Content\r\n\r\n", ["final 204, none", "end of body", "end"]],
    [
      "behind interim ones",
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
      ["interim 103", "interim 102", "final 200, length", "body ok", "end of body", "end"],
    ],
  ])("%s", (_what, origin, told) => {
    const play = new Play(GET, origin);
    expect(play.told).toStrictEqual(told);
    expect(play.outcome).toMatchObject({ outcome: "completed", reason: undefined });
  });

  it("that ends before it is complete is broken off", () => {
    const play = new Play(GET, closes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"));
    expect(play.told).toStrictEqual(["final 200, length", "body ok", "broken off upstream-failed"]);
    expect(play.outcome).toMatchObject({ outcome: "truncated", reason: "response-incomplete", status: 200 });
  });

  it("of which nothing came, on a fresh connection, is answered for", () => {
    const play = new Play(GET, (socket) => socket.end());
    expect(play.told).toStrictEqual(["answer upstream-closed", "end"]);
    expect(play.outcome).toStrictEqual({ outcome: "answered", reason: "upstream-closed", status: 502, retries: 0 });
  });

  it("that is malformed is answered for, and its connection closes", () => {
    const play = new Play(GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!");
    expect(play.told).toStrictEqual(["answer response-malformed, content-length-repeated", "end"]);
    play.world.pass(100);
    expect(play.world.originCloses).toStrictEqual(["response-malformed"]);
  });

  it("is told to nobody who is gone", () => {
    const play = new Play(GET, undefined);
    play.exchange.onClientGone();
    play.world.pass(100);
    expect(play.told).toStrictEqual([]);
    expect(play.outcome).toMatchObject({ outcome: "client-gone", status: 0 });
    expect(play.world.originCloses).toStrictEqual(["client-gone"]);
  });
});

describe("a request's body", () => {
  it("goes on as it comes, framed anew", () => {
    const play = new Play(`${CHUNKED_POST}2;a=b\r\nok\r\n`, (socket, asked) => {
      if (asked.endsWith("0\r\n\r\n")) socket.write(OK);
    });
    expect(play.world.asked).toMatch(/\r\n\r\n2\r\nok\r\n$/);
    play.send("3\r\nay!\r\n0\r\n\r\n");
    expect(play.world.asked).toMatch(/\r\n\r\n2\r\nok\r\n3\r\nay!\r\n0\r\n\r\n$/);
    expect(play.told).toStrictEqual(["final 200, length", "body ok", "end of body", "end"]);
  });

  it("is still read when its response came early, and then the exchange ends", () => {
    const play = new Play(`${POST}he`, OK);
    expect(play.told).toStrictEqual(["final 200, length", "body ok", "end of body"]);
    play.send("llo");
    expect(play.told.at(-1)).toBe("end");
    play.world.pass(100);
    // What the origin had not read could stand before the next request.
    expect(play.world.originCloses).toStrictEqual(["request-unfinished"]);
  });

  it("is dropped when its origin closes behind an early response", () => {
    const play = new Play(`${POST}he`, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
    expect(play.told).toStrictEqual([
      "final 413, length, request-unfinished",
      "body no",
      "end of body",
      "end, request incomplete",
    ]);
  });

  it("that is malformed is answered for: nothing may follow", () => {
    const play = new Play(CHUNKED_POST, undefined);
    play.send("x\r\n");
    expect(play.told).toStrictEqual([
      "answer chunk-size-invalid, request incomplete, request-refused",
      "end, request incomplete",
    ]);
  });

  it("that its client breaks off is answered for", () => {
    const play = new Play(`${POST}he`, undefined);
    play.exchange.onClientEnd();
    expect(play.told).toStrictEqual([
      "answer request-incomplete, request incomplete, request-incomplete",
      "end, request incomplete",
    ]);
  });
});

describe("a client that takes nothing for now", () => {
  it("holds its origin back until it does", () => {
    const size = 200_000;
    const play = new Play(GET, (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`));
    play.client.isBlocked = true;
    const [origin] = play.world.origins;
    origin?.write("x".repeat(size));
    play.world.pass(1_000);
    expect(play.exchange.stage).toBe("forwarding");
    const taken = (play.told.at(-1) ?? "").length;
    expect(taken).toBeLessThan(size / 2);
    play.client.isBlocked = false;
    play.exchange.onClientDrain();
    play.world.pass(1_000);
    expect(play.told.at(-1)).toBe("end");
  });
});
