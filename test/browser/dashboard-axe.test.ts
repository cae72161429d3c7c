/** The dashboard as tools for people who do not see it, or not well, judge it: axe-core finds nothing serious, light or dark. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { has, needing } from "../interop/support/programs.ts";
import { DashboardPages, type Opened } from "./dashboard-page.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe.skipIf(!has("chromium"))(`axe-core on the dashboard${needing("chromium")}`, () => {
  const pages = new DashboardPages();
  let opened: Opened;

  beforeAll(async () => {
    await pages.start();
    const to = await pages.origin((request, response) => {
      if (request.method === "POST") request.socket.destroy();
      else response.end("ok");
    });
    opened = await pages.open({ to });
    const { page, send } = opened;
    for (let sent = 0; sent < 3; sent++) await send("/cart");
    await send("/pay", { method: "POST", body: "x" });
    await page.getByText("live", { exact: true }).waitFor();
    await page.evaluate(axe);
  });

  afterAll(async () => {
    expect(await pages.clear()).toStrictEqual([]);
    await pages.stop();
  });

  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    it.each([
      ["connections", "#/connections", "main"],
      ["origins", "#/origins", ".endpoint"],
      ["failures", "#/failures", ".cause-row"],
      ["a cause", "#/failures/upstream-closed", ".rows a"],
      ["numbers", "#/numbers", ".chart"],
      ["exchanges", "#/table/exchanges?sort=-took", ".data a"],
      ["connections as a table", "#/table/connections", ".data a"],
    ])("%s", async (_view, fragment, there) => {
      const { page } = opened;
      await page.emulateMedia({ colorScheme });
      await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`);
      await page.locator(there).first().waitFor();
      const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join("; ")}`);
      expect(told).toStrictEqual([]);
    });
  });

  it("the story of an exchange", async () => {
    const { page } = opened;
    await page.evaluate(`location.hash = "#/failures/upstream-closed"`);
    await page.locator(".rows a.clip").first().click();
    await page.locator(".exchange-story").waitFor();
    const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
    expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toStrictEqual([]);
  });
});
