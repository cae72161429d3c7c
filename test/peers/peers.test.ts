/** hopwise holds in every neutral case; `npm run peers` shows how others do. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProxy, type HopwiseProxy } from "../../src/index.ts";
import { groups } from "./cases/all.ts";
import { greatPatience, Origin, play } from "./play.ts";

let origin: Origin;
let proxy: HopwiseProxy;
let port: number;

beforeAll(async () => {
  origin = await Origin.open();
  proxy = createProxy({ to: `http://127.0.0.1:${origin.port}`, listen: 0 });
  ({ port } = await proxy.listen());
});

afterAll(async () => {
  await proxy.close({ graceMs: 0 });
  origin.close();
});

for (const { name, cases } of groups) {
  describe(name, () => {
    for (const peerCase of cases) {
      test(`${peerCase.id}: ${peerCase.requirement}`, async () => {
        for (let i = 0; i < (peerCase.times ?? 1); i++) {
          let seen = await play(peerCase, port, origin);
          // Nothing becomes right by waiting longer, but what is right may come late.
          if (peerCase.judge(seen).kind !== "holds") seen = await play(peerCase, port, origin, greatPatience);
          expect(peerCase.judge(seen), JSON.stringify(seen, undefined, 2)).toEqual({ kind: "holds" });
        }
      });
    }
  });
}

test("cases are told apart by their ids", () => {
  const ids = groups.flatMap(({ cases }) => cases.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});
