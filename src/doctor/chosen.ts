/**
 * Which checks are asked for: ids as they are written, and what is wrong with those that choose nothing.
 *
 * An id that nobody has is refused: a report on no checks would have the best grade. Deliberately absent: what a check needs.
 */
import { HopwiseError } from "../config/error.ts";
import { shown } from "../config/values.ts";

const CHECK_ID = /^HW\d{0,3}$/;

/** As `--only` and `--skip` say it: empty lists leave all checks. */
export interface Choice {
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

/** @throws HopwiseError `option-invalid` */
export function readIds(option: keyof Choice, ids: readonly string[] = []): readonly string[] {
  const all = ids.flatMap((text) => text.split(",")).map((id) => id.trim().toUpperCase());
  for (const id of all) {
    if (CHECK_ID.test(id)) continue;
    throw new HopwiseError(
      "option-invalid",
      `"${shown(id)}" is not a check: write an id like HW201, or HW2 for all of its section`,
      option,
    );
  }
  return all;
}

export function isChosen(id: string, { only, skip }: Choice): boolean {
  const isNamed = (ids: readonly string[]) => ids.some((beginning) => id.startsWith(beginning));
  return (only.length === 0 || isNamed(only)) && !isNamed(skip);
}

/**
 * @param known ids of all checks of this kind, in their order
 * @param whose like `a server`
 * @throws HopwiseError `option-invalid` for an id that chooses none of them
 */
export function refuseUnknownIds(choice: Choice, known: readonly string[], whose: string): void {
  for (const option of ["only", "skip"] as const) {
    const stray = choice[option].find((beginning) => !known.some((id) => id.startsWith(beginning)));
    if (stray === undefined) continue;
    throw new HopwiseError(
      "option-invalid",
      `there is no check ${stray} of ${whose}: those are ${known[0]} to ${known.at(-1)}`,
      option,
    );
  }
}

/** @throws HopwiseError `option-invalid` where nothing is left to do */
export function refuseNothing(
  choice: Choice,
  skipped: readonly { readonly id: string; readonly because: string }[],
): never {
  const why = skipped.map(({ id, because }) => `${id} ${because}`).slice(0, 3);
  throw new HopwiseError(
    "option-invalid",
    `nothing is left to check${why.length === 0 ? "" : `: ${why.join(", ")}`}`,
    choice.only.length > 0 ? "only" : "skip",
  );
}
