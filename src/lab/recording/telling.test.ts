/** A play is told in the order of its times, whatever the order in which the lab hears of them. */
import { expect, it } from "vitest";
import { Narrator } from "./cues.ts";
import type { RecordedStep } from "./recorder.ts";
import { Telling } from "./telling.ts";

const RTT_MS = 20;
const ends = () => ["client", "server"] as const;
const words = (en: string) => ({ en, ko: en });
const note = (at_ms: number, en: string): RecordedStep => {
  return { kind: "note", at_ms, until_ms: at_ms, actor: "server", text: words(en) };
};
const wait = (at_ms: number, until_ms: number, en: string): RecordedStep => {
  return { kind: "wait", at_ms, until_ms, actor: "server", isHang: false, text: words(en) };
};

function telling(cues: ConstructorParameters<typeof Narrator>[0] = []) {
  const told: string[] = [];
  const teller = new Telling(new Narrator(cues, "none", ends), RTT_MS, (step, at_ms) => {
    const text = step.kind === "note" || step.kind === "wait" ? step.text.en : step.kind;
    told.push(`${at_ms} ${text}${step.narration === undefined ? "" : `: ${step.narration.en}`}`);
  });
  return { told, teller };
}

it("holds a step back until nothing earlier can come", () => {
  const { told, teller } = telling();
  const steps = [note(100, "arrived")];
  teller.upTo(100, steps);
  expect(told).toStrictEqual([]);
  // A handshake of which the accepting end hears one and a half round trips behind the SYN.
  steps.push({ kind: "open", at_ms: 90, until_ms: 110, connection: "c1" });
  teller.upTo(190, steps);
  expect(told).toStrictEqual(["90 open", "100 arrived"]);
});

it("tells what is on its way, though nobody reads it", () => {
  const { told, teller } = telling();
  teller.upTo(200, [{ kind: "close", at_ms: 100, until_ms: -1, connection: "c1", from: "client", how: "FIN" }]);
  expect(told).toStrictEqual(["100 close"]);
});

it("tells a wait where it ends, and each step once", () => {
  const { told, teller } = telling();
  const steps = [wait(0, 5_000, "idles"), note(10, "first"), note(4_990, "second")];
  for (const now_ms of [500, 1_000, 5_100, 6_000]) teller.upTo(now_ms, steps);
  teller.all(steps);
  expect(told).toStrictEqual(["10 first", "4990 second", "5000 idles"]);
});

it("gives what comes too late the time of what was told before it", () => {
  const { told, teller } = telling();
  const steps = [note(500, "told")];
  teller.upTo(1_000, steps);
  steps.push(note(3, "late"));
  teller.all(steps);
  expect(told).toStrictEqual(["500 told", "500 late"]);
});

it("narrates in the same order", () => {
  const cue = (en: string) => ({ on: { kind: "note" as const }, text: words(en) });
  const { told, teller } = telling([cue("this is first"), cue("this is next")]);
  teller.all([note(20, "b"), note(10, "a")]);
  expect(told).toStrictEqual(["10 a: this is first", "20 b: this is next"]);
});
