/** Tables of cases: one test a row, under the row's own name. */
import { it } from "vitest";

export function table<Row extends { readonly name: string }>(
  rows: readonly Row[],
  check: (row: Row) => void | Promise<void>,
): void {
  for (const row of rows) it(row.name, () => check(row));
}
