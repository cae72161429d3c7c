/**
 * The showroom in Chromium: each button is pressed, and what it does is seen in hopwise's own figures, not on the page that did it.
 *
 * `hopwise demo` runs as its users run it. Deliberately absent: what the dashboard shows of it, see dashboard.test.ts.
 */
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Running } from "../cli/running.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { until } from "../interop/support/waiting.ts";
import { quiet } from "./quiet.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const phone = { width: 390, height: 844 };

interface Listening {
  readonly type: "listening";
  readonly admin: string;
  readonly showroom: string;
  readonly proxies: readonly { readonly name: string; readonly to: string }[];
}

interface Stats {
  readonly connections: { readonly downstream: { readonly closed: Readonly<Record<string, number>> } };
  readonly exchanges: { readonly total: number; readonly answers: Readonly<Record<string, number>> };
  readonly endpoints: readonly { readonly endpoint: string; readonly lifetime_ms?: number }[];
}

describe.skipIf(!has("chromium"))(`the showroom in Chromium${needing("chromium")}`, () => {
  let demo: Running;
  let told: Listening;
  let browser: Browser;
  /** What should never happen: complaints of the page, and requests to elsewhere. */
  let trouble: string[] = [];

  beforeAll(async () => {
    demo = new Running([process.execPath, main, "demo", "--json", "--admin", "0"], process.env);
    told = await demo.json<Listening>("listening");
    const args = ["--no-sandbox", "--disable-gpu", ...quiet];
    browser = await chromium.launch({ executablePath: pathOf("chromium") ?? "", args });
  });

  afterAll(async () => {
    await browser?.close();
    demo.child.kill("SIGINT");
    expect(await demo.ended).toBe(0);
  });

  async function opened(options: BrowserContextOptions = {}): Promise<Page> {
    trouble = [];
    const context = await browser.newContext({ locale: "en-US", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.on("console", (message) => trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(String(error)));
    page.on("request", (request) => request.url().startsWith(told.showroom) || trouble.push(request.url()));
    await page.goto(told.showroom);
    return page;
  }

  const stats = async () => (await (await fetch(`${told.admin}/stats`)).json()) as Stats;
  const isReady = async () => (await fetch(`${told.admin}/readyz`)).ok;
  const endpoint = (name: string) => told.proxies.find((one) => one.name === name)?.to;
  const answers = async (reason: string) => (await stats()).exchanges.answers[reason] ?? 0;
  const closed = async (reason: string) => (await stats()).connections.downstream.closed[reason] ?? 0;
  const button = (page: Page, name: string, exact = true): Locator => page.getByRole("button", { name, exact });
  const watch = (page: Page) => page.getByRole("status");

  it("stops an origin, and starts it again", async () => {
    const page = await opened();
    await button(page, "Stop: node").click();
    await until("requests to it fail, with the reason", async () => (await answers("connect-failed")) > 0);
    expect(await watch(page).textContent()).toContain("502 with connect-failed");
    await button(page, "Start again: node").click();
    await button(page, "Stop: node").waitFor();
    const isServed = async () => {
      const exchanges = await fetch(`${told.admin}/api/exchanges?limit=1&status=200&endpoint=${endpoint("node")}`);
      const [latest] = ((await exchanges.json()) as { exchanges: { time: string }[] }).exchanges;
      return latest !== undefined && Date.parse(latest.time) > startedAgain;
    };
    const startedAgain = Date.now();
    await until("it answers again", isServed);
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("shortens an origin's timeout, which hopwise learns, and counts both proxies' failures side by side", async () => {
    const page = await opened();
    await button(page, "Shorten its timeout: silent").click();
    const lifetime = async () =>
      (await stats()).endpoints.find((one) => one.endpoint === endpoint("silent"))?.lifetime_ms ?? Infinity;
    await until("hopwise has learned it", async () => (await lifetime()) < 1_300);
    expect(await page.locator('[data-origin="silent"] .state').textContent()).toBe("up, closes after 1s idle");
    const naive = page.locator('[data-text="naive.failed"]');
    await until("the naive proxy loses requests", async () => Number(await naive.textContent()) > 0);
    await button(page, "As it was: silent").click();
    await button(page, "Shorten its timeout: silent").waitFor();
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("floods with idle clients, of which the longest idle give way", async () => {
    const page = await opened();
    await button(page, "Flood with idle clients").click();
    await until("clients give way to newcomers", async () => (await closed("evicted")) > 0);
    const shown = page.locator('[data-text="evicted"]');
    await until("the page counts them, too", async () => Number(await shown.textContent()) > 0);
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("drains, by the keyboard alone, and starts again with what was counted", async () => {
    const page = await opened();
    await button(page, "Drain").focus();
    await page.keyboard.press("Enter");
    await until("it is not ready any more", async () => !(await isReady()));
    await button(page, "Start again").waitFor();
    expect(await closed("drained")).toBeGreaterThan(0);
    const before = (await stats()).exchanges.total;
    await page.keyboard.press("Tab");
    await button(page, "Start again").focus();
    await page.keyboard.press("Enter");
    await until("it is ready again", isReady);
    await until("and serves", async () => (await stats()).exchanges.total > before);
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("leads to the dashboard, and the dashboard back", async () => {
    const page = await opened();
    const link = page.getByRole("link", { name: "Open the dashboard" });
    expect(await link.getAttribute("href")).toBe(`${told.admin}/`);
    const dashboard = await (await fetch(told.admin, { headers: { Accept: "text/html" } })).text();
    // It is not there where nobody has built it.
    if (!dashboard.includes("The dashboard is not here")) expect(dashboard).toContain(`href="${told.showroom}"`);
    await page.context().close();
  });

  it.each(["light", "dark"] as const)("fits a phone, and is %s where the system is", async (colorScheme) => {
    const page = await opened({ viewport: phone, colorScheme });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(phone.width);
    expect(await page.evaluate("getComputedStyle(document.documentElement).colorScheme")).toBe(colorScheme);
    expect(await button(page, "Stop: stream").isVisible()).toBe(true);
    await page.context().close();
  });

  it("works without its script", async () => {
    const page = await opened({ javaScriptEnabled: false });
    await button(page, "Stop: old").click();
    await button(page, "Start again: old").click();
    await button(page, "Stop: old").waitFor();
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });
});
