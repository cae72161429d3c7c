/**
 * The admin server before a browser: what Chromium really sends for its own page passes, what a page of another origin makes it send does
 * not, and the token is asked for once.
 *
 * The page is a small one, so that this stands without the dashboard's build. Deliberately absent: the dashboard.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Dashboard } from "../../src/admin/dashboard-files.ts";
import { AdminServer, type Reading } from "../../src/admin/server.ts";
import { namedToken } from "../../src/admin/token.ts";
import { sourceOf } from "../../src/ledger/figures.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { quiet } from "./quiet.ts";

const file = (contentType: string, text: string, isImmutable = true) => ({
  ...{ contentType, bytes: Buffer.from(text), isImmutable },
});
/** As Vite writes it. */
const PAGE = `<!doctype html><html lang="en"><title>dashboard</title>
<script type="module" crossorigin src="./assets/index-Bx3kP2aQ.js"></script>
<link rel="stylesheet" crossorigin href="./assets/index-D4_k9zZz.css"><body><h1>loading</h1></body></html>`;
const SCRIPT = `const { exchanges } = await (await fetch("stats")).json();
document.querySelector("h1").textContent = "exchanges: " + exchanges.total;`;
const dashboard: Dashboard = {
  page: file("text/html; charset=utf-8", PAGE, false),
  files: new Map([
    ["/assets/index-Bx3kP2aQ.js", file("text/javascript; charset=utf-8", SCRIPT)],
    ["/assets/index-D4_k9zZz.css", file("text/css; charset=utf-8", "h1{color:rgb(1, 2, 3)}")],
  ]),
};

describe.skipIf(!has("chromium"))(`the admin server before Chromium${needing("chromium")}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-admin-"));
  const token = namedToken(join(folder, "read.token"));
  const text = readFileSync(join(folder, "read.token"), "utf8").trim();
  const opened: { close(): unknown }[] = [];
  let browser: Browser;

  beforeAll(async () => {
    const args = ["--no-sandbox", "--disable-gpu", ...quiet];
    browser = await chromium.launch({ executablePath: pathOf("chromium") ?? "", args });
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function admin(reading: Reading = {}): Promise<AdminServer> {
    const address = { host: "127.0.0.1", port: 0, isAsked: true };
    const parts = { dashboard: Promise.resolve(dashboard), reading };
    const server = await AdminServer.listen(address, sourceOf(new Ledger(nodeClock)), parts);
    opened.push(server);
    return server;
  }

  async function blank(): Promise<Page> {
    const context = await browser.newContext();
    opened.push(context);
    return await context.newPage();
  }

  const heading = (page: Page) => page.getByRole("heading", { name: "exchanges: 0" });

  it.each([
    "127.0.0.1",
    "localhost",
  ])("shows the dashboard at %s, with its styles, its script and its figures", async (host) => {
    const { address } = await admin();
    const page = await blank();
    await page.goto(`http://${host}:${address.port}/`);
    await heading(page).waitFor();
    expect(await page.evaluate("getComputedStyle(document.querySelector('h1')).color")).toBe("rgb(1, 2, 3)");
  });

  it("asks for the token once, in a form, and keeps it from the page's script", async () => {
    const { url } = await admin({ token });
    const page = await blank();
    await page.goto(url);
    await page.getByLabel("Token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("This is not the token.").waitFor();
    await page.getByLabel("Token").fill(text);
    await page.keyboard.press("Enter");
    await heading(page).waitFor();
    expect(page.url()).toBe(`${url}/`);
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.reload();
    await heading(page).waitFor();
  });

  it("gives a page of another origin nothing, even of one who has logged in", async () => {
    const { url } = await admin({ token });
    const statuses: [string, number][] = [];
    const other: Server = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end(`<!doctype html><title>elsewhere</title><script>
        const seen = [];
        const tries = [
          fetch("${url}/stats", { credentials: "include" }).then(() => seen.push("fetch"), () => {}),
          fetch("${url}/stats", { mode: "no-cors", credentials: "include" }).then(() => {}, () => {}),
          new Promise((resolve) => { const one = new Image(); one.onload = () => { seen.push("image"); resolve(); }; one.onerror = resolve; one.src = "${url}/"; }),
          new Promise((resolve) => { const one = document.createElement("script"); one.onload = () => { seen.push("script"); resolve(); }; one.onerror = resolve; one.src = "${url}/assets/index-Bx3kP2aQ.js"; document.head.append(one); }),
        ];
        Promise.all(tries).then(() => { document.title = "seen: " + (seen.join() || "nothing"); });
      </script><iframe src="${url}/"></iframe>`);
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    opened.push(other);
    const page = await blank();
    await page.goto(url);
    await page.getByLabel("Token").fill(text);
    await page.keyboard.press("Enter");
    await heading(page).waitFor();
    page.on("response", (response) => {
      if (response.url().startsWith(url)) statuses.push([response.request().resourceType(), response.status()]);
    });
    const blocked: string[] = [];
    page.on("requestfailed", (request) => {
      if (request.url().startsWith(url)) blocked.push(request.url());
    });
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    await page.waitForFunction("document.title.startsWith('seen:')");
    expect(await page.title()).toBe("seen: nothing");
    // All but the frame's are blocked by what the answers say of themselves, and show no status.
    await expect.poll(() => statuses.length + blocked.length).toBeGreaterThanOrEqual(5);
    expect(statuses.filter(([, status]) => status !== 403)).toStrictEqual([]);
  });
});
