import { expect, it } from "vitest";
import { LARGE_BODY_BYTES, type WaitFacts, waitsForWord } from "./early-answers.ts";

const large: WaitFacts = { length_bytes: LARGE_BODY_BYTES, isWhollyHeld: false, isSecure: true, isReused: false };

it.each<[string, Partial<WaitFacts>, boolean]>([
  ["a large body on a fresh secured connection waits", {}, true],
  ["a smaller one is sent sooner than it could be refused", { length_bytes: LARGE_BODY_BYTES - 1 }, false],
  ["of what comes in chunks nobody knows how much it is", { length_bytes: undefined }, false],
  ["what is at hand goes at once", { isWhollyHeld: true }, false],
  ["without TLS the answer comes before the close", { isSecure: false }, false],
  ["on a used connection nothing is unacknowledged", { isReused: true }, false],
])("%s", (_what, facts, waits) => expect(waitsForWord({ ...large, ...facts })).toBe(waits));
