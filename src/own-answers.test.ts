/** What hopwise answers by itself says the same to clients of HTTP/1.1 and of HTTP/2: status, fields and text, but for what speaks of a connection. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { formatPasswordHash, hashPassword } from "./forward/password-hash.ts";
import { createGateway, type GatewayConfig } from "./index.ts";

interface Answered {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}
type Fields = Readonly<Record<string, string>>;
type Ask = (port: number, method: string, path: string, fields: Fields) => Promise<Answered>;

/** They speak of a connection, or of the moment. */
const OF_CONNECTION: ReadonlySet<string> = new Set(["connection", "keep-alive", "date"]);

const overHttp1: Ask = async (port, method, path, fields) => {
  const socket = connect(port, "127.0.0.1");
  const lines = Object.entries({ Host: "site.test", ...fields }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${[`${method} ${path} HTTP/1.1`, "Connection: close", ...lines].join("\r\n")}\r\n\r\n`);
  const [head = "", body = ""] = (await text(socket)).split(/\r\n\r\n(.*)/s);
  const [line = "", ...rest] = head.split("\r\n");
  return { status: Number(line.split(" ")[1]), fields: said(rest.map((one) => one.split(/: (.*)/, 2))), body };
};

const overHttp2: Ask = async (port, method, path, fields) => {
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = client.request({ ":method": method, ":path": path, ":authority": "site.test", ...fields });
  const [[head], body] = await Promise.all([
    once(stream.end(), "response") as Promise<[IncomingHttpHeaders & { ":status": number }]>,
    text(stream),
  ]);
  client.close();
  const lines = Object.entries(head).filter(([name]) => !name.startsWith(":"));
  return { status: head[":status"], fields: said(lines.map(([name, value]) => [name, String(value)])), body };
};

function said(lines: readonly (readonly (string | undefined)[])[]): Fields {
  const fields = lines.map(([name = "", value = ""]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(fields.filter(([name]) => !OF_CONNECTION.has(name)).sort());
}

let folder = "";
let config: GatewayConfig;
const silent = createServer((socket) => void socket.on("error", () => {}));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-"));
  const users = join(folder, "users");
  writeFileSync(users, `alice:${formatPasswordHash(await hashPassword("one"))}\n`);
  const to = await listening(silent);
  const gone = createServer();
  const refusing = await listening(gone);
  gone.close();
  config = {
    listeners: [{ http: "127.0.0.1:0" }],
    via: "gate",
    responseTimeout: "50ms",
    routes: [
      { match: { path: "/office" }, to, users: { file: users, realm: 'the "office"' } },
      { match: { path: "/rated" }, respond: { body: "once" }, rateLimit: { requests: 1, per: "1h", burst: 1 } },
      { match: { path: "/moved" }, redirect: { to: "https://www.test/", status: 308 } },
      { match: { path: "/said" }, respond: { status: 418, body: "short" } },
      { match: { path: "/closed" }, refuse: true },
      { match: { path: "/refusing" }, to: refusing },
      { match: { path: "/silent" }, to },
    ],
  } as GatewayConfig;
});
afterAll(() => {
  silent.close();
  rmSync(folder, { recursive: true });
});

/** A gateway for each: what one was denied for is not to count for the other. */
async function answersOf(
  ...asked: [method: string, path: string, fields?: Fields | undefined][]
): Promise<[Answered[], Answered[]]> {
  const ways: Answered[][] = [];
  for (const ask of [overHttp1, overHttp2]) {
    const proxy = createGateway(config);
    const { port } = await proxy.listen();
    const answers: Answered[] = [];
    for (const [method, path, fields = {}] of asked) answers.push(await ask(port, method, path, fields));
    await proxy.close({ graceMs: 0 });
    ways.push(answers);
  }
  return ways as [Answered[], Answered[]];
}

it.each<[string, string, number, Fields?]>([
  ["GET", "/said", 418],
  ["HEAD", "/said", 418],
  ["GET", "/moved", 308],
  ["GET", "/closed", 403],
  ["GET", "/nowhere", 404],
  ["GET", "/refusing", 502],
  ["GET", "/silent", 504],
  ["GET", "/silent", 504, { accept: "application/json" }],
  ["HEAD", "/silent", 504],
  ["OPTIONS", "/silent", 200, { "max-forwards": "0" }],
])("%s %s: %i", async (method, path, status, fields) => {
  const [[first], [second]] = await answersOf([method, path, fields]);
  expect(first?.status).toBe(status);
  expect(second).toStrictEqual(first);
});

it("who is to say a name is told for what", async () => {
  const [[first], [second]] = await answersOf(["GET", "/office"]);
  expect(first?.status).toBe(401);
  expect(first?.fields["www-authenticate"]).toBe('Basic realm="the \\"office\\"", charset="UTF-8"');
  expect(second).toStrictEqual(first);
});

it("who asks too often is told when to come again", async () => {
  const [first, second] = await answersOf(["GET", "/rated"], ["GET", "/rated"]);
  expect(first.map(({ status }) => status)).toStrictEqual([200, 429]);
  expect(first[1]?.fields["retry-after"]).toBe("3600");
  expect(second).toStrictEqual(first);
});
