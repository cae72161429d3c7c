/** The dashboard's files: only those that were there at the start, under their own paths; and a page that says so where there are none. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sourceOf } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import { nodeClock } from "../net/node-clock.ts";
import { readDashboard } from "./dashboard-files.ts";
import { AdminServer } from "./server.ts";

const PAGE = '<!doctype html><script type="module" src="/assets/index-Bx3kP2aQ.js"></script>';
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

let folder: string;
let server: AdminServer;
let without: AdminServer;
const listen = async (built: string) => {
  const dashboard = readDashboard([pathToFileURL(`${built}/`)]);
  const address = { host: "127.0.0.1", port: 0, isAsked: true };
  return await AdminServer.listen(address, sourceOf(new Ledger(nodeClock)), { dashboard });
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-dashboard-"));
  writeFileSync(join(folder, "secret.txt"), "secret");
  const built = join(folder, "built");
  mkdirSync(join(built, "assets"), { recursive: true });
  writeFileSync(join(built, "index.html"), PAGE);
  writeFileSync(join(built, "favicon.svg"), "<svg/>");
  writeFileSync(join(built, "assets/index-Bx3kP2aQ.js"), "1");
  writeFileSync(join(built, "assets/index-D4_k-9zZ.css"), "a{}");
  writeFileSync(join(built, "assets/plain.js"), "2");
  writeFileSync(join(built, "assets/notes.xyz"), "unknown kind");
  symlinkSync(join(folder, "secret.txt"), join(built, "assets/link.txt"));
  [server, without] = await Promise.all([listen(built), listen(join(folder, "nothing"))]);
  // What comes or goes later changes nothing.
  await fetch(server.url, { headers: { Accept: "text/html" } });
  writeFileSync(join(built, "assets/later.js"), "3");
  rmSync(join(built, "favicon.svg"));
});

afterAll(() => {
  server.close();
  without.close();
  rmSync(folder, { recursive: true });
});

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** The path as it is, which `fetch` would make another one of. */
function get(path: string, { method = "GET", ...headers }: Record<string, string> = {}, from = server): Promise<Got> {
  const { port } = from.address;
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let text = "";
      response.on("data", (piece) => {
        text += piece;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on("error", reject).end();
  });
}

const browser = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

describe("the dashboard", () => {
  it("is at / for browsers, and may load its own files and nothing else", async () => {
    const { status, headers, text } = await get("/", browser);
    expect([status, text]).toStrictEqual([200, PAGE]);
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-length": String(PAGE.length),
      "content-security-policy": POLICY,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      vary: "Accept",
    });
  });

  it("is a list of what there is for everybody else", async () => {
    for (const headers of [{}, { Accept: "*/*" }]) {
      const { text, headers: got } = await get("/", headers);
      expect(text).toMatch(/^hopwise .*\n\n\/ +in a browser: the dashboard\n\/healthz /);
      expect(got).toMatchObject({ "content-type": "text/plain; charset=utf-8", vary: "Accept" });
    }
  });

  it.each([
    ["/assets/index-Bx3kP2aQ.js", "text/javascript; charset=utf-8", "1", "private, max-age=31536000, immutable"],
    ["/assets/index-D4_k-9zZ.css", "text/css; charset=utf-8", "a{}", "private, max-age=31536000, immutable"],
    ["/assets/plain.js", "text/javascript; charset=utf-8", "2", "no-store"],
    ["/favicon.svg", "image/svg+xml", "<svg/>", "no-store"],
    ["/assets/plain.js?v=1", "text/javascript; charset=utf-8", "2", "no-store"],
  ])("%s", async (path, type, text, cached) => {
    const got = await get(path);
    expect(got).toMatchObject({ status: 200, text });
    expect(got.headers).toMatchObject({ "content-type": type, "cache-control": cached });
    const { date: _, ...headers } = got.headers;
    expect(await get(path, { method: "HEAD" })).toMatchObject({ status: 200, text: "", headers });
    expect((await get(path, { method: "POST" })).status).toBe(405);
  });

  it.each([
    "/index.html",
    "/assets/",
    "/assets",
    "/assets/later.js",
    "/assets/link.txt",
    "/assets/notes.xyz",
    "/assets/../assets/plain.js",
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/assets/%70lain.js",
    "/assets//plain.js",
    "//assets/plain.js",
    "/assets\\plain.js",
    "/assets/plain.js%00",
    "/ASSETS/plain.js",
    "/__proto__",
  ])("there is nothing at %s", async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it("is not handed to pages of other origins", async () => {
    for (const path of ["/", "/assets/plain.js"]) {
      expect((await get(path, { ...browser, Origin: "https://evil.example" })).status).toBe(403);
      const script = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script" };
      expect((await get(path, { ...browser, ...script })).status).toBe(403);
      expect((await get(path, { ...browser, Host: "evil.example" })).status).toBe(421);
    }
  });
});

it("where it was not built a page says so, and what there is instead", async () => {
  const { status, headers, text } = await get("/", browser, without);
  expect([status, headers["content-type"]]).toStrictEqual([503, "text/html; charset=utf-8"]);
  expect(text).toContain("The dashboard is not here");
  expect(text).toContain('<a href="/stats">');
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
  expect((await get("/", {}, without)).status).toBe(200);
});
