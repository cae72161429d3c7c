/**
 * A file with faults, made whole for the moment: what is wrong with it is replaced by something harmless, so that the rest can be judged
 * as well and all faults are told at once.
 *
 * Deliberately absent: guesses at what was meant. Where a part is wrong on which others depend by its names, nothing else is judged.
 */
import { nearest } from "./nearest.ts";
import type { Path } from "./problems.ts";

/** Other parts name what is in these. */
const NAMED = ["groups", "routes", "listeners", "to"];
const NOWHERE = "http://placeholder.invalid";

/**
 * @param value what a file says @param faults where it is wrong
 * @returns the same without them, and the places that are not judged; others depend on these: undefined
 */
export function withPlaceholders(
  value: unknown,
  faults: readonly Path[],
): { readonly value: Readonly<Record<string, unknown>>; readonly replaced: readonly Path[] } | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const whole: Record<string, unknown> = { ...value };
  const replaced: Path[] = [];
  for (const [key, second] of faults) {
    if (key === undefined || (second === undefined && isNamed(String(key)))) return undefined;
    const top = String(key);
    const part = whole[top];
    if (top === "listeners" && Array.isArray(part)) whole[top] = part.with(Number(second), { http: 0 });
    else if (top === "routes" && Array.isArray(part)) whole[top] = part.with(Number(second), refusing(Number(second)));
    else if (top === "groups") whole[top] = { ...(part as object), [String(second)]: { to: NOWHERE } };
    else if (top === "to") whole[top] = NOWHERE;
    else delete whole[top];
    replaced.push(NAMED.includes(top) && second !== undefined ? [top, second] : [top]);
  }
  return { value: whole, replaced };
}

/** One of the parts that others name, or a word that was meant for one. */
function isNamed(key: string): boolean {
  return NAMED.includes(key) || nearest(key, NAMED) !== undefined;
}

/** A route that ties with no other. */
function refusing(index: number): object {
  return { match: { host: `placeholder-${index}.invalid` }, refuse: true };
}

/** Whether one place is in the other, or the same. */
export function overlap(one: Path, other: Path): boolean {
  return one.every((key, index) => index >= other.length || String(key) === String(other[index]));
}
