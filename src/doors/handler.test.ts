/** The handler inside a server of `node:http`, byte by byte: what of a request and of its response goes on, and how either ends. */
import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../test/interop/support/waiting.ts";
import { DoorStage, type OriginActs, says, withoutDate } from "../../test/kit/door-stage.ts";
import { type createHandler, HandlerError, type HandlerOptions, type HopwiseHandler } from "../index.ts";

const OK = "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKS = "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
const DROPS = "Via: 1.1 door\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n";

let stage: DoorStage;
afterEach(() => stage.close());

async function open(
  acts: OriginActs,
  options?: Omit<HandlerOptions, "to">,
  outside?: Parameters<typeof DoorStage.open>[2],
): Promise<DoorStage> {
  stage = await DoorStage.open(acts, options, outside);
  return stage;
}

describe("a request", () => {
  it("goes on as through hopwise's own listener: fields of this hop are cut, those of the next are added", async () => {
    await open(says(OK));
    const sent =
      "GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nConnection: keep-alive, x-two\r\nX-Two: 2\r\n" +
      "Upgrade: h2c\r\nTE: gzip\r\nX-Forwarded-For: 192.0.2.1\r\nKeep-Alive: timeout=5\r\n\r\n";
    await stage.ask(sent, "ok");
    expect(stage.asked).toBe(`GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n${DROPS}`);
  });

  it.each([
    ["with a length", "Content-Length: 5\r\n\r\nhello", /Content-Length: 5\r\n(.*\r\n)*\r\nhello$/],
    [
      "in chunks",
      "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      /Transfer-Encoding: chunked\r\n(.*\r\n)*\r\n(2\r\nhe\r\n3\r\nllo|5\r\nhello)\r\n0\r\n\r\n$/,
    ],
  ])("keeps the framing of its body: %s", async (_what, rest, expected) => {
    await open((socket, asked) => {
      if (/hello$|0\r\n\r\n$/.test(asked)) socket.write(OK);
    });
    for (const method of ["POST", "DELETE", "OPTIONS", "GET"]) {
      await stage.ask(`${method} / HTTP/1.1\r\nHost: a\r\n${rest}`, "ok");
      expect(stage.origins.at(-1)?.received).toMatch(expected);
    }
  });

  it("tells its trailers, but none that would decide anything", async () => {
    await open((socket, asked) => {
      if (asked.endsWith("\r\n\r\n") && asked.includes("\r\n0\r\n")) socket.write(OK);
    });
    const body = "2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Type: x\r\n\r\n";
    await stage.ask(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${body}`, "ok");
    expect(stage.asked).toMatch(/\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n$/);
  });

  it("is judged again, whatever the server outside lets through", async () => {
    await open(says(OK), {}, (handler) => createServer({ insecureHTTPParser: true }, handler));
    const answer = await stage.ask("GET / HTTP/1.1\r\nHost: a\r\nX-A: b\x01c\r\n\r\n", /\n$/);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('details="control-character"');
    expect(answer).toContain("Connection: close");
    expect(stage.origins).toHaveLength(0);
  });

  it("cannot smuggle a line through what a program has put into it", async () => {
    await open(says(OK), {}, (handler) =>
      createServer((request, response) => {
        request.url = "/ HTTP/1.1\r\nX-Admin: yes\r\nA: ";
        handler(request, response);
      }),
    );
    expect(await stage.ask(GET, /\n$/)).toContain('details="control-character"');
    expect(stage.origins).toHaveLength(0);
  });

  it("that asks for an upgrade where the server outside gives none away asks the origin for none", async () => {
    await open(says(OK));
    await stage.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "ok");
    expect(stage.asked).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${DROPS}`);
  });

  it("that was held back until the handler was called goes on then", async () => {
    await open(
      (socket, asked) => {
        if (asked.endsWith("hello")) socket.write(OK);
      },
      {},
      (handler) =>
        createServer((request, response) => {
          request.pause();
          setImmediate(() => handler(request, response));
        }),
    );
    await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "ok");
  });

  it("that was answered already is left alone", async () => {
    await open(says(OK), {}, (handler) =>
      createServer((request, response) => {
        response.end("answered");
        handler(request, response);
      }),
    );
    await stage.ask(GET, "answered");
    expect(stage.origins).toHaveLength(0);
  });

  it("is not begun for a body that never begins, at first", async () => {
    await open((socket, asked) => {
      if (asked.endsWith("hello")) socket.write(OK);
    });
    const client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    // 250 ms later the origin is asked all the same.
    await until("the origin is asked", () => stage.asked !== "");
    await client.send("hello").until("ok");
  });

  it.each([
    ["TRACE", /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*Content-Type: message\/http\r\n(.*\r\n)*\r\nTRACE \/ HTTP\/1\.1\r\n/],
    ["OPTIONS", /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*Content-Length: 0\r\n/],
  ])("with Max-Forwards: 0 ends here: %s", async (method, expected) => {
    await open(says(OK));
    expect(await stage.ask(`${method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n`, /\n$/)).toMatch(expected);
    expect(stage.origins).toHaveLength(0);
  });
});

