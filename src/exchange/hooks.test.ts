/** What hooks see and change, byte by byte; and that one which fails costs its own exchange only, with a reason. */
import { describe, expect, it } from "vitest";
import { type SmallClient, SmallWorld } from "../../test/kit/small-world.ts";
import type { Socket } from "../net/ports.ts";
import type { HookError, HookRequest, Hooks } from "./hooks.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET /a?b=%20 HTTP/1.1\r\nHost: a.test\r\nX-One: 1\r\n\r\n";
const DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

type Answer = string | ((socket: Socket, asked: string) => void);

function worldWith(hooks: Hooks, answer: Answer = OK): SmallWorld {
  return new SmallWorld({}, answer, { ...hooks, timeout_ms: 5_000 });
}

/** What comes back, of clients that ask one after the other on one connection. */
function ask(world: SmallWorld, ...requests: string[]): SmallClient {
  const client = world.connect();
  for (const request of requests) {
    client.socket.write(request);
    world.pass(1_000);
  }
  return client;
}

/** The request-line and the fields that arrived at the origin, but those that hopwise always adds. */
function asked({ asked: text }: SmallWorld): string[] {
  return text.split("\r\n").filter((line) => !/^(?:X-Forwarded-|Via:|$)/.test(line));
}

async function settle(world: SmallWorld): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
  world.pass(1_000);
}

