/** Pages of an operator's own, on real sockets: in place of what hopwise says by itself, and of nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type GatewayConfig, type HopwiseProxy } from "./index.ts";

let folder = "";
let origin: Server;
let proxy: HopwiseProxy | undefined;
let routes: GatewayConfig["routes"];
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-pages-"));
  writeFileSync(at("404.html"), "<h1>Nicht da: über</h1>\n");
  writeFileSync(at("5xx.txt"), "back soon\n");
  writeFileSync(at("large.html"), "a".repeat(65_537));
  origin = createServer((_request, response) => response.writeHead(404).end("the origin's own"));
  const url = await listening(origin);
  routes = [
    { match: { path: "/app" }, to: url },
    { match: { path: "/refused" }, refuse: true },
    { match: { path: "/broken" }, to: "http://127.0.0.1:1" },
  ];
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});
afterAll(() => {
  origin.closeAllConnections();
  origin.close();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, headers: Record<string, string> = {}): Promise<readonly unknown[]> {
  proxy = createGateway({
    listen: "127.0.0.1:0",
    routes,
    errorPages: { 404: at("404.html"), "5xx": at("5xx.txt") },
  });
  const { port } = await proxy.listen();
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return [response.status, response.headers.get("content-type"), await response.text()];
}

it.each<[what: string, path: string, answer: readonly unknown[]]>([
  ["of its status", "/nowhere", [404, "text/html; charset=utf-8", "<h1>Nicht da: über</h1>\n"]],
  ["of its class", "/broken", [502, "text/plain; charset=utf-8", "back soon\n"]],
])("an answer of hopwise's own has the page %s", async (_what, path, answer) => {
  expect(await ask(path)).toStrictEqual(answer);
});

it("fields of all answers are in errors, pages, redirects and fixed answers, unless those say them", async () => {
  const answerFields = { "X-All": "all", "X-Other": "all" };
  const own = { "X-Other": "own" };
  proxy = createGateway({
    listen: "127.0.0.1:0",
    routes: [
      ...(routes ?? []),
      { match: { path: "/moved" }, redirect: { to: "/new", fields: own } },
      { match: { path: "/fixed" }, respond: { body: "fixed", fields: own } },
    ],
    errorPages: { 404: at("404.html") },
    answerFields,
  });
  const { port } = await proxy.listen();
  const got: Record<string, unknown> = {};
  for (const path of ["/nowhere", "/refused", "/moved", "/fixed", "/app"]) {
    const { status, headers } = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual" });
    got[path] = [status, headers.get("x-all"), headers.get("x-other"), headers.get("location")];
  }
  expect(got).toStrictEqual({
    "/nowhere": [404, "all", "all", null],
    "/refused": [403, "all", "all", null],
    "/moved": [308, "all", "own", "/new"],
    "/fixed": [200, "all", "own", null],
    "/app": [404, null, null, null],
  });
});

it.each([
  [{ "content-type": "text/html" }, /content-type is said by each answer itself: leave it out/],
  [{ "Content-Length": 1 }, /Content-Length is the proxy's own to say/],
  [{ "X A": "b" }, /"X A" is not a field name/],
])("fields %j are refused", (answerFields, message) => {
  expect(() => createGateway({ routes, answerFields })).toThrow(message);
});

it("one without a page is as it would be", async () => {
  expect(await ask("/refused")).toStrictEqual([
    403,
    "text/plain; charset=utf-8",
    "403 Forbidden: route-refused\nThe route for this request refuses it.\n",
  ]);
});

it("an origin's answer stays its own", async () => {
  expect(await ask("/app")).toStrictEqual([404, null, "the origin's own"]);
});

it("programs that ask for JSON get JSON", async () => {
  const [status, type] = await ask("/nowhere", { Accept: "application/json" });
  expect([status, type]).toStrictEqual([404, "application/problem+json"]);
});

it.each<[pages: Record<string, string>, message: RegExp]>([
  [{ 200: "a.html" }, /"200" is not a status of an error: write one like 502, or 4xx or 5xx/],
  [{}, /it is empty: write \{ 502: FILE, 5xx: FILE \}/],
  [{ 404: "./missing.html" }, /missing\.html cannot be read .*: write the path of a page/],
  [{ 404: "./page.php" }, /page\.php is not a page: write the path of one that ends in \.html or \.txt/],
  [{ 404: "large.html" }, /large\.html has 65537 bytes, and a page at most 64k: write a smaller one/],
])("%j is refused", (errorPages, message) => {
  const pages = Object.fromEntries(
    Object.entries(errorPages).map(([key, file]) => [key, file.startsWith("large") ? at(file) : file]),
  );
  expect(() => createGateway({ routes, errorPages: pages })).toThrow(message);
});
