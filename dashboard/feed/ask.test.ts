/** A proxy that is there and slow is not said to be gone, and one that is gone is not said to be slow. */
import { afterEach, expect, it, vi } from "vitest";
import { ask } from "./ask.ts";
import { lost, slow } from "./problems.ts";

afterEach(() => vi.unstubAllGlobals());

it.each([
  ["in time it says nothing", new DOMException("The operation timed out.", "TimeoutError"), slow],
  ["nobody is there", new TypeError("Failed to fetch"), lost],
])("%s", async (_what, fault, problem) => {
  vi.stubGlobal("fetch", () => Promise.reject(fault));
  expect(await ask("stats")).toStrictEqual({ problem });
});
