/**
 * Chromium through the forward proxy: whole pages over http and through tunnels, on few connections, each with its reason.
 *
 * What is asserted is read from the access log, by site: a browser has errands of its own, which have no business here.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ConnectionEntry, ExchangeEntry } from "../../src/ledger/entries.ts";
import { Directory } from "../interop/support/directory.ts";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { type Loaded, RESOURCES, type Site, startSite, whole } from "../interop/support/site.ts";
import { quiet } from "./quiet.ts";

/** Chromium opens at most this many connections to one host, through a proxy, too (and 32 to one proxy in all). */
const PER_HOST_MAX = 6;

const programs = ["chromium", "openssl"];

/** What the proxy has to say of one site. */
interface Told {
  readonly exchanges: readonly ExchangeEntry[];
  readonly downstream: readonly ConnectionEntry[];
  readonly upstream: readonly ConnectionEntry[];
}

function toldOf(site: Site, log: string): Told {
  const lines = readFileSync(log, "utf8").trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as ExchangeEntry | ConnectionEntry);
  const exchanges = entries.filter(
    (entry): entry is ExchangeEntry => entry.type === "exchange" && entry.target.includes(new URL(site.url).host),
  );
  const connections = entries.filter((entry) => entry.type === "connection");
  const ids = new Set(exchanges.flatMap(({ downstream, upstream }) => [downstream.id, upstream?.id]));
  const of = (hop: string) => connections.filter((entry) => entry.hop === hop && ids.has(entry.id));
  return { exchanges, downstream: of("downstream"), upstream: of("upstream") };
}

const reasonsOf = (connections: readonly ConnectionEntry[]) => [...new Set(connections.map(({ closed }) => closed))];

describe.skipIf(!programs.every(has))(`Chromium through the forward proxy${needing(...programs)}`, () => {
  let plain: Site;
  let secure: Site;
  let hopwise: Hopwise;
  let browser: Browser;
  const directory = new Directory();
  const log = directory.at("log");

  beforeAll(async () => {
    [plain, secure] = await Promise.all([startSite(false), startSite(true)]);
  });

  afterAll(async () => {
    await Promise.all([plain?.stop(), secure?.stop()]);
    directory.remove();
  });

  beforeEach(async () => {
    // The sites are on this machine, and on ports of the system's choice.
    writeFileSync(log, "");
    const options = ["--allow-private", "--connect-ports", "1-65535", "--access-log", log, "--log-connections"];
    hopwise = await startHopwise(options, "forward");
    browser = await chromium.launch({
      executablePath: pathOf("chromium") ?? "",
      args: [
        `--proxy-server=${hopwise.url}`,
        // Without this, what is on this machine is reached past the proxy.
        "--proxy-bypass-list=<-loopback>",
        "--ignore-certificate-errors",
        "--no-sandbox",
        "--disable-gpu",
        ...quiet,
      ],
    });
  });

  afterEach(async () => {
    await browser?.close();
    await hopwise?.stop("SIGKILL").catch(() => undefined);
  });

  async function load(page: Page, site: Site): Promise<Loaded> {
    await page.goto(site.url, { waitUntil: "load" });
    return (await page.evaluate(`({
      images: [...document.images].filter(({ naturalWidth }) => naturalWidth === 3).length,
      scripts: window.scriptsRun,
      styles: document.styleSheets.length,
    })`)) as Loaded;
  }

  /** Ends the browser, then the proxy, and reads what that had to say. */
  async function told(site: Site): Promise<Told> {
    await browser.close();
    expect((await hopwise.stop()).code).toBe(0);
    return toldOf(site, log);
  }

  it("loads pages over http, on no more connections than a browser opens to one host", async () => {
    const page = await browser.newPage();
    const before = { requests: plain.requests(), connections: plain.connections() };
    expect(await load(page, plain)).toEqual(whole);
    const opened = plain.connections() - before.connections;
    expect(opened).toBeLessThanOrEqual(PER_HOST_MAX);
    // Once more, on what is open already.
    expect(await load(page, plain)).toEqual(whole);
    expect(plain.connections() - before.connections).toBe(opened);
    expect(plain.requests() - before.requests).toBe(2 * RESOURCES);

    const { exchanges, downstream, upstream } = await told(plain);
    expect(exchanges.map(({ status, outcome }) => `${status} ${outcome}`)).toEqual(
      Array.from({ length: 2 * RESOURCES }, () => "200 completed"),
    );
    expect(downstream.length).toBeLessThanOrEqual(PER_HOST_MAX);
    // Each client's connection carries one exchange at a time, so that no more are ever needed to the origin.
    expect(upstream).toHaveLength(opened);
    expect(opened).toBeLessThanOrEqual(downstream.length);
    expect(exchanges.filter((exchange) => exchange.upstream?.reused)).toHaveLength(2 * RESOURCES - opened);
    expect(reasonsOf(downstream)).toEqual(["peer-closed-idle"]);
    expect(reasonsOf(upstream)).toEqual(["drained"]);
  });

  it("loads pages over https through tunnels, each of which ends with the browser", async () => {
    const page = await browser.newPage();
    const before = { requests: secure.requests(), connections: secure.connections() };
    expect(await load(page, secure)).toEqual(whole);
    expect(secure.requests() - before.requests).toBe(RESOURCES);
    const tunnels = secure.connections() - before.connections;
    expect(tunnels).toBeLessThanOrEqual(PER_HOST_MAX);

    const { exchanges, downstream, upstream } = await told(secure);
    expect(exchanges.map(({ method, outcome }) => `${method} ${outcome}`)).toEqual(
      Array.from({ length: tunnels }, () => "CONNECT tunnel"),
    );
    expect([downstream.length, upstream.length]).toEqual([tunnels, tunnels]);
    expect(reasonsOf(downstream)).toEqual(["tunnel-ended"]);
    expect(reasonsOf(upstream)).toEqual(["tunnel-ended"]);
  });

  it("tells the origin nothing of the client beyond Via", async () => {
    await load(await browser.newPage(), plain);
    const names = [...plain.fields];
    expect(names).toContain("via");
    expect(names.filter((name) => /forwarded|^proxy-/.test(name))).toEqual([]);
  });
});
