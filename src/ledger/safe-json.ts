/**
 * JSON that is safe to look at: what clients send can neither break a line nor speak to a terminal.
 *
 * Deliberately absent: what is written; see entries.ts and stats.ts.
 */

/** JSON escapes all but these: DEL, the C1 controls (U+009B begins terminal sequences), and what turns or breaks lines. */
const UNSAFE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Like `JSON.stringify`, and means the same. */
export function safeJson(value: object | string, indentation?: number): string {
  return JSON.stringify(value, null, indentation).replace(
    UNSAFE,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
