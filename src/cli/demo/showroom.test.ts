/** The showroom's server: only its own page breaks things, by POST; and what each deed does to an origin. */
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventHub } from "../../ledger/events.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { statsOf } from "../../ledger/stats.ts";
import { nodeClock } from "../../net/node-clock.ts";
import { Breaking, deeds, SHORT_IDLE_MS } from "./breaking.ts";
import { Flood } from "./flood.ts";
import { Gateways } from "./gateways.ts";
import { type BreakableOrigin, startOrigins } from "./origins.ts";
import { Showroom } from "./showroom.ts";

let origins: readonly BreakableOrigin[];
let showroom: Showroom;
let serving: boolean[];
beforeEach(async () => {
  origins = await startOrigins();
  const ledger = new Ledger(nodeClock);
  serving = [];
  const gateways = new Gateways(origins, ledger, new EventHub(nodeClock));
  showroom = await Showroom.open(
    new Breaking({
      ...{ origins, gateways, flood: new Flood(), dashboard: "http://127.0.0.1:9901" },
      comparison: () => undefined,
      stats: () => statsOf(ledger),
      onServing: (isServing) => serving.push(isServing),
      startAgain: () => gateways.startAgain(() => {}),
    }),
  );
});
afterEach(() => {
  showroom.close();
  for (const origin of origins) {
    origin.stop();
    origin.close();
  }
});

interface Got {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

async function ask(path: string, headers: Record<string, string> = {}, method = "POST", form = ""): Promise<Got> {
  const fields = { "Content-Type": "application/x-www-form-urlencoded", ...headers };
  const [response] = await once(
    request(`${showroom.url}${path}`, { method, headers: fields, agent: false }).end(form),
    "response",
  );
  response.resume();
  return { status: response.statusCode, headers: response.headers };
}

const [node, , old] = [0, 1, 2];
const isUp = () => origins[node]?.isUp;

describe("only the showroom's own page breaks things", () => {
  it.each([
    ["a page of another origin", { Origin: "https://evil.example" }, 403],
    ["the same machine's other port", { Origin: "http://127.0.0.1:9901" }, 403],
    ["a sandbox", { Origin: "null" }, 403],
    [
      "a form elsewhere",
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" },
      403,
    ],
    ["an image elsewhere", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors" }, 403],
    ["a name that was rebound", { Host: "evil.example" }, 421],
  ])("not %s", async (_name, headers, status) => {
    expect((await ask("/do/stop-origin", headers, "POST", "origin=node")).status).toBe(status);
    expect(isUp()).toBe(true);
  });

  it("not by GET, and not with a form that is none of its own", async () => {
    expect(await ask("/do/stop-origin?origin=node", {}, "GET")).toMatchObject({
      status: 405,
      headers: { allow: "POST" },
    });
    expect((await ask("/do/stop-origin", {}, "POST", "x".repeat(5_000))).status).toBe(413);
    expect((await ask("/do/constructor")).status).toBe(405);
    expect((await ask("/do/stop-origin", {}, "POST", "origin=nobody")).status).toBe(303);
    expect(isUp()).toBe(true);
  });

  it("and the page loads nothing from elsewhere", async () => {
    const { headers } = await ask("/", {}, "GET");
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
        "form-action 'self'; frame-ancestors 'none'",
    );
    const html = await (await fetch(showroom.url)).text();
    const addresses = [...html.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, address = ""]) => address);
    expect(addresses.filter((address) => !/^\/|^data:,$/.test(address))).toStrictEqual(["http://127.0.0.1:9901/"]);
    expect(html).not.toMatch(/<style|<script>|\bstyle="|\son[a-z]+="/);
    for (const { watch } of Object.values(deeds)) expect(html).toContain(watch);
  });
});

describe("a button", () => {
  const own = () => ({ Origin: showroom.url });

  it("stops an origin, which refuses connections and resets those it had, and starts it at the same place", async () => {
    const client = connect(Number(new URL(origins[node]?.url ?? "").port), "127.0.0.1").on("error", () => {});
    await once(client, "connect");
    const closed = new Promise((resolve) => client.once("close", resolve));
    expect((await ask("/do/stop-origin", own(), "POST", "origin=node")).status).toBe(303);
    await closed;
    expect(isUp()).toBe(false);
    await expect(fetch(origins[node]?.url ?? "")).rejects.toThrow();
    await ask("/do/start-origin", own(), "POST", "origin=node");
    expect((await fetch(origins[node]?.url ?? "")).status).toBe(200);
  });

  it("shortens what an origin says and does, and gives it back", async () => {
    const says = async () => (await fetch(origins[node]?.url ?? "")).headers.get("keep-alive");
    await ask("/do/shorten-origin", own(), "POST", "origin=node");
    expect([origins[node]?.idle_ms, await says()]).toStrictEqual([SHORT_IDLE_MS, "timeout=1"]);
    await ask("/do/restore-origin", own(), "POST", "origin=node");
    await ask("/do/restore-origin", own(), "POST", "origin=node");
    expect([origins[node]?.idle_ms, await says()]).toStrictEqual([5_000, "timeout=5"]);
    await ask("/do/shorten-origin", own(), "POST", "origin=old");
    expect(origins[old]?.idle_ms).toBeUndefined();
  });

  it("of the script's gets the state, with what to watch", async () => {
    const headers = { ...own(), Accept: "application/json" };
    const state = await (await fetch(`${showroom.url}/do/drain`, { method: "POST", headers })).json();
    expect(state).toMatchObject({ watch: deeds.drain.watch, dashboard: "http://127.0.0.1:9901", comparison: null });
    expect(serving).toStrictEqual([false]);
  });
});
