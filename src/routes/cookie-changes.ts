/**
 * Cookies on their way back: `Path` and `Domain` of `Set-Cookie` as the client has to hear them, where the origin knows others.
 *
 * Attributes are read as RFC 6265 section 5.2 has user agents read them, and what is not understood stays as it came. Deliberately
 * absent: names and values, and cookies in requests, which carry neither.
 */
import { trimWhitespace } from "../wire/octets.ts";
import { isClientsOwn } from "./path-changes.ts";

export interface CookieChanges {
  /** What was taken away from the beginning of the path, and what was put in front of the rest; nothing: empty. */
  readonly stripped: string;
  readonly added: string;
  /** By domain in lowercase without a dot in front, or `*` for any: what is said instead; null: no domain at all. */
  readonly domains: ReadonlyMap<string, string | null>;
}

/** A browser takes those for the whole host only, and with `Path=/` only. */
const WHOLE_HOST = /^[ \t]*__host-/i;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
/** `;path=`: what is shorter is neither. */
const ATTRIBUTE_LENGTH_MIN = 6;

/** Attributes one by one, from semicolon to semicolon: nothing is looked at twice, and most are no concern of ours. */
export function clientCookie(value: string, changes: CookieChanges): string {
  const keepsPath = WHOLE_HOST.test(value);
  let told = "";
  let toldTo = 0;
  let at = value.indexOf(";");
  while (at >= 0) {
    const next = value.indexOf(";", at + 1);
    const end = next < 0 ? value.length : next;
    const attribute = end - at < ATTRIBUTE_LENGTH_MIN ? undefined : changed(value, at, end, changes, keepsPath);
    if (attribute !== undefined) {
      told += value.slice(toldTo, at) + attribute;
      toldTo = end;
    }
    at = next;
  }
  return toldTo === 0 ? value : told + value.slice(toldTo);
}

/** What is said instead of the attribute from `at`, its semicolon, to `end`; the same: undefined. */
function changed(
  value: string,
  at: number,
  end: number,
  changes: CookieChanges,
  keepsPath: boolean,
): string | undefined {
  const from = behindBlanks(value, at + 1, end);
  const letter = value[from]?.toLowerCase();
  const name = letter === "p" ? "path" : letter === "d" ? "domain" : undefined;
  if (name === undefined || value.slice(from, from + name.length).toLowerCase() !== name) return undefined;
  const equals = behindBlanks(value, from + name.length, end);
  if (equals >= end || value.charCodeAt(equals) !== EQUALS) return undefined;
  const said = trimWhitespace(value.slice(equals + 1, end));
  if (name === "domain") return clientDomain(said, changes);
  if (keepsPath) return undefined;
  const path = clientPath(said, changes);
  return path === said ? undefined : `; Path=${path}`;
}

function behindBlanks(value: string, from: number, end: number): number {
  let at = from;
  while (at < end && (value.charCodeAt(at) === SPACE || value.charCodeAt(at) === TAB)) at++;
  return at;
}

function clientDomain(written: string, { domains }: CookieChanges): string | undefined {
  const domain = written.toLowerCase().replace(/^\./, "");
  const said = domains.has(domain) ? domains.get(domain) : domains.get("*");
  if (said === undefined) return undefined;
  return said === null ? "" : `; Domain=${said}`;
}

/** Above what was put in front, the path is that of all that the route leads to. One that begins with no slash says nothing. */
function clientPath(path: string, { stripped, added }: CookieChanges): string {
  if (!path.startsWith("/") || isClientsOwn(path, stripped, added)) return path;
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  if (bare === added || added.startsWith(`${bare}/`)) return stripped === "" ? "/" : stripped;
  return path.startsWith(`${added}/`) ? stripped + path.slice(added.length) : path;
}
