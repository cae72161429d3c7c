/** When a worker counts as silent, when as hung, and when neither although nothing was heard of it. */
import { expect, it } from "vitest";
import { HUNG_TURNS, SILENT_TURNS, STARTING_TURNS, Watch, type Watched } from "./watch.ts";

function watching(...workers: Watched[]) {
  const told: [what: string, worker: number][] = [];
  const tell = (what: string) => (worker: Watched) => void told.push([what, workers.indexOf(worker)]);
  const watch = new Watch(() => workers, { onSilent: tell("silent"), onHeard: tell("heard"), onHung: tell("hung") });
  return {
    told,
    turn: (count: number, heard: readonly Watched[] = []) => {
      for (let i = 0; i < count; i++) {
        for (const worker of heard) worker.silentTurns = 0;
        watch.turn();
      }
    },
  };
}

const worker = (isReady = true): Watched => ({ isReady, silentTurns: 0 });

it("a worker that says something each turn is left alone, beside one that does not", () => {
  const [well, hung] = [worker(), worker()];
  const { told, turn } = watching(well, hung);
  turn(SILENT_TURNS - 1, [well]);
  expect(told).toEqual([]);
  turn(1, [well]);
  expect(told).toEqual([["silent", 1]]);
  turn(HUNG_TURNS - SILENT_TURNS - 1, [well]);
  expect(told).toEqual([["silent", 1]]);
  turn(1, [well]);
  expect(told).toEqual([
    ["silent", 1],
    ["hung", 1],
  ]);
});

it("one that is heard of again counts from there", () => {
  const one = worker();
  const { told, turn } = watching(one);
  turn(SILENT_TURNS);
  turn(1, [one]);
  turn(HUNG_TURNS - 2);
  expect(told.map(([what]) => what)).toEqual(["silent", "heard", "silent"]);
});

it("one that is starting may take its time", () => {
  const one = worker(false);
  const { told, turn } = watching(one);
  turn(STARTING_TURNS - 1);
  expect(told).toEqual([]);
  turn(1);
  expect(told).toEqual([["hung", 0]]);
});
