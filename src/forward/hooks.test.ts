/**
 * Hooks of a forward proxy, byte by byte: what they see and change of requests and of CONNECT, that a chosen origin is judged like one
 * that a client names, and that a hook which fails costs its own exchange only.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { USER } from "../../test/conformance/case.ts";
import { asking } from "../../test/conformance/forward-settings.ts";
import { type SmallClient, SmallWorld } from "../../test/kit/small-world.ts";
import { readForwardOptions } from "../config/forward-options.ts";
import type { ForwardOptions } from "../config/public-options.ts";
import { readPorts } from "../config/values.ts";
import type { HookError, HookRequest, Hooks, Perhaps } from "../exchange/hooks.ts";
import type { ForwardSettings } from "../exchange/settings.ts";
import { createForwardProxy, type HopwiseProxy } from "../index.ts";
import type { Socket } from "../net/ports.ts";

/** Where the origin listens: in the simulated network a port is all that matters. */
const PORT = 8001;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = `GET http://a.test:${PORT}/a?b HTTP/1.1\r\nHost: a.test:${PORT}\r\nX-One: 1\r\n\r\n`;
const CONNECT = `CONNECT a.test:${PORT} HTTP/1.1\r\nHost: a.test:${PORT}\r\nX-One: 1\r\n\r\n`;
const DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
const VIA = "Via: 1.1 hopwise-test\r\n";
const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";
/** Of USER, whom `asking` lets in. */
const CREDENTIALS = `Proxy-Authorization: Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString("base64")}\r\n`;

const ports: ForwardSettings = {
  mayConnectTo: readPorts(`443,${PORT}`),
  mayRequestFrom: readPorts(`80,${PORT}`),
  authentication: undefined,
  originsMax: 100,
  idleMax: 100,
};

type Answer = string | ((socket: Socket, asked: string) => void);

function worldWith(hooks: Hooks, answer: Answer = OK, forward = ports): SmallWorld {
  return new SmallWorld({ forward }, answer, { ...hooks, timeout_ms: 5_000 });
}

/** A world with what the options say of messages. */
function worldOf(options: ForwardOptions, answer: Answer = OK): SmallWorld {
  return new SmallWorld({ forward: ports }, answer, readForwardOptions(options).hooks);
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

async function settle(world: SmallWorld): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
  world.pass(1_000);
}

const namesOf = (world: SmallWorld) => world.gateway.routing.endpoints.map(({ origin }) => origin.name);
const echo = (socket: Socket, asked: string) => void socket.write(asked);
const throws = () => {
  throw new Error("no");
};

