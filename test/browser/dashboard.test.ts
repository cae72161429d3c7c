/** The dashboard in Chromium, of a real proxy with real traffic: what a person sees, and that the page asks nobody else for anything. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { has, needing } from "../interop/support/programs.ts";
import { DashboardPages } from "./dashboard-page.ts";

const phone = { width: 390, height: 844 };
const views = ["connections", "origins", "failures", "numbers", "table"] as const;

/** With workers, the longest state, and figures of a busy proxy: what of the page is beyond its right edge. */
const whatSticksOut = `(async () => {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  document.querySelector(".version").textContent = "10.10.10, 128 workers";
  document.querySelector(".state").textContent = "not connected";
  for (const figure of document.querySelectorAll(".vitals dd")) figure.textContent = "12345.6/s";
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const all = [...document.querySelectorAll("body *")];
  return all.filter((one) => one.getBoundingClientRect().right > clientWidth).map((one) => one.outerHTML.slice(0, 80));
})()`;

describe.skipIf(!has("chromium"))(`the dashboard in Chromium${needing("chromium")}`, () => {
  const pages = new DashboardPages();
  beforeAll(() => pages.start());
  afterEach(async () => expect(await pages.clear()).toStrictEqual([]));
  afterAll(() => pages.stop());

  const answering = () => pages.origin((_request, response) => response.end("ok"));
  const figure = (page: Page, name: string) => page.locator(".vitals div", { hasText: name }).locator("dd");
  const isLive = (page: Page) => page.getByText("live", { exact: true }).waitFor();

  it("says what to do while nothing has come, and shows life as soon as something has", async () => {
    const { page, send } = await pages.open({ to: await answering() });
    await page.getByText("No request has come yet.").waitFor();
    expect(await page.locator(".empty pre").textContent()).toMatch(/^curl -i http:/);
    await isLive(page);
    await send("/");
    await page.getByText("No request has come yet.").waitFor({ state: "detached" });
    await expect.poll(() => figure(page, "requests").textContent()).toMatch(/^0?[.1-9]/);
    expect(await figure(page, "in progress").textContent()).toBe("0");
  });

  it("is nowhere wider than its window, however wide that is, and whatever the header says", async () => {
    const { page, proxy, send } = await pages.open({ to: await answering() });
    await send("/");
    await isLive(page);
    for (const isPaused of [false, true]) {
      if (isPaused) await page.getByRole("button", { name: "Pause" }).click();
      for (const width of [320, 390, 480, 600, 768, 900, 1101, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        for (const view of views) {
          await page.evaluate(`location.hash = "#/${view}"`);
          await page.locator(`#tab-${view}[aria-selected="true"]`).waitFor();
          const wider = await page.evaluate(whatSticksOut);
          expect(wider, `${view} at ${width}`).toStrictEqual([]);
        }
      }
    }
    expect(proxy.stats().exchanges.total).toBe(1);
  });

  describe("follows a failure to its two connections, in three clicks", () => {
    const toTheExchange = async (page: Page, cause: string) => {
      await page.getByRole("tab", { name: /^Failures/ }).click();
      await page.getByRole("link", { name: new RegExp(cause) }).click();
      await page.locator(".rows a.clip").first().click();
      return page.locator(".exchange-story");
    };

    it("an origin that closed early", async () => {
      const to = await pages.origin((request) => request.socket.destroy());
      const { page, send } = await pages.open({ to });
      expect(await send("/pay?card=1", { method: "POST", body: "x" })).toBe(502);
      const story = await toTheExchange(page, "The origin closed the connection before it answered");
      const text = await story.innerText();
      expect(text).toMatch(/POST 127\.0\.0\.1:[0-9]+\/pay\?…/);
      expect(text).toContain("look into the origin's log for a crash");
      const connections = story.locator(".connection-card");
      expect(await connections.nth(0).innerText()).toContain("From the client");
      expect(await connections.nth(1).innerText()).toContain(to);
      expect(await connections.nth(1).innerText()).toContain("(peer-closed)");
    });

    it("a name that is not found", async () => {
      const { page, send } = await pages.open({ to: "http://nobody.invalid:1234" });
      expect(await send("/")).toBe(502);
      const story = await toTheExchange(page, "No connection to the origin could be opened");
      expect(await story.innerText()).toMatch(/its name cannot be resolved|no name server answered/);
      expect(await story.innerText()).toContain("There was no connection to http://nobody.invalid:1234 for it.");
    });

    it("an origin that is silent", async () => {
      const to = await pages.origin(() => {});
      const { page, send } = await pages.open({ to, responseTimeout: 100 });
      expect(await send("/report")).toBe(504);
      const story = await toTheExchange(page, "did not begin to answer in time");
      expect(await story.innerText()).toContain("--response-timeout");
      expect(await story.locator(".connection-card").nth(1).innerText()).toContain("(response-timeout)");
      expect(await story.locator(".span-names").innerText()).toContain("origin, without an answer");
    });
  });

  it("shows origins: their pool, and how long they say and were seen to let connections idle", async () => {
    const to = await pages.origin(
      (_request, response) => response.end("ok"),
      (server) => {
        server.keepAliveTimeout = 7_000;
      },
    );
    const { page, send } = await pages.open({ to }, {}, "#/origins");
    for (let sent = 0; sent < 4; sent++) await send("/");
    const endpoint = page.locator(".endpoint", { hasText: to });
    await endpoint.getByText("0 busy, 1 idle").waitFor();
    await endpoint.getByText("says 7s").waitFor();
    await endpoint.getByText("75 %").waitFor();
    expect(await endpoint.locator(".mark").textContent()).toBe("well");
  });

  it("says of an origin without another to take its requests that its last one failed, and why", async () => {
    const { page, send } = await pages.open({ to: "http://127.0.0.1:1" }, {}, "#/origins");
    const endpoint = page.locator(".endpoint");
    await expect
      .poll(async () => {
        await send("/");
        return endpoint.textContent();
      })
      .toMatch(/^fails.*Its last request failed: No connection .* ECONNREFUSED, nothing listens there\./);
  });

  it("leaves a request its room in the table, however long the name of its origin is", async () => {
    const to = `http://${"a-long-name.".repeat(10)}invalid:8080`;
    const { page, send } = await pages.open({ to }, {}, "#/table");
    await send("/a/path/to/read");
    const request = page.locator("tbody .clip-cell a");
    await request.waitFor();
    const { isCut, width } = await request.evaluate(({ scrollWidth, clientWidth }) => ({
      isCut: scrollWidth > clientWidth,
      width: clientWidth,
    }));
    expect(isCut, `${width} px`).toBe(false);
    expect(await page.locator("tbody .name-cell .clip").getAttribute("title")).toBe(to);
  });

  it("says why an origin is given up", async () => {
    const { page, send } = await pages.open({ to: ["http://127.0.0.1:1", await answering()] }, {}, "#/origins");
    await isLive(page);
    const endpoint = page.locator(".endpoint", { hasText: "http://127.0.0.1:1" }).first();
    // It is tried again now and then, and shown as given up until then.
    await expect
      .poll(async () => {
        await send("/");
        return endpoint.textContent();
      })
      .toMatch(/avoided for [0-9]+.*ECONNREFUSED, nothing listens there/s);
  });

  it("draws figures over time, with those of now beside them", async () => {
    const { page, send } = await pages.open({ to: await answering() }, {}, "#/numbers");
    await isLive(page);
    await send("/");
    const requests = page.locator(".chart", { hasText: "Requests a second" });
    await expect.poll(() => requests.locator(".legend dd").first().textContent()).toMatch(/^[0-9.]+\/s$/);
    const takes = page.locator(".chart", { hasText: "How long exchanges take" });
    await expect.poll(() => takes.locator(".legend dd").first().textContent()).toMatch(/^[0-9.]+ ms$/);
    expect(await page.locator(".chart canvas").count()).toBe(4);
    await page.getByRole("button", { name: "15 minutes" }).click();
    expect(new URL(page.url()).hash).toBe("#/numbers?last=900");
  });

  describe("as a table", () => {
    it("filters and sorts, and the address says how", async () => {
      const to = await pages.origin((request, response) => {
        response.statusCode = request.url === "/missing" ? 404 : 200;
        response.end("ok");
      });
      const { page, send } = await pages.open({ to }, {}, "#/table");
      await isLive(page);
      for (const path of ["/cart", "/missing", "/cart", "/orders"]) await send(path);
      const rows = page.locator(".data tbody tr");
      await expect.poll(() => rows.count()).toBe(4);
      await page.getByRole("textbox", { name: "Status" }).fill("404");
      await expect.poll(() => rows.count()).toBe(1);
      expect(await rows.first().innerText()).toContain("/missing");
      await page.getByRole("button", { name: "Clear" }).click();
      await page.getByLabel("Path has").fill("cart");
      await page.getByRole("button", { name: "Took" }).click();
      expect(new URL(page.url()).hash).toBe("#/table?path=cart&sort=-took");
      await page.reload();
      await expect.poll(() => rows.count()).toBe(2);
      expect(await page.getByLabel("Path has").inputValue()).toBe("cart");
      expect(await page.getByRole("columnheader", { name: "Took" }).getAttribute("aria-sort")).toBe("descending");
    });

    it("leads from a connection to what it carried", async () => {
      const { page, send } = await pages.open({ to: await answering() }, {}, "#/table/connections?hop=upstream");
      await send("/cart");
      await page.locator(".data tbody a").first().click();
      const card = page.locator(".detail .connection-card");
      expect(await card.innerText()).toContain("no idle connection to this origin");
      await card.getByRole("link", { name: "/cart" }).click();
      await page.locator(".exchange-story").waitFor();
    });
  });

  it("says that the proxy drains", async () => {
    let finish = () => {};
    const to = await pages.origin((_request, response) => {
      finish = () => response.end("ok");
    });
    const { page, proxy, send } = await pages.open({ to });
    await isLive(page);
    const sent = send("/slow");
    await expect.poll(() => figure(page, "in progress").textContent()).toBe("1");
    const closed = proxy.close();
    await page.getByText("draining", { exact: true }).waitFor();
    finish();
    expect(await sent).toBe(200);
    await closed;
    await page.getByText("hopwise cannot be reached.").waitFor();
    // A browser says in its console what it cannot reach, again and again until it is closed.
    await page.context().close();
    expect(pages.trouble.splice(0).every((text) => text.includes("net::ERR"))).toBe(true);
  });

  it("says that the connection is lost, and goes on by itself with whatever comes back there", async () => {
    const to = await answering();
    const { page, proxy, admin } = await pages.open({ to });
    await isLive(page);
    await proxy.close({ graceMs: 0 });
    await page.getByText("hopwise cannot be reached.").waitFor();
    await page.getByText("not connected", { exact: true }).waitFor();
    const { send } = await pages.run({ to, admin: Number(new URL(admin).port) });
    await isLive(page);
    await page.getByText("hopwise cannot be reached.").waitFor({ state: "detached" });
    await page.keyboard.press("5");
    await send("/again");
    await page.locator(".data tbody tr", { hasText: "/again" }).waitFor();
    expect(pages.trouble.splice(0).every((text) => text.includes("net::ERR"))).toBe(true);
  });

  it.each([
    [401, "hopwise asks for a token before it shows anything."],
    [403, "hopwise refuses to be read from this page."],
  ])("explains %i", async (status, what) => {
    const { page } = await pages.open({ to: await answering() });
    await isLive(page);
    await page.route("**/stats", (route) => route.fulfill({ status, json: { status, detail: "" } }));
    await page.getByText(what).waitFor();
    await page.context().close();
    expect(pages.trouble.splice(0).every((text) => text.includes(`status of ${status}`))).toBe(true);
  });

  it("shows sums of several processes, and says what is not to be had", async () => {
    const { page, send } = await pages.open({ to: await answering() });
    await send("/");
    await page.route("**/api/**", (route) =>
      route.fulfill({ status: 501, json: { status: 501, reason: "several-processes", detail: "" } }),
    );
    await page.reload();
    await page.getByText("sums only", { exact: true }).waitFor();
    await page.keyboard.press("5");
    await page.getByText("Single connections and exchanges are not told here.").waitFor();
    await page.keyboard.press("4");
    await page.locator(".chart", { hasText: "Requests a second" }).waitFor();
    await page.context().close();
    expect(pages.trouble.splice(0).every((text) => text.includes("status of 501"))).toBe(true);
  });

  it("is used by the keyboard alone", async () => {
    const to = await pages.origin((request) => request.socket.destroy());
    const { page, send } = await pages.open({ to });
    await send("/", { method: "POST", body: "x" });
    await isLive(page);
    const focused = () => page.evaluate("document.activeElement.textContent");
    await page.keyboard.press("3");
    expect(await focused()).toMatch(/Failures/);
    await page.keyboard.press("ArrowRight");
    expect(new URL(page.url()).hash).toBe("#/numbers");
    await page.keyboard.press("ArrowLeft");
    await page.locator(".cause-row").waitFor();
    await page.keyboard.press("Tab");
    expect(await focused()).toContain("The origin closed the connection before it answered.");
    await page.keyboard.press("Enter");
    await page.locator(".detail").waitFor();
    await page.keyboard.press("Shift+?");
    expect(await page.getByRole("dialog").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").isVisible()).toBe(false);
    await page.keyboard.press("p");
    await page.getByText("paused", { exact: true }).waitFor();
    await page.keyboard.press("5");
    await page.keyboard.press("/");
    await page.keyboard.type("2xx");
    expect(new URL(page.url()).hash).toBe("#/table?status=2xx");
  });

  it("pauses what is shown, and has not missed anything when it goes on", async () => {
    const { page, send } = await pages.open({ to: await answering() }, {}, "#/table");
    await send("/before");
    await isLive(page);
    const rows = page.locator(".data tbody tr");
    await expect.poll(() => rows.count()).toBe(1);
    await page.keyboard.press("p");
    await send("/meanwhile");
    await expect.poll(() => figure(page, "requests").textContent()).toMatch(/^0?[.1-9]/);
    expect(await rows.count()).toBe(1);
    await page.keyboard.press("p");
    await expect.poll(() => rows.count()).toBe(2);
  });

  it("remembers light or dark where it is not as the system has it", async () => {
    const { page } = await pages.open({ to: await answering() }, { colorScheme: "light" });
    const scheme = () => page.evaluate("getComputedStyle(document.documentElement).colorScheme");
    await page.getByRole("button", { name: "Dark" }).click();
    expect(await scheme()).toBe("dark");
    await page.reload();
    await isLive(page);
    expect(await scheme()).toBe("dark");
    await page.getByRole("button", { name: "Light" }).click();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await scheme()).toBe("dark");
  });

  it("fits a phone, each view of it, and moves nothing while figures come", async () => {
    const to = await pages.origin((request, response) => {
      if (request.method === "POST") request.socket.destroy();
      else response.end("ok");
    });
    const { page, send } = await pages.open({ to }, { viewport: phone });
    await send("/a/rather/long/path/that/has/no/end/and/goes/on/and/on/and/on");
    await send("/", { method: "POST", body: "x" });
    await isLive(page);
    for (const [index, view] of views.entries()) {
      await page.keyboard.press(String(index + 1));
      await page.locator(`[data-view=${view}]`).waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth"), view).toBeLessThanOrEqual(phone.width);
    }
    // In a table new rows come in above the others.
    await page.keyboard.press("2");
    await page.locator(".endpoint").waitFor();
    await page.evaluate(
      "window.shifts = 0; new PerformanceObserver((list) => { for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifts += value }).observe({ type: 'layout-shift' })",
    );
    for (let sent = 0; sent < 20; sent++) await send("/");
    await expect.poll(() => figure(page, "requests").textContent()).toMatch(/^[1-9]/);
    expect(await page.evaluate("window.shifts")).toBeLessThan(0.02);
  });
});
