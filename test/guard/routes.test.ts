/**
 * The guard of what routes cost an exchange: a thousand no more than one, in memory and in calls of functions, whatever the others ask
 * of their requests. It counts, it takes no time: it is the same on a busy machine.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { flags } from "./flags.mjs";

interface Counts {
  readonly bytes: number;
  readonly calls: number;
}

type Kind = "one" | "hundred" | "thousand" | "one that asks" | "thousand that ask";

/** Beside one route alone, a few calls find the way among kinds of patterns; they do not become more with the routes. */
const MORE_MAX = 1.1;

const counted = JSON.parse(
  execFileSync(process.execPath, [...flags, fileURLToPath(new URL("routes.mjs", import.meta.url))], {
    encoding: "utf8",
    timeout: 200_000,
  }),
) as Record<Kind, Counts>;
const told = (name: Kind) => `${Math.round(counted[name].bytes)} bytes, ${Math.round(counted[name].calls)} calls`;
console.log((Object.keys(counted) as Kind[]).map((name) => `${name}: ${told(name)}`).join("\n"));

test.each<[Kind, Kind]>([
  ["thousand", "one"],
  ["thousand that ask", "one that asks"],
])("%s cost an exchange within a tenth of what %s does", (many, few) => {
  expect(counted[many].bytes).toBeLessThanOrEqual(counted[few].bytes * MORE_MAX);
  expect(counted[many].calls).toBeLessThanOrEqual(counted[few].calls * MORE_MAX);
});

/** Of these a thousand guard, and a hundred do not: then the spelling of the method is looked at. The other call is the runtime's inlining. */
const CALLS_OF_GUARDS = 2;

test("a thousand make no call more than a hundred", () => {
  expect(counted.thousand.calls).toBeLessThanOrEqual(counted.hundred.calls + CALLS_OF_GUARDS);
});