describe("a request", () => {
  it("is seen and changed as a gateway's is", () => {
    const seen: unknown[] = [];
    const world = worldWith({
      onRequest(request) {
        const { method, path, authority, isUpgrade, user, fields } = request;
        seen.push({ method, path, authority, isUpgrade, user, fields: [...fields] });
        request.method = "QUERY";
        request.path = "/c";
        request.fields.set("X-Two", "2");
        request.fields.delete("X-One");
      },
    });
    const { received } = ask(world, GET);
    expect(seen).toStrictEqual([
      {
        ...{ method: "GET", path: "/a?b", authority: `a.test:${PORT}`, isUpgrade: false, user: undefined },
        fields: [
          ["Host", `a.test:${PORT}`],
          ["X-One", "1"],
        ],
      },
    ]);
    expect(world.asked).toBe(`QUERY /c HTTP/1.1\r\nHost: a.test:${PORT}\r\nX-Two: 2\r\n${VIA}\r\n`);
    expect(received).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${VIA}${DATE}\r\nok`);
  });

  it("gets the answer of an origin with what onResponse says", () => {
    const world = worldWith({
      onResponse(response, { authority }) {
        response.status = 403;
        response.fields.set("X-From", authority);
      },
    });
    expect(ask(world, GET).received).toBe(
      `HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-From: a.test:${PORT}\r\n${VIA}${DATE}\r\nok`,
    );
  });

  it("goes to another origin, and still names the host that its client asked for", () => {
    const world = worldWith({
      onRequest(request) {
        request.origin = `http://b.test:${PORT}`;
      },
    });
    ask(world, GET);
    expect(world.asked).toBe(`GET /a?b HTTP/1.1\r\nHost: a.test:${PORT}\r\nX-One: 1\r\n${VIA}\r\n`);
    expect(namesOf(world)).toStrictEqual([`http://b.test:${PORT}`]);
  });

  it("goes to another origin, which names itself as its client would", () => {
    const world = worldWith(
      {
        onRequest(request) {
          request.origin = `http://b.test:${PORT}`;
        },
      },
      `HTTP/1.1 302 Found\r\nLocation: http://b.test:${PORT}/x\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(ask(world, GET).received).toContain(`\r\nLocation: http://a.test:${PORT}/x\r\n`);
  });

  it("shares the pool of the origin that it goes to, however that was chosen", () => {
    const world = worldWith({
      onRequest(request) {
        if (request.path === "/a?b") request.origin = `http://b.test:${PORT}`;
      },
    });
    ask(world, GET, `GET http://b.test:${PORT}/ HTTP/1.1\r\nHost: b.test:${PORT}\r\n\r\n`);
    expect(world.origins).toHaveLength(1);
  });

  it("is answered by the application, also with a 407 of its own", () => {
    const world = worldWith({
      onRequest: () => ({ status: 407, fields: { "Proxy-Authenticate": "Bearer" }, body: "who?" }),
    });
    expect(ask(world, GET).received).toBe(
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Bearer\r\n" +
        `Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n${VIA}${DATE}\r\nwho?`,
    );
    expect(world.asked).toBe("");
  });

  it("has the fields that the options set", () => {
    const world = worldOf({ setRequestFields: { "X-One": null, "X-Two": 2 }, setResponseFields: "X-Three: 3" });
    expect(ask(world, GET).received).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Three: 3\r\n${VIA}${DATE}\r\nok`);
    expect(world.asked).toBe(`GET /a?b HTTP/1.1\r\nHost: a.test:${PORT}\r\nX-Two: 2\r\n${VIA}\r\n`);
  });
});

describe("CONNECT", () => {
  it("is seen, and becomes a tunnel of which nothing more is seen", () => {
    const seen: unknown[] = [];
    const world = worldWith(
      {
        onRequest: ({ method, path, authority, fields }) =>
          void seen.push(method, path, authority, fields.get("x-one")),
        onResponse: () => void seen.push("a response"),
      },
      echo,
    );
    expect(ask(world, CONNECT, "hello").received).toBe(`${ESTABLISHED}hello`);
    expect(seen).toStrictEqual(["CONNECT", `a.test:${PORT}`, `a.test:${PORT}`, "1"]);
  });

  it("leads to another origin", () => {
    const world = worldWith(
      {
        onRequest(request) {
          request.origin = `http://b.test:${PORT}`;
        },
      },
      echo,
    );
    expect(ask(world, CONNECT, "hello").received).toBe(`${ESTABLISHED}hello`);
    expect(namesOf(world)).toStrictEqual([`b.test:${PORT}`]);
  });

  it("is answered by the application, and then its connection closes", () => {
    const world = worldWith({ onRequest: () => ({ status: 403, body: "no" }) }, echo);
    const client = ask(world, `${CONNECT}what might be meant for a tunnel`);
    expect(client.received).toBe(
      "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n" +
        `${VIA}${DATE}Connection: close\r\n\r\nno`,
    );
    expect(client.ended).toBe("FIN");
    expect(world.asked).toBe("");
    client.socket.end();
    world.pass(1_000);
    expect(world.clientCloses).toStrictEqual(["no-tunnel"]);
    expect(world.observer.exchanges.map(({ outcome, reason, status }) => ({ outcome, reason, status }))).toStrictEqual([
      { outcome: "answered", reason: "hook-answered", status: 403 },
    ]);
  });

  it("waits for a promise, and what comes meanwhile goes into the tunnel", async () => {
    let goOn = () => {};
    const world = worldWith(
      {
        onRequest: () =>
          new Promise<void>((resolve) => {
            goOn = resolve;
          }),
      },
      echo,
    );
    const client = ask(world, `${CONNECT}hel`, "lo");
    expect(world.origins).toHaveLength(0);
    goOn();
    await settle(world);
    expect(client.received).toBe(`${ESTABLISHED}hello`);
  });

  it("is not touched by what the options set: its fields go nowhere", () => {
    const world = worldOf({ setRequestFields: "X-Two: 2", setResponseFields: "X-Three: 3" }, echo);
    expect(ask(world, CONNECT, "hello").received).toBe(`${ESTABLISHED}hello`);
  });

  it("that fails has the page of onError", () => {
    const page = ({ reason, method, target }: HookError) => ({ status: 502, body: `${reason} ${method} ${target}` });
    const { received } = ask(worldWith({ onError: page }), CONNECT.replaceAll(`:${PORT}`, ":443"));
    expect(received).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n[\s\S]*\r\n\r\nconnect-failed CONNECT a.test:443$/);
  });

  it.each<[string, (request: HookRequest) => unknown, RegExp]>([
    ["throws", throws, /^no$/],
    ["rejects", () => Promise.reject(new Error("no")), /^no$/],
    [
      "answers as if there were a tunnel",
      () => ({ status: 200 }),
      /^200 is not a status here: write one from 300 to 599$/,
    ],
    ["sets a field", ({ fields }) => fields.set("X-Two", "2"), /^of CONNECT only the origin can be changed/],
    ["writes a path", (request) => void Object.assign(request, { path: "/" }), /^of CONNECT only the origin/],
    ["writes a method", (request) => void Object.assign(request, { method: "GET" }), /^CONNECT cannot become GET/],
    [
      "chooses TLS of the proxy's own",
      (request) => void Object.assign(request, { origin: "https://b.test:443" }),
      /^a tunnel carries its client's own TLS: write http:\/\/b.test, not/,
    ],
  ])("whose hook %s gets 500, and no tunnel", async (_what, onRequest, text) => {
    const world = worldWith({ onRequest: onRequest as (request: HookRequest) => Perhaps<never> }, echo);
    const client = ask(world, CONNECT);
    await settle(world);
    expect(client.received).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n[\s\S]*details="hook-failed"\r\n/);
    expect(client.ended).toBe("FIN");
    expect(world.observer.hookFailures.map(({ fault }) => (fault as Error).message)).toStrictEqual([
      expect.stringMatching(text),
    ]);
    expect(world.origins).toHaveLength(0);
    expect(world.observer.internalErrors).toStrictEqual([]);
  });

  it("whose hook never settles gets 504", () => {
    const world = worldWith({ onRequest: () => new Promise<never>(() => {}) }, echo);
    const client = ask(world, CONNECT);
    world.pass(5_000);
    expect(client.received).toMatch(/^HTTP\/1.1 504 Gateway Timeout\r\n[\s\S]*details="hook-timeout"\r\n/);
    expect(client.ended).toBe("FIN");
  });
});

