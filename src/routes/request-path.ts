/**
 * The path that routes judge: percent-decoded, in the one way in which it can be understood, or in each of a few.
 *
 * Applications use `%2F` within a segment (npm's `/@scope%2fname`), and clients put two slashes where one is meant. Servers differ in
 * what they make of these, but in few ways, so that each can be judged (route-finder.ts). Dot segments, however they are written, and
 * other marks that some take for the end of a segment or of the path have no such list. So nothing reaches an origin by another name
 * than one that was judged. Deliberately absent: changing the path; what goes on is what came (RFC 9110 section 7.7).
 */

import { behindSegments } from "./path-changes.ts";

/** Paths without these are as they are: all but a few. */
const SPECIAL = /[%\\;]|\/[./]/;
/** A segment of dots, or one that is when its parameters are left out, as some servers do. */
const DOTS = /(?:^|\/)\.{1,2}(?=[;/]|$)/;
/** Encoded: NUL, `/` and `\`. */
const HIDDEN = /%(?:00|2f|5c)/i;

/**
 * The path of `target` (in origin-form) decoded, each byte a character, as patterns are (patterns.ts); it can be understood in
 * several ways: undefined.
 */
export function requestPathOf(target: string): string | undefined {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!SPECIAL.test(path)) return path;
  if (path.includes("\\") || path.includes("//") || HIDDEN.test(path)) return undefined;
  if (/%(?![0-9a-f]{2})/i.test(path)) return undefined;
  const decoded = percentDecoded(path);
  return DOTS.test(decoded) ? undefined : decoded;
}

/** Each reading is judged by itself, so that a long path costs several times as much; nobody needs one that is longer. */
const READ_LENGTH_MAX = 8_192;

/** Stands for a slash that is part of a segment. No path has it otherwise, and no pattern. */
const SLASH_WITHIN = "\0";

/**
 * All ways in which servers understand a path that `requestPathOf` does not: `%2F` as a part of its segment or as its end, several
 * slashes as they are or as one, and what is behind `//` at the beginning as a host. There are more than that, or it is very long: none.
 */
export function readingsOf(target: string): readonly string[] {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (path.length > READ_LENGTH_MAX || /\\|%(?:00|5c|(?![0-9a-f]{2}))/i.test(path)) return [];
  const separating = percentDecoded(path);
  if (DOTS.test(separating)) return [];
  const written = [percentDecoded(path.replace(/%2f/gi, SLASH_WITHIN)), separating];
  const merged = written.map((one) => one.replace(/\/{2,}/g, "/"));
  const behindHost = separating.startsWith("//") ? merged.map((one) => behindSegments(one, 1) || "/") : [];
  return [...new Set([...written, ...merged, ...behindHost])];
}

/** Each `%XX` as the character with that number. Text is latin1; a % with nothing of the kind behind it stays. */
export function percentDecoded(text: string): string {
  let percent = text.indexOf("%");
  if (percent < 0) return text;
  const bytes = Buffer.from(text, "latin1");
  let end = percent;
  for (let at = percent; at < bytes.length; at++, end++) {
    const byte = bytes[at] as number;
    percent = byte === PERCENT ? hexAt(bytes, at + 1) : -1;
    bytes[end] = percent < 0 ? byte : percent;
    if (percent >= 0) at += 2;
  }
  return bytes.toString("latin1", 0, end);
}

const PERCENT = 0x25;

/** The number that two digits write; they are none: -1. */
function hexAt(bytes: Uint8Array, at: number): number {
  const high = digitOf(bytes[at]);
  const low = digitOf(bytes[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function digitOf(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lowercase = byte | 0x20;
  return lowercase >= 0x61 && lowercase <= 0x66 ? lowercase - 0x57 : -1;
}