describe("a response", () => {
  it("goes back with its status, phrase, and fields in their order and spelling", async () => {
    await open(
      says(
        "HTTP/1.1 203 Non-Authoritative\r\nx-LOWER: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: x-hop\r\n" +
          "X-Hop: 1\r\nKeep-Alive: timeout=9\r\nX-Latin: caf\xe9 \xc3\xa0\r\nContent-Length: 2\r\n\r\nok",
      ),
    );
    const answer = withoutDate(await stage.ask(GET, "ok"));
    expect(answer).toBe(
      "HTTP/1.1 203 Non-Authoritative\r\nx-LOWER: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n" +
        "X-Latin: caf\xe9 \xc3\xa0\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nok",
    );
  });

  it("adds to the cookies and to Vary of the application, and replaces what else it says", async () => {
    await open(
      says("HTTP/1.1 204 No Content\r\nSet-Cookie: b=2\r\nVary: Accept\r\nX-A: origin\r\n\r\n"),
      {},
      (handler) =>
        createServer((request, response) => {
          response.setHeader("Set-Cookie", "a=1").setHeader("Vary", "Origin").setHeader("X-A", "app");
          response.setHeader("X-B", "app");
          handler(request, response);
        }),
    );
    const answer = await stage.ask(GET, "\r\n\r\n");
    const lines = answer.split("\r\n").filter((line) => /^(?:set-cookie|vary|x-)/i.test(line));
    expect(lines.toSorted()).toStrictEqual([
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Vary: Accept",
      "Vary: Origin",
      "X-A: origin",
      "X-B: app",
    ]);
  });

  describe("is framed by what it is, whatever the application has said of a body", () => {
    const said = { "Content-Length": "7", "Transfer-Encoding": "gzip, chunked", Trailer: "X-Other" };
    const saying = (fields: Readonly<Record<string, string>>) => (handler: HopwiseHandler) =>
      createServer((request, response) => {
        for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
        handler(request, response);
      });
    const fieldsOf = (answer: string) =>
      answer.split("\r\n").filter((line) => /^(?:content-|transfer-|trailer)/i.test(line));

    it.each([
      ["a length", "Content-Length: 2\r\n\r\nok", GET, ["Content-Length: 2"], /\r\n\r\nok$/],
      ["chunks", CHUNKS, GET, ["Transfer-Encoding: chunked"], /\r\n\r\n2\r\nok\r\n0\r\n\r\n$/],
      ["chunks, to HTTP/1.0", CHUNKS, "GET / HTTP/1.0\r\nHost: a\r\n\r\n", [], /\r\n\r\nok$/],
      [
        "nothing, to HEAD",
        "Content-Length: 9\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        ["Content-Length: 9"],
        /\r\n\r\n$/,
      ],
    ])("%s", async (_what, rest, asked, fields, end) => {
      await open(says(`HTTP/1.1 200 OK\r\n${rest}`), {}, saying(said));
      expect(fieldsOf(await stage.ask(asked, end))).toStrictEqual(fields);
    });

    it("nor is a page of hopwise's own compressed, or a part", async () => {
      const coded = { ...said, "Content-Encoding": "gzip", "Content-Range": "bytes 0-1/2", "X-A": "app" };
      await open((socket) => socket.end(), {}, saying(coded));
      const answer = await stage.ask(GET, /hop|\.\n$/);
      expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      expect(answer).toContain("\r\nX-A: app\r\n");
      expect(fieldsOf(answer).map((line) => line.split(":")[0])).toStrictEqual(["Content-Type", "Content-Length"]);
    });
  });

  it("in chunks streams, and has its trailers", async () => {
    let origin: Parameters<OriginActs>[0] | undefined;
    await open((socket) => {
      origin = socket;
      socket.write("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n");
    });
    const client = stage.client(GET);
    // The head alone, before there is any body.
    await client.until("\r\n\r\n");
    expect(client.received).toContain("Trailer: X-Sum\r\n");
    origin?.write("2\r\nhe\r\n");
    await client.until("2\r\nhe\r\n");
    origin?.write("3\r\nllo\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\nContent-Type: x\r\n\r\n");
    expect(await client.until("0\r\n")).toMatch(/\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n$/);
    expect(client.received).not.toMatch(/Content-Type/);
  });

  it("that its close ends is in chunks, and to HTTP/1.0 ended by a close", async () => {
    await open((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello"));
    expect(await stage.ask(GET, "0\r\n\r\n")).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
    const old = stage.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    await until("it is over", () => old.ended !== undefined);
    expect(old).toMatchObject({ ended: "FIN", received: expect.stringMatching(/\r\n\r\nhello$/) });
  });

  it("to HEAD describes a length without a body", async () => {
    await open(says("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"));
    const answer = await stage.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n");
    expect(answer).toMatch(/Content-Length: 42\r\n(.*\r\n)*\r\n$/);
  });

  it("that is cut short is seen to be cut short", async () => {
    await open((socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"));
    const client = stage.client(GET);
    await until("it is over", () => client.isClosed || client.ended !== undefined);
    expect(client.received).toMatch(/2\r\nhe\r\n$/);
    expect(stage.exchanges).toStrictEqual([{ outcome: "truncated", reason: "response-incomplete", status: 200 }]);
  });

  it("that is cut short ends with RST where nothing else would show it: to HTTP/1.0, without a length", async () => {
    await open((socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"));
    const client = stage.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    await until("it is over", () => client.ended !== undefined);
    expect(client.ended).toBe("RST");
  });

  it("that names its origin names what the client asked for", async () => {
    await open((socket) => {
      const { port } = stage.origins[0]?.socket.address() as { port: number };
      socket.write(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${port}/x\r\nContent-Length: 0\r\n\r\n`);
    });
    expect(await stage.ask(GET, "\r\n\r\n")).toContain("Location: http://a/x\r\n");
  });

  it("knows that its client came over TLS, and so does the origin", async () => {
    await open(
      (socket) => {
        const { port } = stage.origins[0]?.socket.address() as { port: number };
        socket.write(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${port}/x\r\nContent-Length: 0\r\n\r\n`);
      },
      { forwarded: true },
      (handler) => createServer(handler).on("connection", (socket) => Object.assign(socket, { encrypted: true })),
    );
    expect(await stage.ask(GET, "\r\n\r\n")).toContain("Location: https://a/x\r\n");
    expect(stage.asked).toContain("X-Forwarded-Proto: https\r\n");
    expect(stage.asked).toContain('Forwarded: for=127.0.0.1;proto=https;host="a"\r\n');
  });

  it("comes behind interim ones, of which Node sends 103 alone", async () => {
    const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-B: 1\r\n\r\n";
    await open(says(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${hint}${OK}`));
    const answer = await stage.ask(GET, "\r\n\r\nok");
    expect(answer.split("\r\n\r\n")[0]).toBe("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nx-b: 1");
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toStrictEqual(["HTTP/1.1 103", "HTTP/1.1 200"]);
  });

  it("is not harmed by a 103 that Node would not write", async () => {
    await open(says(`HTTP/1.1 103 Early Hints\r\nLink: what is this\r\n\r\n${OK}`));
    expect(await stage.ask(GET, "ok")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("may have hints and trailers by names that objects have", async () => {
    const names = "constructor: 1\r\n__proto__: 2\r\n";
    const hint = `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n${names}\r\n`;
    await open(says(`${hint}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${names}\r\n`));
    const answer = await stage.ask(GET, `0\r\n${names}\r\n`);
    expect(answer.split("\r\n\r\n")[0]).toBe(
      `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n${names.trimEnd()}`,
    );
  });

  it("with 426 says what to upgrade to", async () => {
    await open(
      says("HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: x/2\r\nContent-Length: 0\r\n\r\n"),
    );
    const answer = await stage.ask(GET, "\r\n\r\n");
    expect(answer).toContain("Upgrade: x/2\r\n");
    expect(answer).toContain("Connection: Upgrade\r\n");
  });
});

describe("100 (Continue)", () => {
  const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  const continues: OriginActs = (socket, asked) => {
    if (asked.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (asked.endsWith("hello")) socket.write(OK);
  };

  it("is said by the server outside, and then the origin is not asked for it", async () => {
    await open(continues);
    const client = stage.client(POST);
    await client.until("HTTP/1.1 100 Continue\r\n\r\n");
    await client.send("hello").until("ok");
    expect(stage.asked).not.toContain("Expect");
    expect(client.received.match(/100 Continue/g)).toHaveLength(1);
  });

  it("is the origin's to say where the server outside leaves it to the handler (`checkContinue`)", async () => {
    await open(continues, {}, (handler) => createServer().on("checkContinue", handler));
    const client = stage.client(POST);
    await client.until("HTTP/1.1 100 Continue\r\n\r\n");
    expect(stage.asked).toContain("Expect: 100-continue\r\n");
    await client.send("hello").until("ok");
    expect(client.received.match(/100 Continue/g)).toHaveLength(1);
  });

  it("is not said to a client that has not asked for it, and another expectation is not met", async () => {
    await open(says(`HTTP/1.1 100 Continue\r\n\r\n${OK}`), {}, (handler) =>
      createServer(handler).on("checkContinue", handler).on("checkExpectation", handler),
    );
    expect(await stage.ask(GET, "ok")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const wrong = "GET / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\n\r\n";
    expect(await stage.ask(wrong, /\n$/)).toMatch(/^HTTP\/1\.1 417 /);
  });

  it("that the origin does not say leaves nothing for another request to follow", async () => {
    await open(says("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"), {}, (handler) =>
      createServer().on("checkContinue", handler),
    );
    const client = stage.client(POST);
    await client.until("no");
    await until("it is over", () => client.ended !== undefined);
    expect(client.received).toContain("Connection: close\r\n");
  });
});

describe("an origin that fails", () => {
  const fails: OriginActs = (socket) => socket.destroy();

  it("is answered for by hopwise, also where there is `next`", async () => {
    const given: unknown[] = [];
    await open(fails, {}, (handler) =>
      createServer((request, response) => handler(request, response, (error) => given.push(error))),
    );
    const answer = await stage.ask("GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n", /\n$/);
    expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n(.*\r\n)*Proxy-Status: door; error=connection_terminated/);
    expect(answer).toContain('"reason":"upstream-closed"');
    expect(given).toStrictEqual([]);
    expect(stage.exchanges).toStrictEqual([{ outcome: "answered", reason: "upstream-closed", status: 502 }]);
  });

  it("is an error for `next`, where that is wanted", async () => {
    const given: unknown[] = [];
    await open(fails, { errors: "next" }, (handler) =>
      createServer((request, response) =>
        handler(request, response, (error) => {
          given.push(error);
          response.end("page");
        }),
      ),
    );
    expect(await stage.ask(GET, "page")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(given).toHaveLength(1);
    expect(given[0]).toBeInstanceOf(HandlerError);
    // As servers of Nest and Koa know errors that have a status.
    expect(given[0]).toMatchObject({ code: "upstream-closed", status: 502, statusCode: 502, expose: false });
  });

  it("is never an error for `next` once the response has begun", async () => {
    const given: unknown[] = [];
    const cut: OriginActs = (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    await open(cut, { errors: "next" }, (handler) =>
      createServer((request, response) => handler(request, response, (error) => given.push(error))),
    );
    const client = stage.client(GET);
    await until("it is over", () => client.ended !== undefined);
    expect(client.received).toMatch(/\r\n\r\nhe$/);
    expect(given).toStrictEqual([]);
  });
});

describe("a client that goes away", () => {
  it("while it waits cancels the work, and is no error", async () => {
    await open(() => undefined);
    const client = stage.client(GET);
    await until("the origin is asked", () => stage.asked !== "");
    client.socket.destroy();
    await stage.ended();
    await until("the origin sees it", () => stage.origins[0]?.ended !== undefined);
    expect(stage.exchanges).toStrictEqual([{ outcome: "client-gone", status: 0 }]);
    expect(stage.handler.stats().connections.upstream.closed).toStrictEqual({ "client-gone": 1 });
  });

  it("in the middle of its upload does, too", async () => {
    await open(() => undefined);
    const client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello");
    await until("the origin has some of it", () => stage.asked.endsWith("hello"));
    client.socket.resetAndDestroy();
    await stage.ended();
    expect(stage.exchanges).toStrictEqual([{ outcome: "client-gone", status: 0 }]);
  });

  it("in the middle of its response does, too", async () => {
    await open((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"));
    const client = stage.client(GET);
    await client.until("hello");
    client.socket.destroy();
    await stage.ended();
    expect(stage.exchanges).toStrictEqual([{ outcome: "client-gone", status: 200 }]);
  });

  it("before the handler is called leaves nothing to do", async () => {
    let isAsked = false;
    let isCalled = false;
    await open(says(OK), {}, (handler) =>
      createServer((request, response) => {
        isAsked = true;
        response.on("close", () => {
          handler(request, response);
          isCalled = true;
        });
      }),
    );
    const client = stage.client(GET);
    await until("the server has it", () => isAsked);
    client.socket.destroy();
    await until("the handler is called", () => isCalled);
    expect(stage.origins).toHaveLength(0);
    expect(await stage.handler.close()).toStrictEqual({ cut: 0 });
  });
});

describe("what flows", () => {
  const MIB = 1_048_576;
  /** 64 MiB: no four bytes of it are like any others. */
  const all = Buffer.from(Uint32Array.from({ length: 16 * MIB }, (_, index) => index).buffer);

  /** Waits until nothing has moved for a moment. */
  async function stillness(moved: () => number): Promise<void> {
    let before = -1;
    await until("nothing moves any more", async () => {
      const isStill = moved() === before && before > 0;
      before = moved();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return isStill;
    });
  }

  it("is held back when the origin takes nothing of an upload, and none of it is lost or mixed up", async () => {
    let read = () => 0;
    await open(
      (socket) => socket.pause(),
      {},
      (handler) =>
        createServer((request, response) => {
          read = () => request.socket.bytesRead;
          handler(request, response);
        }),
    );
    const client = stage.client(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${64 * MIB}\r\n\r\n`);
    client.socket.write(all);
    await stillness(() => read());
    // What was read is held by the systems on the way to the origin.
    expect(read()).toBeLessThan(20 * MIB);
    const [origin] = stage.origins;
    stage.originActs = () => undefined;
    origin?.socket.resume();
    await until("all of it arrives", () => (origin?.received.length ?? 0) > 64 * MIB);
    expect(Buffer.from(origin?.received.slice(-64 * MIB) ?? "", "latin1").equals(all)).toBe(true);
  });

  it("is held back when the client takes nothing of a response, and none of it is lost or mixed up", async () => {
    let sent = 0;
    await open((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * MIB}\r\n\r\n`);
      const more = () => {
        let mayGoOn = true;
        while (sent < 64 && mayGoOn) mayGoOn = socket.write(all.subarray(sent * MIB, ++sent * MIB));
      };
      socket.on("drain", more);
      more();
    });
    const client = stage.client(GET);
    client.socket.pause();
    await stillness(() => sent);
    expect(sent).toBeLessThan(40);
    client.socket.resume();
    await until("all of it arrives", () => client.received.length > 64 * MIB);
    const body = Buffer.from(client.received.slice(-64 * MIB), "latin1");
    expect(body.equals(all)).toBe(true);
    await stage.ended();
    expect(stage.exchanges).toStrictEqual([{ outcome: "completed", status: 200 }]);
  });
});

describe("mount paths", () => {
  const mounted = (handler: ReturnType<typeof createHandler>) =>
    createServer((request, response) => {
      // As Express and Connect do for `app.use("/api", handler)`.
      Object.assign(request, { originalUrl: request.url, url: request.url?.replace(/^\/api\/?/, "/") });
      handler(request, response);
    });

  it.each([
    [{}, "/api/users?x=1", "/users?x=1"],
    [{ mountPath: "strip" }, "/api", "/"],
    [{ mountPath: "keep" }, "/api/users?x=1", "/api/users?x=1"],
  ] as const)("%j: %s is %s", async (options, sent, arrived) => {
    await open(says(OK), options, mounted);
    await stage.ask(`GET ${sent} HTTP/1.1\r\nHost: a\r\n\r\n`, "ok");
    expect(stage.asked.split(" ")[1]).toBe(arrived);
  });
});

/** Hand-written servers cut a path off, and leave nothing, or the query alone. */
it.each([
  ["/api", "/"],
  ["/api?x=1", "/?x=1"],
  ["/api/a", "/a"],
])("%s, of which a program cuts /api, asks for %s", async (sent, arrived) => {
  await open(says(OK), {}, (handler) =>
    createServer((request, response) => {
      request.url = request.url?.slice("/api".length);
      handler(request, response);
    }),
  );
  await stage.ask(`GET ${sent} HTTP/1.1\r\nHost: a\r\n\r\n`, "ok");
  expect(stage.asked.split(" ")[1]).toBe(arrived);
});

describe("close", () => {
  it("waits for what is in flight, answers what comes, and closes what idles", async () => {
    let origin: Parameters<OriginActs>[0] | undefined;
    await open((socket) => {
      origin = socket;
    });
    const client = stage.client(GET);
    await until("the origin is asked", () => origin !== undefined);
    const closing = stage.handler.close();
    expect(await stage.ask(GET, /\n$/)).toMatch(/^HTTP\/1\.1 503 .*\r\n(.*\r\n)*Proxy-Status: .*drain-deadline/);
    origin?.write(OK);
    await client.until("ok");
    expect(await closing).toStrictEqual({ cut: 0 });
    await until("the pool is closed", () => stage.origins[0]?.ended === "FIN");
  });

  it.each([[Number.NaN], [-1], ["5"], [null]])("refuses %s as a time, and nothing was closed", async (graceMs) => {
    await open(says(OK));
    await expect(stage.handler.close({ graceMs: graceMs as number })).rejects.toThrow(
      `graceMs: ${graceMs} is not a time to wait: write milliseconds, from 0 to Infinity`,
    );
    expect(await stage.ask(GET, "ok")).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("happens by itself at the end of a block", async () => {
    await open(says(OK));
    {
      await using _ = stage.handler;
      await stage.ask(GET, "ok");
    }
    expect(await stage.ask(GET, /\n$/)).toMatch(/^HTTP\/1\.1 503 /);
  });

  it("cuts what is in flight when the time is over: unanswered with 503, begun visibly", async () => {
    await open((socket, asked) => {
      if (asked.startsWith("GET /begun")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    });
    const begun = stage.client("GET /begun HTTP/1.1\r\nHost: a\r\n\r\n");
    await begun.until("he");
    const waiting = stage.client("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("both are in flight", () => stage.origins.length === 2 && stage.origins[1]?.received !== "");
    expect(await stage.handler.close({ graceMs: 1 })).toStrictEqual({ cut: 2 });
    expect(stage.handler.stats().cut).toBe(2);
    expect(await waiting.until(/\n$/)).toMatch(/^HTTP\/1\.1 503 /);
    await until("it is over", () => begun.ended !== undefined);
    expect(begun.received).toMatch(/\r\n\r\nhe$/);
  });
});
