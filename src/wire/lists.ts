/**
 * What field values are made of: comma-separated lists, weights, comments and quoted strings (RFC 9110 sections 5.6 and 12.4).
 *
 * Each byte is looked at a bounded number of times, whatever stands around it, and no list is longer than its reader says: a
 * list that is too long is recognised before anything is made of its members. Deliberately absent: what too long means for
 * the message; each reader has a limit of its own, and its own answer.
 */
import { trimWhitespace } from "./octets.ts";

/**
 * Members of a list, trimmed, as they were written; empty ones are ignored (RFC 9110 section 5.6.1.2).
 *
 * @param elementsMax how many there may be, empty ones included, which must not be for nothing (same section)
 * @returns undefined when there are more
 */
export function listElements(value: string, elementsMax: number): string[] | undefined {
  const elements: string[] = [];
  let count = 0;
  for (let from = 0; from <= value.length; count++) {
    if (count === elementsMax) return undefined;
    const comma = value.indexOf(",", from);
    const end = comma < 0 ? value.length : comma;
    const element = trimWhitespace(value.slice(from, end));
    if (element !== "") elements.push(element);
    from = end + 1;
  }
  return elements;
}

/** The same in lower case. */
export function listMembers(value: string, elementsMax: number): string[] | undefined {
  return listElements(value, elementsMax)?.map((element) => element.toLowerCase());
}

/** What stands before the first `;` of a list member, without white space behind it. */
export function withoutParameters(member: string): string {
  const semicolon = member.indexOf(";");
  return semicolon < 0 ? member : trimWhitespace(member.slice(0, semicolon));
}

/** Whether a lowercased list member says `q=0`: not this one (RFC 9110 section 12.4.2). */
export function hasNoWeight(member: string): boolean {
  // Linear: white space is read once from each semicolon, and holds none.
  return /;[ \t]*q=0(?:\.0{0,3})?[ \t]*(?:;|$)/.test(member);
}

const OPEN = 40;
const CLOSE = 41;
const BACKSLASH = 92;
const QUOTE = 34;

/**
 * Without its comments (RFC 9110 section 5.6.5), each a space. From a comment that does not end everything is left as it is, so
 * it cannot hide anything.
 */
export function withoutComments(value: string): string {
  let kept = "";
  let from = 0;
  let start = 0;
  let depth = 0;
  for (let i = value.indexOf("("); i >= 0 && i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === OPEN) {
      if (depth++ === 0) start = i;
    } else if (code === CLOSE) {
      if (depth === 0 || --depth > 0) continue;
      kept += `${value.slice(from, start)} `;
      from = i + 1;
    } else if (code === BACKSLASH && depth > 0) {
      i++; // A quoted pair within a comment.
    }
  }
  return from === 0 ? value : kept + value.slice(from);
}

/** With each quoted string emptied (RFC 9110 section 5.6.4): what is quoted may hold commas. One that does not end is kept. */
export function withoutQuotedText(value: string): string {
  let kept = "";
  let from = 0;
  for (let start = value.indexOf('"'); start >= 0; start = value.indexOf('"', from)) {
    let end = start + 1;
    while (end < value.length && value.charCodeAt(end) !== QUOTE) end += value.charCodeAt(end) === BACKSLASH ? 2 : 1;
    // Nor does any that begins behind it end.
    if (end >= value.length) break;
    kept += `${value.slice(from, start)}""`;
    from = end + 1;
  }
  return kept + value.slice(from);
}