describe("onRequest", () => {
  it("sees what was asked", () => {
    const seen: unknown[] = [];
    const onRequest = (request: HookRequest) => {
      const { method, path, authority, httpVersion, isUpgrade, client, fields } = request;
      seen.push({ method, path, authority, httpVersion, isUpgrade, address: client.address, fields: [...fields] });
      seen.push(fields.get("x-one"), fields.get("none"), fields.getAll("HOST"), fields.has("x-ONE"));
    };
    const world = worldWith({ onRequest });
    ask(world, GET);
    expect(seen).toStrictEqual([
      {
        ...{ method: "GET", path: "/a?b=%20", authority: "a.test", httpVersion: "1.1", isUpgrade: false },
        address: "127.0.0.1",
        fields: [
          ["Host", "a.test"],
          ["X-One", "1"],
        ],
      },
      ...["1", undefined, ["a.test"], true],
    ]);
    expect(asked(world)).toStrictEqual(["GET /a?b=%20 HTTP/1.1", "Host: a.test", "X-One: 1"]);
  });

  it.each<[string, (request: HookRequest) => void, string[]]>([
    [
      "the method",
      (request) => {
        request.method = "QUERY";
      },
      ["QUERY /a?b=%20 HTTP/1.1", "Host: a.test", "X-One: 1"],
    ],
    [
      "the path",
      (request) => {
        request.path = "/c";
      },
      ["GET /c HTTP/1.1", "Host: a.test", "X-One: 1"],
    ],
    ["a field", ({ fields }) => fields.set("x-one", "2"), ["GET /a?b=%20 HTTP/1.1", "Host: a.test", "x-one: 2"]],
    [
      "several lines of one",
      ({ fields }) => fields.set("X-One", ["2", "3"]),
      ["GET /a?b=%20 HTTP/1.1", "Host: a.test", "X-One: 2", "X-One: 3"],
    ],
    [
      "what there is of one",
      ({ fields }) => fields.append("X-One", 2),
      ["GET /a?b=%20 HTTP/1.1", "Host: a.test", "X-One: 1", "X-One: 2"],
    ],
    ["that there is one", ({ fields }) => fields.delete("X-One"), ["GET /a?b=%20 HTTP/1.1", "Host: a.test"]],
    ["nothing", () => undefined, ["GET /a?b=%20 HTTP/1.1", "Host: a.test", "X-One: 1"]],
  ])("changes %s", (_what, onRequest, expected) => {
    const world = worldWith({ onRequest });
    const { received } = ask(world, GET);
    expect(asked(world)).toStrictEqual(expected);
    expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it("says forwarding fields in the proxy's place, though a stranger may not", () => {
    const world = worldWith({
      onRequest: ({ fields }) => {
        fields.set("X-Forwarded-For", "192.0.2.9");
        fields.set("X-Forwarded-Proto", "https");
        fields.set("X-Real-IP", "192.0.2.9");
      },
    });
    ask(world, "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
    expect(world.asked.split("\r\n").filter((line) => line.startsWith("X-"))).toStrictEqual([
      "X-Forwarded-For: 192.0.2.9",
      "X-Forwarded-Proto: https",
      "X-Real-IP: 192.0.2.9",
      "X-Forwarded-Host: a",
    ]);
  });

  it("says a field alone: neither other spellings of it that CGI takes for the same go on, nor trailers", () => {
    const world = worldWith({
      onRequest: ({ fields }) => {
        fields.set("X-User", "alice");
        fields.delete("X-Internal");
      },
    });
    const fields = "X_User: eve\r\nX-USER: eve\r\nx.user: eve\r\nX_Internal: 1\r\nX-Other: 1\r\nXUser: 1\r\n";
    const trailers = "X-User: eve\r\nX_Internal: 1\r\nX-Sum: 1\r\n";
    ask(world, `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${fields}\r\n0\r\n${trailers}\r\n`);
    expect(asked(world)).toStrictEqual([
      ...["POST / HTTP/1.1", "Host: a", "X-Other: 1", "XUser: 1", "X-User: alice", "Transfer-Encoding: chunked"],
      ...["0", "X-Sum: 1"],
    ]);
  });

  it("is called once, however often the request is sent", () => {
    let calls = 0;
    let connections = 0;
    const world = worldWith({ onRequest: () => void calls++ }, (socket, text) => {
      if (text.startsWith("GET /two")) {
        if (connections++ === 0) socket.reset();
        else socket.write(OK);
      } else socket.write(OK);
    });
    const { received } = ask(world, "GET /one HTTP/1.1\r\nHost: a\r\n\r\n", "GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(received.split("200 OK")).toHaveLength(3);
    expect([calls, connections]).toStrictEqual([2, 2]);
  });

  it("is called for upgrades, and what it says goes on", () => {
    const answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    let isUpgrade: boolean | undefined;
    const world = worldWith(
      {
        onRequest: (request) => {
          ({ isUpgrade } = request);
          request.fields.set("X-User", "u1");
        },
      },
      (socket, text) => socket.write(text.includes("X-User: u1") ? answer : text),
    );
    const client = ask(world, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", "hello");
    expect(isUpgrade).toBe(true);
    expect(client.received).toMatch(/^HTTP\/1.1 101 [\s\S]*\r\n\r\nhello$/);
  });

  it("sends a request to another origin", () => {
    const world = worldWith({
      onRequest: (request) => {
        request.origin = "http://other.test:81";
      },
    });
    const { received } = ask(world, GET);
    expect(received).toMatch(/^HTTP\/1.1 502 /);
    expect(world.gateway.routing.endpoints.map(({ origin }) => origin.name).at(-1)).toBe("http://other.test:81");
    expect(world.asked).toBe("");
  });
});

describe("a reference in which the origin names itself", () => {
  /** Both names lead to the same listener; the gateway was told of the first. */
  const [CONFIGURED, CHOSEN] = ["127.0.0.1:8001", "other.test:8001"];
  const answer =
    `HTTP/1.1 302 Found\r\nLocation: http://${CHOSEN}/x?y#z\r\nContent-Location: http://${CONFIGURED}/x\r\n` +
    `Refresh: 5; url=http://${CHOSEN}/\r\nContent-Length: 0\r\n\r\n`;

  it.each([
    ["that onRequest chose", CHOSEN, ["http://a.test/x?y#z", `http://${CONFIGURED}/x`, "5; url=http://a.test/"]],
    ["that is configured", undefined, [`http://${CHOSEN}/x?y#z`, "http://a.test/x", `5; url=http://${CHOSEN}/`]],
  ])("is said as the client would say it, if it is the one %s", (_what, chosen, expected) => {
    const world = worldWith(
      {
        onRequest(request) {
          if (chosen !== undefined) request.origin = `http://${chosen}`;
        },
      },
      answer,
    );
    const { received } = ask(world, GET);
    expect(received.split("\r\n").filter((line) => /^(?:\w+-)?(?:Location|Refresh): /.test(line))).toStrictEqual([
      `Location: ${expected[0]}`,
      `Content-Location: ${expected[1]}`,
      `Refresh: ${expected[2]}`,
    ]);
  });
});

describe("an answer of its own", () => {
  const onRequest = () => ({ status: 404, fields: { "X-Two": ["a", "b"] }, body: "gone é" });
  const FOUND =
    "HTTP/1.1 404 Not Found\r\nX-Two: a\r\nX-Two: b\r\nContent-Type: text/plain; charset=utf-8\r\n" +
    `Content-Length: 7\r\n${DATE}\r\n`;

  it("is sent as it is, and no origin is asked", () => {
    const world = worldWith({ onRequest });
    const { received } = ask(world, GET);
    expect(received).toBe(FOUND + Buffer.from("gone é").toString("latin1"));
    expect(world.asked).toBe("");
    expect(world.observer.exchanges.map(({ outcome, reason, status }) => ({ outcome, reason, status }))).toStrictEqual([
      { outcome: "answered", reason: "hook-answered", status: 404 },
    ]);
  });

  it("has no body for HEAD", () => {
    const { received } = ask(worldWith({ onRequest }), GET.replace("GET", "HEAD"));
    expect(received).toMatch(/^HTTP\/1.1 404 [\s\S]*\r\n\r\n$/);
  });

  it("leaves the connection to the next request, also behind a body that nobody wanted", () => {
    const world = worldWith({
      onRequest: ({ path }) => (path === "/no" ? { status: 403 } : undefined),
    });
    const { received, ended } = ask(world, "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe", `llo${GET}`);
    expect(received).toMatch(/^HTTP\/1.1 403 Forbidden\r\nContent-Length: 0\r\n[\s\S]*HTTP\/1.1 200 OK\r\n/);
    expect(ended).toBeUndefined();
  });

  it("comes instead of 100 (Continue)", () => {
    const world = worldWith({ onRequest });
    const { received } = ask(world, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    expect(received).toMatch(/^HTTP\/1.1 404 Not Found\r\n[\s\S]*Connection: close\r\n/);
  });
});

describe("a promise of onRequest", () => {
  it("is waited for; what comes meanwhile waits, too", async () => {
    let goOn = () => {};
    const world = worldWith({
      onRequest: (request) =>
        new Promise<void>((resolve) => {
          goOn = () => {
            request.fields.set("X-Late", "1");
            resolve();
          };
        }),
    });
    const client = ask(world, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe", "llo");
    expect(world.asked).toBe("");
    goOn();
    await settle(world);
    expect(asked(world)).toStrictEqual(["POST / HTTP/1.1", "Host: a", "Content-Length: 5", "X-Late: 1", "hello"]);
    expect(client.received).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it("that is not settled in time is answered for, and what it says later is not heard", async () => {
    let settled = (_answer: { status: number }) => {};
    const world = worldWith({
      onRequest: () =>
        new Promise((resolve) => {
          settled = resolve;
        }),
    });
    const client = ask(world, GET);
    expect(client.received).toBe("");
    world.pass(5_000);
    expect(client.received).toMatch(/^HTTP\/1.1 504 Gateway Timeout\r\n[\s\S]*details="hook-timeout"\r\n/);
    const before = client.received;
    settled({ status: 200 });
    await settle(world);
    expect(client.received).toBe(before);
    expect(world.observer.hookFailures).toHaveLength(1);
  });

  it("whose client is gone begins nothing", async () => {
    let goOn = () => {};
    const world = worldWith({
      onRequest: () =>
        new Promise<void>((resolve) => {
          goOn = resolve;
        }),
    });
    const client = ask(world, GET);
    client.socket.reset();
    world.pass(1_000);
    goOn();
    await settle(world);
    expect(world.asked).toBe("");
    expect(world.gateway.context.deadlines.size).toBe(0);
  });
});

describe("a hook that fails costs its own exchange", () => {
  const rejects = () => Promise.reject(new Error("no"));
  it.each<[string, Hooks["onRequest"]]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", rejects],
    ["returns a number", (() => 7) as never],
    ["returns a promise of nonsense", (() => Promise.resolve("x")) as never],
    ["answers with no status", (() => ({})) as never],
    ["answers with a status that is none", () => ({ status: 99 })],
    ["answers with fields in a list", () => ({ status: 200, fields: [["a", "b"]] }) as never],
    ["answers with fields in a Map", () => ({ status: 200, fields: new Map([["a", "b"]]) }) as never],
    ["answers with Headers", () => ({ status: 200, fields: new Headers({ a: "b" }) }) as never],
    [
      "returns what cannot be looked at",
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error("no");
            },
          },
        ) as never,
    ],
    ["answers with something unknown", () => ({ status: 200, headers: {} }) as never],
    ["answers with a body where there is none", () => ({ status: 304, body: "x" })],
    ["frames its answer", () => ({ status: 200, fields: { "content-length": "7" }, body: "x" })],
    ["injects a field", () => ({ status: 200, fields: { a: "b\r\nSet-Cookie: x" } })],
    ["injects a field by its name", () => ({ status: 200, fields: { "a: b\r\nc": "d" } })],
    ["sets what is not a byte", ({ fields }) => fields.set("a", "ü€")],
    ["frames the request", ({ fields }) => fields.set("Transfer-Encoding", "chunked")],
    ["says Connection", ({ fields }) => fields.append("Connection", "x")],
    ["hides Via", ({ fields }) => fields.delete("Via")],
    ["says Host", ({ fields }) => fields.set("Host", "b")],
    ["says a name that a CGI would take for another", ({ fields }) => fields.set("Content_Length", "7")],
    ["makes a HEAD", (request) => void Object.assign(request, { method: "HEAD" })],
    ["writes a method that is none", (request) => void Object.assign(request, { method: "A B" })],
    ["writes a path that is none", (request) => void Object.assign(request, { path: "c" })],
    ["ends the line in a path", (request) => void Object.assign(request, { path: "/ HTTP/1.1\r\nX: y" })],
    ["names an origin that is none", (request) => void Object.assign(request, { origin: "nowhere" })],
    [
      "sets more than a message may have",
      ({ fields }) => {
        for (let i = 0; i < 200; i++) fields.append("a", i);
      },
    ],
  ])("onRequest %s", async (_what, onRequest) => {
    let isBad = true;
    const world = worldWith({ onRequest: (request) => (isBad ? onRequest?.(request) : undefined) });
    const other = world.connect();
    const client = ask(world, GET);
    await settle(world);
    expect(client.received).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n[\s\S]*details="hook-failed"\r\n/);
    expect(world.observer.hookFailures.map(({ hook }) => hook)).toStrictEqual(["onRequest"]);
    isBad = false;
    other.socket.write(GET);
    client.socket.write(GET);
    world.pass(1_000);
    expect([other, client].map(({ received }) => received.includes("200 OK"))).toStrictEqual([true, true]);
    expect(world.asked.split("GET ")).toHaveLength(3);
    expect(world.observer.internalErrors).toStrictEqual([]);
  });

  it.each<[string, Hooks["onResponse"]]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["returns a promise", (() => Promise.reject(new Error("late"))) as never],
    ["takes the body away", (response) => void Object.assign(response, { status: 204 })],
    ["frames the response", ({ fields }) => fields.delete("Content-Length")],
    ["injects a field", ({ fields }) => fields.set("a", "b\r\nc: d")],
    ["writes a status that is none", (response) => void Object.assign(response, { status: 1_000 })],
  ])("onResponse %s", (_what, onResponse) => {
    const world = worldWith({ onResponse });
    const { received } = ask(world, GET);
    expect(received).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n[\s\S]*details="hook-failed"\r\n/);
    expect(world.originCloses).toStrictEqual(["hook-failed"]);
    expect(world.observer.hookFailures.map(({ hook }) => hook)).toStrictEqual(["onResponse"]);
  });

  it("what comes too late is refused", () => {
    let late: HookRequest | undefined;
    const world = worldWith({
      onRequest: (request) => {
        late = request;
      },
    });
    ask(world, GET);
    expect(() => late?.fields.set("a", "b")).toThrow("the request has gone on");
  });
});

