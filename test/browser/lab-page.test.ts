/** The lab's page in Chromium, opened from a file: it is stepped through by the keyboard, and asks nobody for anything. */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageOf } from "../../src/lab/page/page.ts";
import { Directory } from "../interop/support/directory.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { dumbPlay, hopwisePlay } from "../kit/plays.ts";
import { quiet } from "./quiet.ts";

const narrations = dumbPlay.steps.flatMap(({ narration }) => (narration === undefined ? [] : [narration]));
const another = { ...hopwisePlay, scenario: "another", title: { en: "Another", ko: "다른 시나리오" } };
const wide = { width: 1400, height: 900 };
const phone = { width: 360, height: 740 };

describe.skipIf(!has("chromium"))(`the lab's page in Chromium${needing("chromium")}`, () => {
  const directory = new Directory();
  let browser: Browser;
  let address: string;
  /** What should never happen: complaints of the page, and requests other than for the page itself. */
  let trouble: string[] = [];

  beforeAll(async () => {
    const file = directory.at("lab.html");
    writeFileSync(file, pageOf([dumbPlay, hopwisePlay, another]));
    address = pathToFileURL(file).href;
    const args = ["--no-sandbox", "--disable-gpu", ...quiet];
    browser = await chromium.launch({ executablePath: pathOf("chromium") ?? "", args });
  });

  afterAll(async () => {
    await browser?.close();
    directory.remove();
  });

  async function opened(options: BrowserContextOptions = {}, hash = ""): Promise<Page> {
    trouble = [];
    const context = await browser.newContext({ viewport: wide, reducedMotion: "reduce", locale: "en-US", ...options });
    const page = await context.newPage();
    page.on("console", (message) => trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(String(error)));
    page.on("request", (request) => request.url() !== address && trouble.push(request.url()));
    await page.goto(address + hash);
    return page;
  }

  const told = async (page: Page) => (await page.locator("#live").textContent()) ?? "";
  const times = async (page: Page, key: string, count: number) => {
    for (let pressed = 0; pressed < count; pressed += 1) await page.keyboard.press(key);
  };

  it.each(["en", "ko"] as const)("tells the whole play, step by step, in %s", async (language) => {
    const page = await opened({ locale: language === "ko" ? "ko-KR" : "en-US" });
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    const heard: string[] = [];
    for (let step = 0; step < dumbPlay.steps.length + hopwisePlay.steps.length; step += 1) {
      await page.keyboard.press("ArrowRight");
      heard.push(await told(page));
    }
    const missing = narrations.filter((narration) => !heard.some((text) => text.includes(narration[language])));
    expect(missing).toStrictEqual([]);
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("opens in the language it was made for, whoever reads it, and can be turned to the other", async () => {
    const file = directory.at("korean.html");
    writeFileSync(file, pageOf([dumbPlay], "ko"));
    const page = await opened();
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator("html").getAttribute("lang")).toBe("ko");
    await page.keyboard.press("l");
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await page.context().close();
  });

  it("shows the time on its axis whole, from the beginning on", async () => {
    const page = await opened();
    const badge = await page.locator(".on-axis rect").first().boundingBox();
    const drawing = await page.locator(".body").first().boundingBox();
    expect(badge?.y).toBeGreaterThanOrEqual(drawing?.y ?? Number.POSITIVE_INFINITY);
    await page.context().close();
  });

  it("goes back, to the beginning and to the end", async () => {
    const page = await opened();
    await times(page, "ArrowRight", 2);
    const second = await told(page);
    await times(page, "ArrowRight", 1);
    expect(await told(page)).not.toBe(second);
    await page.keyboard.press("ArrowLeft");
    expect(await told(page)).toBe(second);
    await page.keyboard.press("End");
    expect(await page.locator(".controls .clock").textContent()).toBe("5.22 s");
    await page.keyboard.press("Home");
    expect(await page.locator(".controls .clock").textContent()).toBe("0.0 ms");
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("changes its language and its theme, and shows what is hidden", async () => {
    const page = await opened();
    const title = (language: string) => page.locator(`.scenario:not([hidden]) h1 [lang=${language}]`);
    const paper = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    const light = await paper();
    await page.keyboard.press("t");
    expect(await paper()).not.toBe(light);
    await page.keyboard.press("t");
    expect(await paper()).toBe(light);
    await page.keyboard.press("l");
    expect(await title("ko").isVisible()).toBe(true);
    expect(await title("en").isVisible()).toBe(false);
    await page.keyboard.press("Shift+?");
    expect(await page.locator("#help").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    await times(page, "ArrowRight", 2);
    const marked = page.locator(".pane mark");
    expect(await marked.first().textContent()).toBe("Connection: Keep-Alive");
    await page.keyboard.press("o");
    expect(await marked.first().isVisible()).toBe(false);
    await page.context().close();
  });

  it("is dark where the system is", async () => {
    const page = await opened({ colorScheme: "dark" });
    expect(await page.evaluate("getComputedStyle(document.documentElement).colorScheme")).toBe("dark");
    await page.context().close();
  });

  it("plays by itself, and pauses", async () => {
    const page = await opened({ reducedMotion: "no-preference" });
    await page.keyboard.press(" ");
    await page.waitForURL(/\/2$/);
    await page.keyboard.press(" ");
    expect(await page.locator("html").getAttribute("data-playing")).toBeNull();
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("is scrubbed through time", async () => {
    const page = await opened();
    await page.locator("#scrub").fill("300");
    const text = (await page.locator("#scrub").getAttribute("aria-valuetext")) ?? "";
    expect(text).toMatch(/^1[0-9]{2} ms$/);
    expect(await page.locator(".playhead").first().getAttribute("transform")).toBe("translate(0 300)");
    await page.context().close();
  });

  it("has all scenarios, and an address for every step of each", async () => {
    const page = await opened({}, "#another/3");
    expect(await page.locator(".scenario:not([hidden]) h1 [lang=en]").textContent()).toBe("Another");
    expect(await page.evaluate("location.hash")).toBe("#another/3");
    await page.keyboard.press("[");
    expect(await page.locator(".scenario:not([hidden]) h1 [lang=en]").textContent()).toBe(dumbPlay.title.en);
    await page.context().close();
  });

  it.each([
    ["wide to narrow and back", [wide, { width: 900, height: 900 }, wide]],
    ["narrow to wide and back", [{ width: 390, height: 844 }, wide, { width: 390, height: 844 }]],
  ])("keeps its place when the window is resized: %s", async (_, sizes) => {
    const [first = wide, ...others] = sizes;
    const page = await opened({ viewport: first });
    await times(page, "ArrowRight", 6);
    const place = await page.evaluate("location.hash");
    const clock = await page.locator(".controls .clock").textContent();
    expect(place).not.toBe("#dumb-proxy/0");
    for (const size of others) {
      await page.setViewportSize(size);
      const panels = size.width <= 900 ? 1 : 2;
      await page.waitForFunction(`document.querySelectorAll(".pane:not([hidden])").length === ${panels}`);
      expect(await page.locator(".controls .clock").textContent()).toBe(clock);
      expect(await page.evaluate("location.hash")).toBe(place);
      expect(await page.locator(".pane:visible .card").count()).toBe(panels);
    }
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("goes on playing when the window is resized", async () => {
    const page = await opened({ reducedMotion: "no-preference" });
    await page.keyboard.press(" ");
    await page.waitForURL(/\/2$/);
    await page.setViewportSize({ width: 880, height: 900 });
    await page.waitForURL(/\/[3-9]$/);
    expect(await page.locator("html").getAttribute("data-playing")).toBe("");
    await page.context().close();
  });

  it("fits a phone: one play at a time, nothing wider than the screen", async () => {
    const page = await opened({ viewport: phone });
    expect(await page.locator(".panel:visible").count()).toBe(1);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(phone.width);
    await page.locator(".scenario:not([hidden]) .cast button").last().click();
    expect(await page.locator(".panel:visible").getAttribute("data-play")).toBe("1");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await told(page)).toBe("The same request.");
    expect(trouble).toStrictEqual([]);
    await page.context().close();
  });

  it("without its script is a document that shows and tells all", async () => {
    const page = await opened({ javaScriptEnabled: false });
    expect(await page.locator(".scenario:visible").count()).toBe(2);
    await page.locator(".transcript summary").first().click();
    expect(await page.locator(".transcript .says [lang=en]:visible").first().isVisible()).toBe(true);
    expect(await page.locator("#dock").isVisible()).toBe(false);
    await page.context().close();
  });
});
