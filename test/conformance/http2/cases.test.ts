import { afterAll, describe, test } from "vitest";
import { canServeHttp2 } from "../../../src/http2/session.ts";
import { Stage } from "../../kit/stage.ts";
import { http2Groups } from "./cases.ts";
import { runHttp2Case, ways } from "./run-case.ts";

let stage: Stage | undefined;
afterAll(() => stage?.close());

for (const { title, cases } of http2Groups) {
  describe.skipIf(!canServeHttp2)(title, () => {
    for (const testCase of cases) {
      test(testCase.title, async () => {
        stage ??= await Stage.open();
        for (const way of ways) await runHttp2Case(testCase, way, stage);
      });
    }
  });
}
