/** The lanes of a real proxy with real traffic: an end that is seen with its reason, and the way from a lane to its story. */
import { Agent, createServer, get, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProxy } from "../../src/index.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { serveDashboard } from "./dashboard-server.ts";
import { quiet } from "./quiet.ts";

describe.skipIf(!has("chromium"))(`the lanes of a real proxy in Chromium${needing("chromium")}`, () => {
  let browser: Browser;
  const stops: (() => unknown)[] = [];
  let trouble: string[] = [];

  beforeAll(async () => {
    const args = ["--no-sandbox", "--disable-gpu", ...quiet];
    browser = await chromium.launch({ executablePath: pathOf("chromium") ?? "", args });
  });

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
    expect(trouble).toStrictEqual([]);
  });

  afterAll(async () => await browser?.close());

  async function opened(options: { readonly keepAliveTimeout?: number }, answer: RequestListener) {
    trouble = [];
    const server = createServer(answer);
    // Longer than any look at it takes on a busy machine.
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stops.push(() => {
      server.close();
      server.closeAllConnections();
    });
    const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const proxy = createProxy({ port: 0, admin: 0, drainDelay: 0, to, ...options });
    const { url, admin } = await proxy.listen();
    stops.push(() => proxy.close({ graceMs: 0 }));
    const dashboard = await serveDashboard(admin?.url ?? "");
    stops.push(() => dashboard.close());
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    stops.push(() => page.context().close());
    page.on("console", (message) => trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(String(error)));
    await page.goto(dashboard.url);
    await page.getByText("live", { exact: true }).waitFor();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    stops.push(() => agent.destroy());
    const send = () =>
      new Promise<number>((resolve, reject) => {
        get(url ?? "", { agent }, (response) =>
          response.resume().on("end", () => resolve(response.statusCode ?? 0)),
        ).on("error", reject);
      });
    return { page, send };
  }

  const counts = (page: Page) => page.locator(".lanes-group h2 span").allTextContents();
  const said = (page: Page) => page.locator(".lane-view [role=status]").textContent();
  async function press(page: Page, ...keys: string[]): Promise<void> {
    await page.locator(".lanes").focus();
    for (const key of keys) await page.keyboard.press(key);
  }

  it("both hops of one exchange, and the time that an idle connection has left", async () => {
    const { page, send } = await opened({}, (_request, response) => response.end("ok"));
    expect(await send()).toBe(200);
    await expect.poll(() => counts(page), { timeout: 10_000 }).toStrictEqual(["1 open", "1 open"]);
    await press(page, "ArrowDown", "ArrowLeft", "c");
    await expect
      .poll(() => said(page))
      .toMatch(/^Exchange 1 \(GET 127\.0\.0\.1:[0-9]+\/\): 200 in .* came as exchange 1 of client /);
    await page.keyboard.press("Enter");
    const story = page.locator(".lane-story");
    await story.getByText("no idle connection to this origin (pool-empty)").waitFor();
    await story.getByText(/unless it is lent, it ends: .*\(hint-expired\)/).waitFor({ timeout: 40_000 });
    expect(page.url()).toMatch(/#\/connections\/[0-9]+$/);
  });

  it("a keep-alive timeout: the end of the lane, with its reason", async () => {
    const { page, send } = await opened({ keepAliveTimeout: 700 }, (_request, response) => response.end("ok"));
    expect(await send()).toBe(200);
    await expect.poll(async () => (await counts(page))[0], { timeout: 10_000 }).toMatch(/^1 open|^0 open, 1 closed/);
    await page.locator("[data-filter]").fill("idle-timeout");
    await expect.poll(() => counts(page), { timeout: 10_000 }).toStrictEqual(["0 open, 1 closed", "0 open"]);
    await press(page, "ArrowDown", "Enter");
    await page
      .locator(".lane-story")
      .getByText(/by hopwise, in order \(FIN\): idle for longer than the limit \(idle-timeout\)/)
      .waitFor();
  });

  it("an origin that closes early: the failure, its cause and what to do, on the origin's lane", async () => {
    const { page, send } = await opened({}, (request) => request.socket.destroy());
    expect(await send()).toBe(502);
    await expect.poll(async () => (await counts(page))[1], { timeout: 10_000 }).toBe("0 open, 1 closed");
    await press(page, "End", "Enter");
    const story = page.locator(".lane-story");
    await story.getByText("failed: The origin closed the connection before it answered. (upstream-closed)").waitFor();
    await story.getByText("look into the origin's log for a crash").waitFor();
    await story.getByText(/^Closed at .* by the origin/).waitFor();
  });
});
