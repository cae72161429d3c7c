/** Worlds in which clients speak HTTP/2, and the proof that what must hold there is judged. */
import { expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { areCaught } from "./catching.ts";
import { http2Mutants } from "./http2-mutants.ts";
import { HTTP2_FROM } from "./http2-world.ts";
import { explain, runSeed } from "./run.ts";

const SEEDS = Number(process.env.TESTS_SIM_HTTP2 ?? (isLong ? 400 : 2));
const FROM = Number(process.env.TESTS_SIM_HTTP2_FROM ?? HTTP2_FROM);

it("no check fails in any of them", async () => {
  let exchanges = 0;
  let answered = 0;
  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    const result = await runSeed(seed);
    if (result.failure !== undefined) expect.fail(await explain(result));
    exchanges += result.world.observer.exchanges;
    for (const { facts, outcome } of result.world.records.values())
      if (facts.isHttp2 === true && outcome === "answered") answered++;
  }
  console.info(`${SEEDS} worlds of HTTP/2: ${exchanges} exchanges, ${answered} streams answered`);
  expect(answered).toBeGreaterThan(0);
});

/** A body while its request waits in the line of its route; a GOAWAY of the client's before one of ours. */
for (const seed of [HTTP2_FROM + 11, HTTP2_FROM + 13, HTTP2_FROM + 19]) {
  it(`what seed ${seed} showed once shows no more`, async () => {
    expect((await runSeed(seed)).failure).toBeUndefined();
  });
}

for (const seed of isLong ? [HTTP2_FROM + 1, HTTP2_FROM + 5] : [HTTP2_FROM + 13]) {
  it(`seed ${seed} has the same timeline every time, although the runtime has a part in it`, async () => {
    const [one, other] = [await runSeed(seed, true), await runSeed(seed, true)];
    expect(one.world.timeline.lines.length).toBeGreaterThan(50);
    expect(other.world.timeline.lines).toStrictEqual(one.world.timeline.lines);
  });
}

areCaught(http2Mutants, HTTP2_FROM);
