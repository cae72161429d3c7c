/**
 * Writes the fields of a message that goes on: slices of the section that came in, around what is cut.
 *
 * Order, case and unknown fields are kept. Deliberately absent: which fields are cut and added; the proxy room decides.
 */
import type { FieldChanges } from "./field-changes.ts";
import { type FieldTable, Kind } from "./fields.ts";

/** A set of `Kind`s as one bit each. */
export type KindSet = number;

export function kindSet(...kinds: Kind[]): KindSet {
  return kinds.reduce<KindSet>((set, kind) => set | (1 << kind), 0);
}

export interface Cut {
  /** Kinds of fields that do not go on. */
  readonly kinds: KindSet;
  /** Lowercase names of fields that do not go on because `Connection` nominates them. */
  readonly nominated: ReadonlySet<string>;
  /** Kinds that cannot be nominated away. */
  readonly kept: KindSet;
  /** What goes on instead of some of the fields; all go on as they came: undefined. */
  readonly changes?: FieldChanges | undefined;
  /** Whether lines are written anew instead of copied (folding, space before a colon). */
  readonly isIrregular: boolean;
}

/** The field lines that are left after the cut, and those that are said instead, each with its CRLF; none: an empty string. */
export function fieldLines(fields: FieldTable, cut: Cut): string {
  return cut.changes === undefined ? linesLeft(fields, cut) : linesLeft(fields, cut) + cut.changes.lines;
}

/** The field lines that are left after the cut, and nothing instead. */
export function linesLeft(fields: FieldTable, cut: Cut): string {
  if (fields.count === 0) return "";
  return cut.isIrregular ? rewrittenLines(fields, cut) : copiedLines(fields, cut, fields.lineStart(0));
}

/** The start-line just as it came, and the field lines that are left after the cut, or said instead. */
export function startAndFieldLines(fields: FieldTable, cut: Cut): string {
  const start = fields.count === 0 ? fields.end : fields.lineStart(0);
  const lines = cut.isIrregular
    ? fields.text.slice(0, start) + rewrittenLines(fields, cut)
    : copiedLines(fields, cut, 0);
  return cut.changes === undefined ? lines : lines + cut.changes.lines;
}

function copiedLines(fields: FieldTable, cut: Cut, from: number): string {
  if ((fields.kinds & cut.kinds) === 0 && cut.nominated.size === 0 && cut.changes === undefined)
    return fields.text.slice(from, fields.end);
  let lines = "";
  let keptFrom = from;
  for (let index = 0; index < fields.count; index++) {
    if (!isCut(fields, index, cut)) continue;
    const start = fields.lineStart(index);
    if (start > keptFrom) lines += fields.text.slice(keptFrom, start);
    keptFrom = fields.lineEnd(index);
  }
  return fields.end > keptFrom ? lines + fields.text.slice(keptFrom, fields.end) : lines;
}

function rewrittenLines(fields: FieldTable, cut: Cut): string {
  let lines = "";
  for (let index = 0; index < fields.count; index++) {
    if (!isCut(fields, index, cut)) lines += `${fields.name(index)}: ${fields.value(index)}\r\n`;
  }
  return lines;
}

function isCut(fields: FieldTable, index: number, cut: Cut): boolean {
  const bit = 1 << fields.kind(index);
  if ((cut.kinds & bit) !== 0) return true;
  if (cut.changes?.replaces(fields.name(index))) return true;
  if (cut.nominated.size === 0) return false;
  if ((cut.kept & bit) !== 0 && fields.kind(index) !== Kind.other) return false;
  return cut.nominated.has(fields.name(index).toLowerCase());
}
