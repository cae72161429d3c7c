/** Names that operators configure: asked of the system once for a burst, and again after a moment. */
import type { LookupAddress } from "node:dns";
import { expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { SystemNames } from "./resolving.ts";

it("what the system says counts for 5 s, one look-up serves all who wait, and a failure is not remembered", () => {
  const clock = new ManualClock();
  const asked: ((error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void)[] = [];
  const names = new SystemNames((_name, _options, callback) => void asked.push(callback), clock);
  const told: unknown[] = [];
  const find = () => names.find("origin.internal", "", (found) => told.push(found));
  find();
  find()();
  find();
  asked[0]?.(null, [
    { address: "10.0.0.1", family: 4 },
    { address: "10.0.0.2", family: 4 },
  ]);
  expect(told).toEqual([
    ["10.0.0.1", "10.0.0.2"],
    ["10.0.0.1", "10.0.0.2"],
  ]);
  clock.advance(4_999);
  find();
  expect([told.length, asked.length]).toEqual([3, 1]);
  clock.advance(1);
  find();
  asked[1]?.(Object.assign(new Error(), { code: "EAI_AGAIN" }), []);
  find();
  expect([told[3], asked.length]).toEqual(["EAI_AGAIN", 3]);
});

it("names are forgotten once what was found does not count any more, however many an application chooses", () => {
  const clock = new ManualClock();
  const names = new SystemNames((_name, _options, found) => found(null, [{ address: "10.0.0.1", family: 4 }]), clock);
  for (let i = 0; i < 1_000; i++) {
    names.find(`tenant-${i}.internal`, "", () => {});
    names.find("app.internal", "", () => {});
    clock.advance(1_000);
  }
  expect(names.size).toBeLessThanOrEqual(6);
});
