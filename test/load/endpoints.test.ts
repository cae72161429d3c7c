/**
 * Endpoints that are killed, stopped and restored under load: what fails is counted with its reason, nothing is done twice, and what comes
 * back is not flooded.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { GroupOptions } from "../../src/config/public-group.ts";
import { createGateway, type EndpointStats, type HopwiseProxy } from "../../src/index.ts";
import { isLong } from "../interop/support/long.ts";
import { EndpointProcess } from "./endpoints/endpoint-process.ts";
import { type SentRequest, SteadyLoad } from "./endpoints/load.ts";

const CLIENTS = isLong ? 64 : 16;
const ROUNDS = isLong ? 3 : 1;
/** Long enough for dozens of requests. */
const SPELL_MS = isLong ? 4_000 : 300;
/** How long an endpoint that is tried again takes for its first answer: long enough that a flood would be seen. */
const HOLD_MS = 300;

/** What happened to an endpoint, and when the proxy had noticed. */
interface Failure {
  readonly began_ms: number;
  readonly noticed_ms: number;
  readonly ended_ms: number;
}

class Site {
  readonly endpoints: readonly EndpointProcess[] = Array.from({ length: 3 }, () => new EndpointProcess());
  readonly failures: Failure[] = [];
  readonly proxy: HopwiseProxy;
  readonly load: SteadyLoad;
  private readonly heard: (() => void)[] = [];

  private constructor(endpoints: readonly EndpointProcess[], proxy: HopwiseProxy, port: number) {
    this.endpoints = endpoints;
    this.proxy = proxy;
    const note = () => {
      for (const tell of this.heard.splice(0)) tell();
    };
    proxy.on("endpoint", note).on("health", note);
    this.load = new SteadyLoad(port, CLIENTS);
  }

  /** @param responseTimeout long enough that only an endpoint that is stopped reaches it, however busy this machine is */
  static async open(care: Omit<GroupOptions, "to">, responseTimeout = "30s"): Promise<Site> {
    const endpoints = Array.from({ length: 3 }, () => new EndpointProcess());
    await Promise.all(endpoints.map((endpoint) => endpoint.start()));
    const proxy = createGateway({
      listeners: [{ http: "127.0.0.1:0" }],
      groups: { app: { to: endpoints.map(({ url }) => url), ...care } },
      routes: [{ to: "app" }],
      responseTimeout,
      drainDelay: 0,
    });
    const { port } = await proxy.listen();
    return new Site(endpoints, proxy, port);
  }

  /** @param act what makes an endpoint fail, until it is in this state as the proxy sees it */
  async fail(
    endpoint: EndpointProcess,
    state: EndpointStats["state"],
    act: () => unknown,
    restore: () => unknown,
  ): Promise<void> {
    const began_ms = performance.now();
    await act();
    await this.until(() =>
      this.proxy.stats().endpoints.some((one) => one.endpoint === endpoint.url && one.state === state),
    );
    const noticed_ms = performance.now();
    await pause(SPELL_MS);
    await restore();
    this.failures.push({ began_ms, noticed_ms, ended_ms: performance.now() });
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.heard.push(resolve));
  }

  async close(): Promise<void> {
    for (const endpoint of this.endpoints) endpoint.signal("SIGCONT");
    await this.load.end();
    await this.proxy.close();
    await Promise.all(this.endpoints.map((endpoint) => endpoint.kill()));
  }
}

let site: Site | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

const answersGet = (endpoint: EndpointProcess) =>
  endpoint.until(() => endpoint.life.filter((line) => line.startsWith("answered GET")).length > 20);

/** How many requests have reached it before its first answer. */
const beforeFirstAnswer = ({ life }: EndpointProcess) =>
  life
    .slice(
      0,
      life.findIndex((line) => line.startsWith("answered")),
    )
    .filter((line) => line.startsWith("got")).length;

/** How many requests have reached it before it was found well again. */
function beforeChecked({ life }: EndpointProcess, checks: number): number {
  let left = checks;
  const passed = life.findIndex((line) => line === "checked" && --left === 0);
  return life.slice(0, passed).filter((line) => line.startsWith("got")).length;
}

/** Each failure as its client saw it, and as the proxy has counted it. */
async function judge({ load, proxy, endpoints, failures }: Site): Promise<void> {
  await load.end();
  const failed = load.requests.filter(({ outcome }) => outcome !== "200");
  const seen: Record<string, number> = {};
  for (const { outcome } of failed) seen[outcome] = (seen[outcome] ?? 0) + 1;
  const { exchanges } = proxy.stats();
  const { truncated = 0, ...answered } = seen;
  console.info(
    `${load.requests.length} requests, ${exchanges.retries} sent again, failed: ${JSON.stringify(seen)}; noticed after ` +
      failures.map(({ began_ms, noticed_ms }) => `${Math.round(noticed_ms - began_ms)} ms`).join(", "),
  );
  const counted = { ...exchanges.answers };
  expect(answered).toStrictEqual(counted);
  expect([exchanges.outcomes.truncated, exchanges.total]).toStrictEqual([truncated, load.requests.length]);

  // What the proxy knew of when a GET began did it no harm.
  const isExcused = ({ began_ms }: SentRequest) =>
    failures.some((failure) => began_ms >= failure.began_ms - 1_000 && began_ms <= failure.noticed_ms);
  expect(failed.filter((request) => request.name.startsWith("GET") && !isExcused(request))).toStrictEqual([]);

  const posts = endpoints.flatMap(({ lines }) => lines.filter((line) => line.startsWith("got POST")));
  expect(posts.length).toBeGreaterThan(20);
  expect(posts.filter((line, index) => posts.indexOf(line) !== index)).toStrictEqual([]);
}

describe("three endpoints under load", { timeout: isLong ? 600_000 : 120_000 }, () => {
  it("killed and started again, without checks: one request tries the one that comes back", async () => {
    site = await Site.open({ retryBudget: "100%" });
    for (let round = 0; round < ROUNDS; round++) {
      for (const endpoint of site.endpoints.slice(0, isLong ? 3 : 1)) {
        await pause(SPELL_MS);
        await site.fail(
          endpoint,
          "avoided",
          () => endpoint.kill(),
          () => endpoint.start(HOLD_MS),
        );
        await answersGet(endpoint);
        expect(beforeFirstAnswer(endpoint)).toBe(1);
      }
    }
    await judge(site);
  });

  it("killed, stopped and restored, with checks: no request reaches one before it was found well again", async () => {
    const health = { path: "/healthz", interval: "200ms", unhealthy: 2 };
    site = await Site.open({ health, slowStart: "1s" }, "3s");
    for (let round = 0; round < ROUNDS; round++) {
      for (const endpoint of site.endpoints.slice(0, isLong ? 3 : 1)) {
        await pause(SPELL_MS);
        await site.fail(
          endpoint,
          "unhealthy",
          () => endpoint.kill(),
          () => endpoint.start(),
        );
        await answersGet(endpoint);
        expect(beforeChecked(endpoint, 2)).toBe(0);
        const before = endpoint.lines.length;
        await site.fail(
          endpoint,
          "unhealthy",
          () => endpoint.signal("SIGSTOP"),
          () => endpoint.signal("SIGCONT"),
        );
        await endpoint.until(() => endpoint.lines.slice(before).some((line) => line === "checked"));
        const stopped = endpoint.lines.length;
        await endpoint.until(
          () => endpoint.lines.slice(stopped).filter((line) => line.startsWith("got GET")).length > 20,
        );
      }
    }
    await judge(site);
  });
});
