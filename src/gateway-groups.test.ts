/** Groups of endpoints behind a gateway, on real sockets: which of them answers, and what a cookie has to do with it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type GatewayConfig, type GroupOptions, type HopwiseProxy } from "./index.ts";

type Name = "a" | "b" | "c";
const names: readonly Name[] = ["a", "b", "c"];

/** Says who it is, and which cookies it was sent. `/hold`: not before it is told to. */
class Origin {
  url = "";
  /** Answers that are held. */
  readonly held: (() => void)[] = [];
  /** What it does instead of answering. */
  instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly name: Name;

  constructor(name: Name) {
    this.name = name;
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on("connection", (socket) => this.sockets.add(socket));
    this.server.on("upgrade", (_request, socket) =>
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Asked: ${name}\r\n\r\n`,
      ),
    );
  }

  async begin(): Promise<void> {
    this.url = await listening(this.server);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.instead?.(request, response)) return;
    const { cookie = "-" } = request.headers;
    const answer = () => response.setHeader("X-Asked", this.name).setHeader("X-Cookie", cookie).end();
    if (request.url === "/hold") this.held.push(answer);
    else answer();
  }

  /** Nobody is there any more. */
  end(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

let origins: Record<Name, Origin>;
let proxy: HopwiseProxy;
let port = 0;

beforeEach(async () => {
  origins = { a: new Origin("a"), b: new Origin("b"), c: new Origin("c") };
  for (const name of names) await origins[name].begin();
});
afterEach(async () => {
  await proxy.close({ graceMs: 0 });
  for (const name of names) origins[name].end();
});

/** @param said of the endpoints */
async function begin(
  said: Partial<Record<Name, object>>,
  group: Omit<GroupOptions, "to">,
  rest: GatewayConfig = {},
): Promise<void> {
  const to = Object.entries(said).map(([name, facts]) => ({ url: origins[name as Name].url, ...facts }));
  const listeners = [{ http: "127.0.0.1:0" }];
  proxy = createGateway({ listeners, groups: { app: { ...group, to } }, routes: [{ to: "app" }], ...rest });
  ({ port } = await proxy.listen());
}

interface Answer {
  readonly status: number;
  /** Who gave it. */
  readonly by: string;
  readonly setCookie: string | undefined;
  /** What the origin was sent. */
  readonly cookie: string;
}

function read(response: string): Answer {
  const of = (name: string) => new RegExp(`^${name}: (.*)\r$`, "im").exec(response)?.[1];
  const [, status = "0"] = /^HTTP\/1\.1 (\d+)/.exec(response) ?? [];
  return {
    status: Number(status),
    by: of("X-Asked") ?? "-",
    setCookie: of("Set-Cookie"),
    cookie: of("X-Cookie") ?? "-",
  };
}

async function ask(fields = "", target = "/", method = "GET"): Promise<Answer> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n${fields}\r\n`);
  return read(await text(socket));
}

async function asked(count: number, fields = ""): Promise<string> {
  const by: string[] = [];
  for (let i = 0; i < count; i++) by.push((await ask(fields)).by);
  return by.join("");
}

/** Until the origins hold so many answers. */
async function untilHeld(count: number): Promise<void> {
  while (names.reduce((sum, name) => sum + origins[name].held.length, 0) < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a client says that has been served before. */
const cookieOf = ({ setCookie = "" }: Answer) => `Cookie: ${setCookie.split(";")[0]}\r\n`;

/** The cookie of a client that `name` has served. */
async function cookieFrom(name: Name): Promise<string> {
  for (let i = 0; i < 100; i++) {
    const answer = await ask();
    if (answer.by === name) return cookieOf(answer);
  }
  throw new Error(`${name} never answered`);
}

it("a route has its own time to find a connection", async () => {
  const routes = [{ match: { path: "/quick" }, to: "app", connectTimeout: 60 }, { to: "app" }];
  await begin({ a: { maxConnections: 1 } }, {}, { routes, connectTimeout: "1h" });
  const held = ask("", "/hold");
  await untilHeld(1);
  expect((await ask("", "/quick")).status).toBe(503);
  for (const answer of origins.a.held) answer();
  expect((await held).status).toBe(200);
});

it("one that two groups have is told for each", async () => {
  const { url } = origins.a;
  await begin(
    { a: {} },
    {},
    {
      groups: { one: { to: [{ url, weight: 3 }] }, two: { to: [{ url }] } },
      routes: [{ match: { path: "/two" }, to: "two" }, { to: "one" }],
    },
  );
  await ask("", "/two");
  const told = proxy
    .stats()
    .endpoints.map(({ endpoint, group, weight, version }) => [endpoint, group, weight, version]);
  expect(told).toStrictEqual([
    [url, "one", 3, undefined],
    [url, "two", 1, "1.1"],
  ]);
});

describe("an endpoint that does not answer in time", () => {
  /** `a` answers nothing, and gets every request that is not a retry. */
  async function silent(group: Omit<GroupOptions, "to">): Promise<void> {
    origins.a.instead = () => true;
    await begin({ a: {}, b: { backup: true } }, group, { responseTimeout: 500 });
  }

  it("fails its request", async () => {
    await silent({});
    expect((await ask()).status).toBe(504);
    expect(proxy.stats().exchanges.retries).toBe(0);
  });

  it("with retryTimeouts, leaves to another what may be sent again", async () => {
    await silent({ retryTimeouts: true });
    expect(await ask()).toMatchObject({ status: 200, by: "b" });
    expect(proxy.stats().exchanges).toMatchObject({ retries: 1, answers: {} });
  });

  it("and nothing else: it may have done it", async () => {
    await silent({ retryTimeouts: true });
    expect((await ask("Content-Length: 0\r\n", "/", "POST")).status).toBe(504);
    expect(proxy.stats().exchanges).toMatchObject({ retries: 0, answers: { "response-timeout": 1 } });
  });

  it("nor once more: two are enough", async () => {
    origins.b.instead = () => true;
    await silent({ retryTimeouts: true });
    expect((await ask()).status).toBe(504);
    expect(proxy.stats().exchanges).toMatchObject({ retries: 1, answers: { "response-timeout": 1 } });
  });

  it("nor what has begun to be answered", async () => {
    await silent({ retryTimeouts: true });
    origins.a.instead = (_request, response) => {
      response.writeProcessing();
      return true;
    };
    await ask();
    expect(proxy.stats().exchanges).toMatchObject({ retries: 0, answers: { "response-timeout": 1 } });
  });
});

describe("balance", () => {
  it("round-robin takes turns by weight", async () => {
    await begin({ a: { weight: 5 }, b: { weight: 1 }, c: {} }, { balance: "round-robin" });
    expect(await asked(14)).toBe("aabacaaaabacaa");
  });

  it.each(["least-outstanding", "two-choices"] as const)("%s gives shares by weight", async (balance) => {
    await begin({ a: { weight: 4 }, b: {}, c: { weight: 0 } }, { balance });
    const by = await asked(50);
    const count = (name: string) => by.split(name).length - 1;
    expect([count("a") > 30, count("b") > 3, count("c")]).toStrictEqual([true, true, 0]);
  });

  it("least-outstanding goes where least is outstanding for its weight", async () => {
    await begin({ a: { weight: 2 }, b: { weight: 1 } }, {});
    const held = [ask("", "/hold"), ask("", "/hold"), ask("", "/hold")];
    await untilHeld(3);
    expect([origins.a.held.length, origins.b.held.length]).toStrictEqual([2, 1]);
    for (const name of names) for (const answer of origins[name].held) answer();
    await Promise.all(held);
  });

  it.each<readonly [string, GroupOptions["balance"], (user: string) => string]>([
    ["a field", { hash: { field: "X-User" } }, (user) => `X-User: ${user}\r\n`],
    ["a cookie", { hash: { cookie: "user" } }, (user) => `Cookie: a=b; user="${user}"; c\r\n`],
    ["the client, whom a trusted neighbour tells", { hash: "client" }, (user) => `X-Forwarded-For: 10.0.0.${user}\r\n`],
    ["an IPv6 client by its network", { hash: "client" }, (user) => `X-Forwarded-For: 2001:db8:0:${user}::${user}\r\n`],
  ])("a hash of %s leads each always to the same endpoint, and all to different ones", async (_what, balance, fields) => {
    await begin({ a: {}, b: {}, c: {} }, { balance }, { trusted: "127.0.0.1" });
    const by: string[] = [];
    for (let user = 1; user <= 20; user++) by.push(await asked(3, fields(String(user))));
    expect(by.filter((three) => !["aaa", "bbb", "ccc"].includes(three))).toStrictEqual([]);
    expect(new Set(by).size).toBe(3);
  });

  it("a field that a route sets counts", async () => {
    const setRequestFields = { "X-User": "fixed" };
    const routes = [{ to: "app", setRequestFields }];
    await begin({ a: {}, b: {}, c: {} }, { balance: { hash: { field: "x-user" } } }, { routes });
    const by: string[] = [];
    for (let user = 0; user < 10; user++) by.push(await asked(1, `X-User: ${user}\r\n`));
    expect(new Set(by).size).toBe(1);
  });

  it("without the field clients are told apart by their addresses", async () => {
    await begin({ a: {}, b: {}, c: {} }, { balance: { hash: { field: "X-User" } } }, { trusted: "127.0.0.1" });
    expect(new Set(await asked(5))).toHaveLength(1);
    const by: string[] = [];
    for (let i = 0; i < 10; i++) by.push(await asked(1, `X-Forwarded-For: 10.0.0.${i}\r\n`));
    expect(new Set(by).size).toBeGreaterThan(1);
  });
});

describe("an endpoint", () => {
  it("that is a backup serves while no other can", async () => {
    await begin({ a: {}, b: { backup: true } }, {});
    expect(await asked(4)).toBe("aaaa");
    origins.a.end();
    expect(await asked(4)).toBe("bbbb");
  });

  it("has no more connections than it may, and what is beyond goes elsewhere", async () => {
    await begin({ a: { weight: 100, maxConnections: 1 }, b: {} }, { balance: "round-robin" });
    const held = [1, 2, 3].map(() => ask("", "/hold"));
    await untilHeld(3);
    expect([origins.a.held.length, origins.b.held.length]).toStrictEqual([1, 2]);
    for (const name of names) for (const answer of origins[name].held) answer();
    await Promise.all(held);
  });

  it("has connections that are as old as they may be for it", async () => {
    await begin({ a: { poolMaxAge: 1 } }, {});
    const closed: string[] = [];
    proxy.on("connection-close", ({ hop, closed: reason }) => void (hop === "upstream" && closed.push(reason)));
    await asked(1);
    while (closed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(closed).toStrictEqual(["max-age"]);
  });
});

describe("sticky", () => {
  it("a client is told where it was served, and is served there again", async () => {
    await begin({ a: {}, b: {}, c: {} }, { sticky: true });
    const first = await ask();
    expect(first.setCookie).toMatch(/^hopwise-[0-9a-f]{8}=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
    for (let i = 0; i < 5; i++) {
      expect(await ask(cookieOf(first))).toStrictEqual({ ...first, setCookie: undefined });
    }
  });

  it.each<readonly [string, (good: string) => string, string]>([
    ["among others", (good) => `Cookie: x=1; ${good}; y=2\r\n`, "x=1; y=2"],
    ["quoted", (good) => `Cookie: ${good.replace("=", '="')}"\r\n`, "-"],
    ["in the second of several lines", (good) => `Cookie: x=1\r\nCookie: ${good}; y=2\r\n`, "x=1; y=2"],
    ["behind one of that name that means nothing", (good) => `Cookie: at=zzz; ${good}\r\n`, "-"],
    ["behind garbage", (good) => `Cookie: =;;; ;"; at; at =; ${good}\r\n`, '=;;; ;"; at; at ='],
  ])("its cookie is understood %s, and the origin does not get it", async (_how, spelled, rest) => {
    await begin({ a: {}, b: {}, c: {} }, { sticky: { cookie: "at" } });
    const good = (await cookieFrom("b")).slice("Cookie: ".length, -2);
    for (let i = 0; i < 3; i++) {
      expect(await ask(spelled(good))).toStrictEqual({ status: 200, by: "b", setCookie: undefined, cookie: rest });
    }
  });

  it.each([
    "at=",
    "at=zzz",
    'at="',
    "AT=1",
    "at",
    "at=http://127.0.0.1",
  ])("%s means nothing: it is set anew", async (cookie) => {
    await begin({ a: {}, b: {} }, { sticky: { cookie: "at" } });
    expect((await ask(`Cookie: ${cookie}\r\n`)).setCookie).toMatch(/^at=[\w-]{16};/);
  });

  it("the same cookie is good behind a proxy that was started again, and on each of several", async () => {
    await begin({ a: {}, b: {} }, { sticky: true });
    const cookie = await cookieFrom("b");
    await proxy.close();
    await begin({ c: {}, b: { weight: 3 }, a: {} }, { sticky: true, balance: "round-robin" });
    expect(await asked(4, cookie)).toBe("bbbb");
  });

  it("an endpoint of weight 0 keeps those that stick to it, and gets nobody else", async () => {
    await begin({ a: {}, b: {} }, { sticky: true });
    const cookie = await cookieFrom("b");
    await proxy.close();
    await begin({ a: {}, b: { weight: 0 } }, { sticky: true });
    expect([await asked(4, cookie), await asked(4)]).toStrictEqual(["bbbb", "aaaa"]);
    expect((await ask(cookie)).setCookie).toBeUndefined();
  });

  it("a backup keeps those that it has got", async () => {
    await begin({ a: {}, b: {} }, { sticky: true });
    const cookie = await cookieFrom("b");
    await proxy.close();
    await begin({ a: {}, b: { backup: true } }, { sticky: true });
    expect([await asked(3, cookie), await asked(3)]).toStrictEqual(["bbb", "aaa"]);
  });

  it("who sticks to an endpoint that cannot be reached gets another one, and its cookie", async () => {
    await begin({ a: {}, b: {} }, { sticky: true });
    const cookie = await cookieFrom("b");
    origins.b.end();
    const moved = await ask(cookie);
    expect([moved.by, moved.setCookie === undefined]).toStrictEqual(["a", false]);
    expect(await ask(cookieOf(moved))).toStrictEqual({ ...moved, setCookie: undefined });
  });

  it("a retry goes elsewhere when the endpoint has failed", async () => {
    await begin({ a: {}, b: { poolMaxAge: 1 } }, { sticky: true });
    const cookie = await cookieFrom("b");
    origins.b.instead = (request) => {
      request.socket.destroy();
      return true;
    };
    const moved = await ask(cookie);
    expect([moved.by, moved.setCookie === undefined]).toStrictEqual(["a", false]);
  });

  it("a retry stays when all that was lost is a connection that had idled", async () => {
    await begin({ a: {}, b: {} }, { sticky: true });
    const cookie = await cookieFrom("b");
    let lost = 0;
    origins.b.instead = (request) => {
      if (lost++ > 0) return false;
      request.socket.destroy();
      return true;
    };
    const answer = await ask(cookie);
    expect([answer.by, answer.setCookie, lost]).toStrictEqual(["b", undefined, 2]);
  });

  it("who waits for room at its endpoint holds up nobody else", async () => {
    await begin({ a: { maxConnections: 1 }, b: { maxConnections: 1 } }, { sticky: true });
    const cookie = await cookieFrom("b");
    const others = [ask("", "/hold"), ask("", "/hold")];
    await untilHeld(2);
    const sticking = [ask(cookie), ask(cookie)];
    const anywhere = ask();
    while (proxy.stats().waiting < 3) await new Promise((resolve) => setImmediate(resolve));
    const [forA, forB] = [origins.a.held, origins.b.held];
    forA[0]?.();
    expect((await anywhere).by).toBe("a");
    forB[0]?.();
    expect((await Promise.all(sticking)).map(({ by }) => by)).toStrictEqual(["b", "b"]);
    await Promise.all(others);
  });

  it("a switch of protocols tells it, too", async () => {
    await begin({ a: {}, b: {} }, { sticky: { cookie: "at" } });
    const fields = "Upgrade: echo\r\n";
    const socket = connect(port, "127.0.0.1");
    socket.end(`GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n${fields}\r\n`);
    const { status, setCookie } = read(await text(socket));
    expect([status, setCookie]).toStrictEqual([101, expect.stringMatching(/^at=/)]);
  });

  it("it is Secure where the client came over TLS, or a trusted neighbour says so", async () => {
    await begin({ a: {} }, { sticky: { cookie: "at" } }, { trusted: "127.0.0.1" });
    const told = await ask("X-Forwarded-Proto: https\r\n");
    expect(told.setCookie).toMatch(/; SameSite=Lax; Secure$/);
    await proxy.close();
    await begin({ a: {} }, { sticky: { cookie: "at" } }, { listeners: [{ https: "127.0.0.1:0", tls: "self-signed" }] });
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(read(await text(socket)).setCookie).toMatch(/; SameSite=Lax; Secure$/);
  });

  it("cookies of the origin and changes of routes stand beside it", async () => {
    origins.a.instead = (request, response) => {
      response
        .setHeader("Set-Cookie", ["x=1", "y=2"])
        .setHeader("X-Cookie", request.headers.cookie ?? "-")
        .end();
      return true;
    };
    const routes = [{ to: "app", setResponseFields: { "X-More": "yes" }, setRequestFields: { Cookie: "at=1; own=2" } }];
    await begin({ a: {} }, { sticky: { cookie: "at" } }, { routes });
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: z=3\r\n\r\n");
    const lines = (await text(socket)).split("\r\n");
    expect(lines.filter((line) => /^(?:set-cookie|x-)/i.test(line)).map((line) => line.slice(0, 17))).toStrictEqual([
      "Set-Cookie: x=1",
      "Set-Cookie: y=2",
      "X-Cookie: own=2",
      expect.stringMatching(/^Set-Cookie: at=/),
      "X-More: yes",
    ]);
  });
});
