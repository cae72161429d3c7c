/**
 * Does a browser of today hang behind a dumb proxy? It does, wherever the origin persists by default.
 *
 * docs/browser-hang.md tells what is asserted here; `npm run hang:page` measures it and draws its pictures anew.
 * Deliberately absent: how long Chromium takes by itself.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import { createForwardProxy } from "../../src/index.ts";
import { startDumbProxyOnSockets, startServerOnSockets } from "../../src/lab/actors/on-sockets.ts";
import type { ServerTemper } from "../../src/lab/actors/server.ts";
import { pictureOf } from "../../src/lab/drawing/svg.ts";
import type { Play, Text } from "../../src/lab/play.ts";
import { has, needing, pathOf } from "../interop/support/programs.ts";
import { quiet } from "./quiet.ts";
import { type Passed, Taps } from "./tap.ts";

/** How long the origin lets a connection idle: this long Chromium hangs, if it hangs. */
const TIMEOUT_MS = 1500;

const http11: ServerTemper = { version: "1.1", persists: "by-default", timeout_ms: TIMEOUT_MS };
const http10: ServerTemper = { version: "1.0", persists: "when-asked", timeout_ms: TIMEOUT_MS };

interface Measured extends Passed {
  /** From asking for the second page until it was there. */
  readonly second_ms: number;
  /** From the first page's passing the proxy until the second was there. */
  readonly since_ms: number;
  readonly text: string;
  /** What the dumb proxy was sent and did not read. */
  readonly ignored: readonly string[];
  readonly targets: readonly string[];
}

async function measured(kind: "dumb" | "hopwise", temper: ServerTemper): Promise<Measured> {
  const targets: string[] = [];
  const origin = await startServerOnSockets({
    ...temper,
    mediaType: "text/html",
    respond: ({ target }) => {
      targets.push(target);
      // Whoever has an icon is not asked for one: that request might take the kept connection instead.
      return { body: `<!doctype html><link rel="icon" href="data:,"><p>this is ${target}</p>` };
    },
  });
  const ignored: string[] = [];
  const taps = new Taps(`127.0.0.1:${origin.port}`);
  const dumb = await startDumbProxyOnSockets(
    { host: "127.0.0.1", port: await taps.between("proxy", "origin", origin.port) },
    { ignored: (octets) => ignored.push(octets) },
  );
  const hopwise = createForwardProxy({ listen: 0, allowPrivate: true });
  const port = kind === "dumb" ? dumb.port : (await hopwise.listen()).port;
  const proxy = `http://127.0.0.1:${await taps.between("browser", "proxy", port)}`;
  const browser = await chromium.launch({
    executablePath: pathOf("chromium") ?? "",
    args: [`--proxy-server=${proxy}`, "--proxy-bypass-list=<-loopback>", "--no-sandbox", "--disable-gpu", ...quiet],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${origin.url}/first`);
    const began_ms = performance.now();
    await page.goto(`${origin.url}/second`);
    const second_ms = performance.now() - began_ms;
    const text = (await page.textContent("body")) ?? "";
    const passed = taps.passed();
    const first = passed.steps.find((step) => step.kind === "message" && step.title.startsWith("HTTP/1."));
    const since_ms = began_ms + second_ms - (first?.at_ms ?? began_ms);
    return { second_ms, since_ms, text, ignored, targets, ...passed };
  } finally {
    await browser.close();
    taps.stop();
    dumb.close();
    origin.close();
    await hopwise.close();
  }
}

const ours = (octets: readonly string[]) =>
  octets.filter((text) => text.startsWith("GET ") && text.includes("/second HTTP/"));

describe.skipIf(!has("chromium"))(`Chromium behind a dumb proxy${needing("chromium")}`, () => {
  it("hangs on its second page until the origin's patience ends, if the origin persists by default", async () => {
    const result = await measured("dumb", http11);
    // On the kept connection, to a proxy that does not listen.
    expect(ours(result.ignored)).toHaveLength(1);
    // The origin's patience is counted from its first answer, a part of which Chromium needs to show the page.
    expect(result.since_ms).toBeGreaterThan(TIMEOUT_MS * 0.95);
    // Chromium repeats it, GET being idempotent, until it gets a fresh connection.
    expect(result.text).toContain("/second");
    expect(result.targets.filter((target) => target.endsWith("/second"))).toHaveLength(1);
    draw("dumb", result);
  });

  it("does not hang behind hopwise in its place", async () => {
    const result = await measured("hopwise", http11);
    expect(result.text).toContain("/second");
    expect(result.second_ms).toBeLessThan(TIMEOUT_MS * 0.9);
    draw("hopwise", result);
  });

  it("avoids the hang where only `Connection: keep-alive` persists: it says Proxy-Connection, and HTTP/1.1", async () => {
    const result = await measured("dumb", http10);
    expect(ours(result.ignored)).toStrictEqual([]);
    expect(result.second_ms).toBeLessThan(TIMEOUT_MS * 0.9);
    const requests = result.steps.flatMap((step) =>
      step.kind === "message" && step.from === "browser" ? [step.octets] : [],
    );
    expect(requests.length).toBeGreaterThanOrEqual(2);
    for (const octets of requests) {
      expect(octets).toMatch(/ HTTP\/1\.1\r\n/);
      expect(octets).toContain("Proxy-Connection: keep-alive\r\n");
      expect(octets).not.toMatch(/\r\nConnection:/);
    }
  });
});

/** Only when asked to: a measured picture is never twice the same. */
function draw(kind: "dumb" | "hopwise", result: Measured): void {
  if (process.env.TESTS_PAGES === undefined) return;
  mkdirSync(fileURLToPath(new URL("../../docs/pictures", import.meta.url)), { recursive: true });
  const seconds = (result.second_ms / 1000).toFixed(1);
  const file = new URL(`../../docs/pictures/browser-${kind}.svg`, import.meta.url);
  writeFileSync(fileURLToPath(file), pictureOf([playOf(kind, result)], "en"));
  process.stderr.write(`${kind}: the second page took ${seconds} s\n`);
}

function playOf(kind: "dumb" | "hopwise", { steps, connections, second_ms }: Measured): Play {
  const both = (en: string): Text => ({ en, ko: en });
  const asked = steps.find((step) => step.kind === "message" && step.title.startsWith("GET /second"));
  const answered = steps.findLast((step) => step.kind === "message" && step.from !== "browser");
  const hasOrigin = kind === "dumb";
  const hang = {
    kind: "wait",
    actor: "browser",
    at_ms: asked?.at_ms ?? 0,
    until_ms: answered?.at_ms ?? 0,
    isHang: true,
    text: both("waits for the second page"),
  } as const;
  const actors = [
    { id: "browser", role: "client", title: both("Chromium") },
    { id: "proxy", role: "proxy", title: both(kind === "dumb" ? "dumb proxy" : "hopwise") },
    ...(hasOrigin ? [{ id: "origin", role: "server", title: both("HTTP/1.1 origin") } as const] : []),
  ] as const;
  return {
    scenario: "browser-hang",
    title: both("Chromium behind a proxy"),
    proxy: kind,
    network: "sockets",
    rtt_ms: 0,
    actors,
    connections,
    steps: [...steps, ...(hasOrigin ? [hang] : [])].sort((a, b) => a.at_ms - b.at_ms),
    outcome: hasOrigin ? "fails" : "works",
    verdict: both(`The second page took ${second_ms.toFixed(0)} ms.`),
    measures: [],
    moral: both("Each hop is its own."),
    sources: ["RFC 9110 section 7.6.1"],
  };
}
