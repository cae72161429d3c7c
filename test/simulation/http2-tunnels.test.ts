/** Worlds in which streams of HTTP/2 are tunnels, too, and the proof that what must hold there is judged. */
import { expect, it, vi } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { areCaught } from "./catching.ts";
import { http2TunnelMutants } from "./http2-tunnel-mutants.ts";
import { TUNNELS_FROM } from "./http2-tunnel-world.ts";
import { explain, runSeed } from "./run.ts";

// The one thing that no seed decides.
vi.mock("../../src/http2/web-socket-key.ts", async (original) => ({
  ...(await original<object>()),
  newWebSocketKey: () => `${"A".repeat(22)}==`,
}));

const SEEDS = Number(process.env.TESTS_SIM_TUNNELS ?? (isLong ? 400 : 2));
const FROM = Number(process.env.TESTS_SIM_TUNNELS_FROM ?? TUNNELS_FROM + 8);
/** With fewer some reasons are luck. */
const SEEDS_ENOUGH = 200;

it("no check fails in any of them, and tunnels end for every reason", async () => {
  const figures = { asked: 0, stood: 0, whole: 0, declined: 0 };
  const reasons: Record<string, number> = {};
  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    const result = await runSeed(seed);
    if (result.failure !== undefined) expect.fail(await explain(result));
    for (const { tunnel, isBegun, outcome } of result.world.records.values()) {
      if (tunnel === undefined || !isBegun) continue;
      figures.asked++;
      if (tunnel.isEstablished) figures.stood++;
      else if (outcome === "answered") figures.declined++;
      if (tunnel.isWhole) figures.whole++;
    }
    for (const [reason, count] of result.world.tunnels?.reasons ?? []) reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  console.info(`${SEEDS} worlds of tunnels: ${JSON.stringify(figures)}, by reason ${JSON.stringify(reasons)}`);
  expect(Math.min(figures.stood, figures.whole)).toBeGreaterThan(0);
  if (SEEDS < SEEDS_ENOUGH) return;
  expect(Object.keys(reasons).sort()).toStrictEqual([
    ...["client-gone", "drain-deadline", "evicted", "peer-reset", "tunnel-ended", "tunnel-timeout"],
  ]);
});

/** A reset behind what a slow client does not take; a tunnel whose end does not leave. */
for (const seed of isLong ? [1_015, 1_028].map((number) => TUNNELS_FROM + number) : []) {
  it(`what seed ${seed} showed once shows no more`, async () => {
    expect((await runSeed(seed)).failure).toBeUndefined();
  });
}

it("a world has the same timeline every time, although the runtime has a part in it", async () => {
  const [one, other] = [await runSeed(TUNNELS_FROM + 7, true), await runSeed(TUNNELS_FROM + 7, true)];
  expect(one.world.timeline.lines.length).toBeGreaterThan(50);
  expect(other.world.timeline.lines).toStrictEqual(one.world.timeline.lines);
});

/** Others need worlds that take longer. */
const QUICK = /body of a refusal|any 2xx|time of a drain|goes on with/;

areCaught(isLong ? http2TunnelMutants : http2TunnelMutants.filter(({ name }) => QUICK.test(name)), TUNNELS_FROM);
