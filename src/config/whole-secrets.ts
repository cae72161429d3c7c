/**
 * Values that are one name and nothing else, like `weight: ${WEIGHT}`: the environment and files hold text alone, so where the configuration
 * has a number or a switch, that text is read as one.
 *
 * Deliberately absent: guesses. What may be text stays text (`X-Debug: ${DEBUG}` is "true"), and so does a name within a longer text.
 */
import type * as z from "zod";
import type { Path } from "./problems.ts";

/** @param wholes where one name is the whole value @param schema what the configuration may be */
export function withKinds(value: unknown, wholes: readonly Path[], schema: z.ZodType): unknown {
  if (wholes.length === 0) return value;
  const { error } = schema.safeParse(value);
  const refused = error === undefined ? [] : refusedIn(error.issues, []);
  return wholes.reduce((typed, path) => {
    const meant = readAs(valueAt(value, path));
    const isMeant = refused.some((one) => isSame(one.path, path) && one.kinds.includes(typeof meant));
    return meant === undefined || !isMeant ? typed : withValueAt(typed, path, meant);
  }, value);
}

function readAs(text: unknown): number | boolean | undefined {
  if (typeof text !== "string") return undefined;
  if (/^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$/.test(text)) return Number(text);
  return /^(?:true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined;
}

interface Refused {
  readonly path: Path;
  /** Types, one of which it may have there. */
  readonly kinds: readonly string[];
}

function refusedIn(issues: readonly z.core.$ZodIssue[], above: Path): readonly Refused[] {
  return issues.flatMap((issue): readonly Refused[] => {
    const path = [...above, ...issue.path];
    switch (issue.code) {
      case "invalid_type":
        return [{ path, kinds: [issue.expected] }];
      case "invalid_value":
        return [{ path, kinds: issue.values.map((one) => typeof one) }];
      case "invalid_union":
        return issue.errors.flatMap((one) => refusedIn(one, path));
      default:
        return [];
    }
  });
}

function isSame(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((key, index) => String(key) === String(other[index]));
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}

function withValueAt(value: unknown, [key, ...rest]: Path, meant: unknown): unknown {
  if (key === undefined) return meant;
  if (Array.isArray(value)) return value.with(Number(key), withValueAt(value[Number(key)], rest, meant));
  const all = value as Record<PropertyKey, unknown>;
  return { ...all, [key]: withValueAt(all[key], rest, meant) };
}
