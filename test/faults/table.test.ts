/**
 * Every cell of the fault table, on real sockets around the real proxy, under a clock that stands still.
 */
import { afterAll, beforeAll, describe, test } from "vitest";
import { type Scene, Stage } from "../kit/stage.ts";
import { faults, isCell, type State } from "./cell.ts";
import { ConnectingStage } from "./connecting-stage.ts";
import { runCell } from "./run-cell.ts";
import { states } from "./states/all.ts";

/** What a scene is played on. */
interface AnyStage {
  begin(settings?: State["settings"]): Scene;
  close(): void;
}

function stageFor({ origin }: State): Promise<AnyStage> {
  return origin === undefined ? Stage.open() : ConnectingStage.open(origin);
}

for (const state of states) {
  describe(state.name, () => {
    let stage: AnyStage;
    beforeAll(async () => {
      stage = await stageFor(state);
    });
    afterAll(() => stage?.close());

    for (const fault of faults) {
      const place = state.cells[fault];
      if (isCell(place)) test(fault, () => runCell(state, place, stage.begin(state.settings)));
    }
  });
}
