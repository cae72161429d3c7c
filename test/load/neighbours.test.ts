/**
 * Slow neighbours: whatever one client does with its places, newcomers are served, and honest clients that look just as slow
 * stay.
 *
 * Attackers, honest clients and newcomers each have an address of their own in 127.0.0.0/8.
 */
import { describe, expect, it } from "vitest";
import { NewcomerFailed, newcomer } from "../faults/newcomer.ts";
import { startHopwise } from "../interop/support/hopwise.ts";
import { isLong } from "../interop/support/long.ts";
import { pause, until } from "../interop/support/waiting.ts";
import { Crowd, Honest, type Neighbour, neighbours } from "./neighbours/clients.ts";
import { ManyTemperedOrigin } from "./neighbours/origin.ts";

const ATTACKER = "127.0.0.2";
const NEWCOMER = "127.0.0.3";
/** By kind. */
const HONEST = { streams: "127.0.0.4", tunnels: "127.0.0.5", uploads: "127.0.0.6" };
const NEWCOMERS = 20;
const HONEST_EACH = 20;
const PLACES = isLong ? 1_024 : 128;
/** What was taken a moment ago gives no way: quick work is done by then. And it takes time until a client is known as slow. */
const SETTLED_MS = 1_200;
const KNOWN_AS_SLOW_MS = 24_000;

interface Trial {
  readonly args: readonly string[];
  readonly crowd: Neighbour;
  readonly addressOf: (index: number) => string;
  readonly settled_ms: number;
}

/** @returns what newcomers got, and how many honest clients are left of each kind */
async function trial({ args, crowd: kind, addressOf, settled_ms }: Trial) {
  const origin = await ManyTemperedOrigin.start();
  const hopwise = await startHopwise(["--to", origin.url, ...args]);
  const honest = await Honest.gather(hopwise.port, HONEST_EACH, HONEST, origin);
  const crowd = await Crowd.gather(hopwise.port, PLACES, kind, addressOf);
  try {
    await until("every place is taken", async () => {
      const { downstream, upstream } = (await hopwise.stats()).connections;
      return Math.max(downstream.open, upstream.open) >= PLACES;
    });
    await pause(settled_ms);
    const served: string[] = [];
    let slowest_ms = 0;
    for (let i = 0; i < NEWCOMERS; i++) {
      try {
        slowest_ms = Math.max(slowest_ms, await newcomer(hopwise.port, NEWCOMER));
        served.push("served");
      } catch (error) {
        if (!(error instanceof NewcomerFailed)) throw error;
        served.push(error.message);
      }
    }
    const survivors = await honest.survivors(origin);
    console.info(`beside ${kind.kind}: the slowest newcomer took ${Math.round(slowest_ms)} ms`);
    return { served, survivors };
  } finally {
    crowd.leave();
    honest.leave();
    origin.stop();
    await hopwise.stop();
  }
}

const EVERYBODY = {
  served: Array.from({ length: NEWCOMERS }, () => "served"),
  survivors: { streams: HONEST_EACH, tunnels: HONEST_EACH, uploads: HONEST_EACH },
};

describe.skipIf(process.platform !== "linux").each([
  { what: "clients' connections", args: ["--max-connections", String(PLACES), "--pool-size", "4096"] },
  { what: "connections to the origin", args: ["--max-connections", "4096", "--pool-size", String(PLACES)] },
])(`with ${PLACES} $what taken (skipped where 127.0.0.0/8 is not whole)`, { timeout: 300_000 }, ({ args }) => {
  const side = isLong ? it : it.concurrent;
  side.each(neighbours)("by one client's $kind", async (crowd) => {
    const result = await trial({ args, crowd, addressOf: () => ATTACKER, settled_ms: SETTLED_MS });
    expect(result).toEqual(EVERYBODY);
  });

  const slow = neighbours.filter(({ drips, reads }) => drips === true || reads === "slowly");
  it.runIf(isLong).each(slow)("by $kind of one client each", async (crowd) => {
    const addressOf = (index: number) => `127.1.${index >> 8}.${index & 0xff}`;
    expect(await trial({ args, crowd, addressOf, settled_ms: KNOWN_AS_SLOW_MS })).toEqual(EVERYBODY);
  });
});