describe("authentication comes first", () => {
  const { forward } = asking();
  const strict = { ...ports, authentication: forward?.authentication };
  const withUser = (request: string) => request.replace("X-One", `${CREDENTIALS}X-One`);

  it.each([
    ["a request", GET],
    ["CONNECT", CONNECT],
  ])("no hook sees %s without credentials", (_what, request) => {
    const seen: unknown[] = [];
    const world = worldWith({ onRequest: ({ method }) => void seen.push(method) }, OK, strict);
    expect(ask(world, request).received).toMatch(/^HTTP\/1.1 407 /);
    expect(seen).toStrictEqual([]);
  });

  it("a page of onError for it still says what is asked for", () => {
    const world = worldWith({ onError: () => ({ status: 407, body: "who?" }) }, OK, strict);
    expect(ask(world, GET).received).toMatch(
      /\r\nProxy-Authenticate: Basic realm="hopwise", charset="UTF-8"\r\n[\s\S]*\r\n\r\nwho\?$/,
    );
  });

  it("a hook knows by which name a client was let in; the credentials stay here", async () => {
    const users: unknown[] = [];
    const world = worldWith({ onRequest: ({ user }) => void users.push(user) }, OK, strict);
    const client = ask(world, withUser(GET));
    for (let round = 0; client.received === "" && round < 1_000; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      world.pass(1_000);
    }
    expect(client.received).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(users).toStrictEqual([USER.name]);
    expect(world.asked).not.toContain("Authorization");
  });
});

describe("an origin that a hook chooses is judged like one that a client names", () => {
  const to = (origin: string): Hooks => ({ onRequest: (request) => void Object.assign(request, { origin }) });

  it.each([
    ["a request to a port of mail", "http://b.test:25", GET, "port-forbidden"],
    ["a tunnel to a port of plain HTTP", "http://b.test", CONNECT, "connect-port-forbidden"],
    ["a request to a socket", "unix:/run/docker.sock", GET, "hook-failed"],
    ["a tunnel to a socket", "unix:/run/docker.sock", CONNECT, "hook-failed"],
  ])("%s", (_what, origin, request, reason) => {
    const world = worldWith(to(origin));
    expect(ask(world, request).received).toContain(`details="${reason}"`);
    expect(world.origins).toHaveLength(0);
  });

  let proxy: HopwiseProxy | undefined;
  afterEach(() => proxy?.close({ graceMs: 0 }));

  it.each([
    ["a request", "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n"],
    ["a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"],
  ])("by the guard, too: %s to an address that is not public", async (_what, request) => {
    let connections = 0;
    const inside = createServer(() => connections++).listen(0, "127.0.0.1");
    await once(inside, "listening");
    const { port } = inside.address() as { port: number };
    proxy = createForwardProxy({ listen: 0, connectPorts: port, ...to(`http://127.0.0.1:${port}`) });
    const { port: own } = await proxy.listen();
    const response = await fetchRaw(own, request);
    expect(response).toContain('details="address-not-public"');
    expect(connections).toBe(0);
    inside.close();
  });
});

/** What comes back until its head is there. */
async function fetchRaw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request);
  let received = "";
  for await (const piece of socket) {
    received += String(piece);
    if (received.includes("\r\n\r\n")) break;
  }
  socket.destroy();
  return received;
}
