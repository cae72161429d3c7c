/** The lanes of connections in Chromium, of a proxy that does not exist and stands still: keys, pointer, words, and the drawing itself. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { layoutOf, xOf } from "../../dashboard/lanes/layout.ts";
import { Directory } from "../interop/support/directory.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { POLICY } from "./dashboard-server.ts";
import { quiet } from "./quiet.ts";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const phone = { width: 390, height: 844 };
const STILL = "still&seed=1&clients=10&rate=12&failures=8";

/** What is known of an exchange on one connection, as the page tells it. */
interface Place {
  readonly key: string;
  readonly row: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly now_ms: number;
  readonly other: string;
}

describe.skipIf(!has("chromium"))(`the lanes in Chromium${needing("chromium")}`, () => {
  const directory = new Directory();
  let browser: Browser;
  let server: Server;
  let address: string;
  let trouble: string[] = [];
  const pages: Page[] = [];

  beforeAll(async () => {
    await build({
      ...{ configFile: root("dashboard/vite.config.ts"), logLevel: "error" },
      build: {
        ...{ outDir: directory.at("workbench"), emptyOutDir: true },
        rolldownOptions: { input: root("dashboard/lanes/workbench.html") },
      },
    });
    server = createServer((asked, answer) => {
      const path = (asked.url ?? "/").replace(/\?.*/, "");
      try {
        const body = readFileSync(join(directory.at("workbench"), path));
        answer.writeHead(200, { "content-type": types[extname(path)] ?? "", "content-security-policy": POLICY });
        answer.end(body);
      } catch {
        answer.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lanes/workbench.html`;
    browser = await chromium.launch({
      ...{ executablePath: pathOf("chromium") ?? "", args: ["--no-sandbox", "--disable-gpu", ...quiet] },
    });
  });

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(trouble).toStrictEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    directory.remove();
  });

  async function opened(query = STILL, context: BrowserContextOptions = {}): Promise<Page> {
    trouble = [];
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 }, ...context })).newPage();
    pages.push(page);
    page.on("console", (message) => message.text().includes("favicon") || trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(String(error)));
    await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
    await page.goto(`${address}?${query}`);
    await page.locator(".lanes-group h2").first().waitFor();
    return page;
  }

  const said = (page: Page) => page.locator("[role=status]").textContent();
  const story = (page: Page) => page.locator(".lane-story");
  /** A number for what is drawn. */
  const picture = (page: Page) =>
    page.evaluate<number>(`(() => {
      const text = document.querySelector(".lanes-canvas").toDataURL();
      let sum = 7;
      for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
      return sum;
    })()`);
  /** Until the next frame is drawn. */
  const frame = (page: Page) =>
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");

  async function press(page: Page, ...keys: string[]): Promise<void> {
    await page.locator(".lanes").focus();
    for (const key of keys) await page.keyboard.press(key);
  }

  /** A long exchange of the lane in the first row that has ended and went on. */
  function longOne(page: Page): Promise<Place> {
    return page.evaluate<Place>(`(() => {
      const { model } = workbench;
      const lanes = model.lanes("downstream", model.now() - 20000);
      for (const [row, { key, exchanges }] of lanes.entries()) {
        const one = exchanges.find((it) => it.upstream && it.endedAt_ms - it.beganAt_ms > 400 && it.beganAt_ms > model.now() - 8000);
        if (one) return { key, row, from_ms: one.beganAt_ms, to_ms: one.endedAt_ms, now_ms: model.now(), other: one.upstream.connection.key };
      }
    })()`);
  }

  async function pointOf(page: Page, { row, from_ms, to_ms, now_ms }: Place) {
    const box = await page.locator("[data-hop=downstream] .lanes-scroller").boundingBox();
    if (box === null) throw new Error("the lanes are not there");
    const layout = layoutOf(await page.evaluate<number>("document.querySelector('.lanes').clientWidth"));
    return { x: box.x + xOf(layout, (from_ms + to_ms) / 2, now_ms), y: box.y + (row + 0.5) * layout.rowHeight };
  }

  it("by keys alone: lane, exchange, counterpart, story, and back, each said in words", async () => {
    const page = await opened();
    await press(page, "ArrowDown");
    expect(await said(page)).toMatch(/^Client 10\.1\.[0-9.]+:4[0-9]+, connection 1(?:, gone)?: [0-9]+ exchanges/);
    await press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft");
    const onClient = (await said(page)) ?? "";
    expect(onClient).toMatch(
      /^Exchange [0-9]+ \((?:GET|POST) shop\.example\/.*went as exchange [0-9]+ of origin http:/,
    );
    await press(page, "c");
    expect(await said(page)).toMatch(/came as exchange [0-9]+ of client 10\.1\..*, connection 1\.$/);
    await press(page, "Enter");
    await story(page).getByText("Its time:").waitFor();
    expect(await story(page).locator("h2").textContent()).toMatch(/^Origin http:/);
    await page.keyboard.press("Escape");
    await story(page).waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.className")).toBe("lanes");
    await press(page, "End");
    expect(await said(page)).toMatch(/^Origin http:/);
  });

  it("by the pointer: an exchange says what it is, and lights its counterpart on the other hop", async () => {
    const page = await opened();
    await frame(page);
    const without = await picture(page);
    const place = await longOne(page);
    const { x, y } = await pointOf(page, place);
    await page.mouse.move(x, y);
    await page.locator(".lane-tip").waitFor();
    const tip = (await page.locator(".lane-tip").textContent()) ?? "";
    expect(tip).toMatch(/^Exchange [0-9]+ \(/);
    expect(tip).toContain(`, connection ${place.other}.`);
    expect(await picture(page)).not.toBe(without);
    await page.mouse.move(5, 5);
    await page.locator(".lane-tip").waitFor({ state: "hidden" });
    await frame(page);
    expect(await picture(page)).toBe(without);
    await page.mouse.click(x, y);
    await story(page).getByText("Its time:").waitFor();
    const other = story(page).locator(".lane-other.carries");
    expect(await other.textContent()).toContain(`#${place.other}`);
    await other.click();
    await story(page)
      .locator("h2", { hasText: `connection ${place.other}` })
      .waitFor();
  });

  it("shows lanes that have a text in what is known of them, and says when none has", async () => {
    const page = await opened();
    const texts = () => page.locator(".lanes-group h2 span").allTextContents();
    /** `4 open, 28 closed`: 32 lanes. */
    const counts = async () =>
      (await texts()).map((text) => [...text.matchAll(/\d+/g)].reduce((sum, [count]) => sum + Number(count), 0));
    await expect.poll(async () => (await counts())[0]).toBeGreaterThan(5);
    await page.locator("[data-filter]").fill("response-timeout");
    await expect.poll(async () => (await texts())[0]).toBe("0 open");
    expect((await counts())[1]).toBeGreaterThan(0);
    await press(page, "ArrowDown", "Enter");
    await story(page).getByText("(response-timeout).").last().waitFor();
    await page.locator("[data-filter]").fill("nothing of this kind");
    await page.getByText("No connection has").waitFor();
  });

  it("paused, what is drawn stands still while the model goes on; then it catches up", async () => {
    const page = await opened();
    await page.locator("#pause").click();
    await page.mouse.move(5, 5);
    await frame(page);
    const paused = await picture(page);
    await page.evaluate("workbench.pass(2000)");
    await frame(page);
    expect(await picture(page)).toBe(paused);
    await page.locator("#pause").click();
    await expect.poll(() => picture(page)).not.toBe(paused);
  });

  it("with nothing there says what to do", async () => {
    const page = await opened("still&empty");
    await page.getByText("No connection yet.").waitFor();
    expect(await page.locator(".lane-empty code").textContent()).toMatch(/^curl -i http:\/\//);
  });

  it("says how many events were left out", async () => {
    const page = await opened();
    await page.evaluate('workbench.model.receive({ type: "missed", data: \'{"missed":1234}\' })');
    await page.getByText("1,234 events left out").waitFor();
  });

  it("fits a phone, where the story stands below the lanes and is scrolled to", async () => {
    const page = await opened(STILL, { viewport: phone, hasTouch: true });
    await frame(page);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(phone.width);
    await page.locator("[data-hop=downstream] .lanes-scroller").tap({ position: { x: 30, y: 12 } });
    await story(page).waitFor();
    await expect
      .poll(async () => (await story(page).locator("h2").boundingBox())?.y ?? 9_999)
      .toBeLessThan(phone.height);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(phone.width);
  });

  it.each([
    "light",
    "dark",
  ] as const)("axe finds nothing serious: %s, with a story and the legend open", async (theme) => {
    const page = await opened(STILL, { colorScheme: theme });
    await press(page, "ArrowDown", "ArrowLeft", "Enter");
    await page.locator(".lane-legend summary").click();
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8"));
    const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
      "axe.run(document.querySelector('.lane-view')).then(({ violations }) => violations)",
    );
    const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => [id, nodes[0]?.html])).toStrictEqual([]);
  });

  // How long frames take depends on what else this machine does: most of them must leave time for others even so.
  it.skipIf(process.env.TESTS_LONG !== "1")(
    "a busy proxy stays smooth: 1,000 clients, 2,000 exchanges a second",
    async () => {
      const page = await opened("seed=1&clients=1000&rate=2000");
      const drawn = () => page.evaluate<number>("workbench.drawn.length");
      await expect.poll(drawn, { timeout: 50_000 }).toBeGreaterThan(300);
      const told = await page.evaluate<{ drawn: number[]; applied: number[]; open: number; exchanges: number }>(`({
      drawn: workbench.drawn.slice(30), applied: workbench.applied.slice(30),
      open: [...workbench.model.connections.values()].filter((it) => it.hop === "downstream" && it.closedAt_ms === undefined).length,
      exchanges: workbench.model.exchanges.size,
    })`);
      const at = (all: readonly number[], share: number) =>
        all.toSorted((one, other) => one - other)[Math.floor(all.length * share)] ?? Number.POSITIVE_INFINITY;
      const [half, most] = [at(told.drawn, 0.5), at(told.drawn, 0.95)];
      console.log(
        `${told.open} clients, ${told.exchanges} exchanges known: half of ${told.drawn.length} frames drawn within ${half.toFixed(1)} ms, ` +
          `95 % within ${most.toFixed(1)} ms; half of the batches of events applied within ${at(told.applied, 0.5).toFixed(1)} ms`,
      );
      expect(told.open).toBeGreaterThan(900);
      expect(half).toBeLessThan(33);
      expect(most).toBeLessThan(200);
      expect(at(told.applied, 0.5)).toBeLessThan(33);
    },
  );

  it("where less motion is wanted, moves on once a second", async () => {
    const page = await opened("seed=1&clients=10&rate=12", { reducedMotion: "reduce" });
    await page.evaluate("workbench.drawn.length = 0");
    await expect.poll(() => page.evaluate<number>("workbench.drawn.length"), { timeout: 20_000 }).toBeGreaterThan(120);
    const pictures = await page.evaluate<number>(`new Promise((done) => {
      const seen = new Set();
      let frames = 0;
      const look = () => {
        seen.add(document.querySelector('.lanes-canvas').toDataURL());
        if (++frames < 30) requestAnimationFrame(look);
        else done(seen.size);
      };
      look();
    })`);
    expect(pictures).toBeLessThan(15);
  });
});