describe("onResponse", () => {
  it.each<[string, Hooks["onResponse"], string]>([
    [
      "the status",
      (response) => void Object.assign(response, { status: 418 }),
      `HTTP/1.1 418 \r\nContent-Length: 2\r\nSet-Cookie: a\r\n${DATE}\r\nok`,
    ],
    [
      "fields",
      ({ fields }) => {
        fields.append("Set-Cookie", "b");
        fields.set("Cache-Control", "no-store");
      },
      `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nCache-Control: no-store\r\n${DATE}\r\nok`,
    ],
    [
      "that there is one",
      ({ fields }) => fields.delete("set-cookie"),
      `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${DATE}\r\nok`,
    ],
    ["nothing", () => undefined, `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a\r\n${DATE}\r\nok`],
  ])("changes %s", (_what, onResponse, expected) => {
    const origin = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a\r\n\r\nok";
    expect(ask(worldWith({ onResponse }, origin), GET).received).toBe(expected);
  });

  it("takes a field away also where it comes as a trailer", () => {
    const hooks: Hooks = { onResponse: ({ fields }) => fields.delete("X-Debug") };
    const origin =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Debug: 1\r\n\r\n0\r\nX-Debug: 2\r\nX-Sum: 1\r\n\r\n";
    expect(ask(worldWith(hooks, origin), GET).received).toBe(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${DATE}\r\n0\r\nX-Sum: 1\r\n\r\n`,
    );
  });

  it("knows the request that it answers, as onRequest did", () => {
    const seen: HookRequest[] = [];
    const world = worldWith({
      onRequest: (request) => void seen.push(request),
      onResponse: (_response, request) => void seen.push(request),
    });
    ask(world, GET);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });
});

describe("onError", () => {
  const page = (error: HookError) => ({
    status: error.status,
    fields: { "Content-Type": "text/html" },
    body: `<p>${error.reason} ${error.method} ${error.target}</p>`,
  });

  it.each<[string, string, string, number]>([
    ["an origin that closes", GET, "<p>upstream-closed GET /a?b=%20</p>", 502],
    ["a request that is malformed", "GET / HTTP/1.1\r\n\r\n", "<p>host-missing GET /</p>", 400],
    ["a request that cannot be read", "\x16\x03\x01\r\n\r\n", "<p>tls-on-plain-port  </p>", 400],
  ])("gives the page for %s", (_what, request, body, status) => {
    const world = worldWith({ onError: page }, (socket) => socket.end());
    const { received } = ask(world, request);
    expect(received).toContain(`HTTP/1.1 ${status} `);
    expect(received).toContain(`\r\nContent-Length: ${body.length}\r\nContent-Type: text/html\r\nProxy-Status: `);
    expect(received.endsWith(`\r\n\r\n${body}`)).toBe(true);
  });

  it("gives none for a request that offered another protocol: that has its own", () => {
    const upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    const errors: unknown[] = [];
    const world = worldWith(
      { onError: () => void errors.push("wrong"), onUpgradeError: (error) => void errors.push(error.upgrade) },
      (socket) => socket.end(),
    );
    expect(ask(world, upgrade).received).toMatch(/^HTTP\/1.1 502 /);
    expect(errors).toStrictEqual(["echo"]);
  });

  it.each<[string, Hooks["onError"]]>([
    ["says nothing", () => undefined],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["answers as if nothing were wrong", () => ({ status: 200 })],
    ["returns a promise", (() => Promise.reject(new Error("late"))) as never],
  ])("that %s leaves the proxy's own page", (_what, onError) => {
    const world = worldWith({ onError }, (socket) => socket.end());
    expect(ask(world, GET).received).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n[\s\S]*502 Bad Gateway: upstream-closed\n/);
  });
});
