/**
 * Durations without a unit that were probably meant in seconds: nginx and others read `timeout: 30` so, and here it is 30 milliseconds.
 *
 * Deliberately absent: refusing them. A number of milliseconds is what programs write, and it may be what is meant.
 */
import { type Path, pathText } from "./problems.ts";

/** Keys of the file whose values are durations. */
const DURATIONS = /^(?:[a-zA-Z]+Timeout|timeout|interval|window|time|per|slowStart|poolMaxAge|drainDelay)$/;
/** Of these the keys are names that the operator chooses. */
const NAMED = new Set(["setRequestFields", "setResponseFields", "answerFields", "fields", "errorPages", "cookies"]);
/** Shorter ones are of little use in milliseconds. */
const MEANT_MS_MIN = 100;

/** A sentence for each, with its place. */
export function bareTimes(value: unknown, path: Path = []): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (NAMED.has(key)) return [];
    if (typeof inside !== "number" || !DURATIONS.test(key)) return bareTimes(inside, at);
    if (inside <= 0 || inside >= MEANT_MS_MIN) return [];
    return [
      `${pathText(at)}: ${inside} without a unit is ${inside} milliseconds: write ${inside}s if seconds are meant, else ${inside}ms`,
    ];
  });
}
