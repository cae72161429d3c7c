/**
 * Cookies as requests carry them (RFC 6265 section 4.2): one of them read, or left out.
 *
 * What is between two semicolons is a cookie if it begins with a name and `=`, and is passed on as it came otherwise: whatever stands
 * there, each byte is looked at a bounded number of times. Deliberately absent: all cookies at once, and what origins set.
 */
import { trimWhitespace } from "./octets.ts";

const EQUALS = 61;
const QUOTE = '"';

/**
 * The values of cookies of this name, without the quotes that may stand around them, in order.
 *
 * @param lines values of `Cookie` fields: HTTP/2 clients send several @param max how many are looked for
 */
export function cookiesNamed(lines: readonly string[], name: string, max: number): string[] {
  const values: string[] = [];
  for (const line of lines) {
    for (let from = 0; from <= line.length && values.length < max; ) {
      const end = endOf(line, from);
      const start = valueStart(line, from, name);
      if (start >= 0) values.push(unquoted(trimWhitespace(line.slice(start, end))));
      from = end + 1;
    }
  }
  return values;
}

/** A `Cookie` line without the cookies of this name; nothing else is in it: empty; it has none of them: as it came. */
export function withoutCookie(line: string, name: string): string {
  const kept: string[] = [];
  let hasAny = false;
  for (let from = 0; from <= line.length; ) {
    const end = endOf(line, from);
    if (valueStart(line, from, name) >= 0) hasAny = true;
    else kept.push(line.slice(from, end));
    from = end + 1;
  }
  return hasAny ? trimWhitespace(kept.join(";")) : line;
}

function endOf(line: string, from: number): number {
  const semicolon = line.indexOf(";", from);
  return semicolon < 0 ? line.length : semicolon;
}

/** Where the value begins of the cookie at `from`; it has another name: -1. */
function valueStart(line: string, from: number, name: string): number {
  let start = from;
  while (line[start] === " " || line[start] === "\t") start++;
  const end = start + name.length;
  return line.startsWith(name, start) && line.charCodeAt(end) === EQUALS ? end + 1 : -1;
}

function unquoted(value: string): string {
  const isQuoted = value.length > 1 && value.startsWith(QUOTE) && value.endsWith(QUOTE);
  return isQuoted ? value.slice(1, -1) : value;
}
