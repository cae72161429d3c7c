/**
 * Octets and the characters they stand for.
 *
 * HTTP/1 is parsed as octets (RFC 9112 section 2.2). A head is read as latin1 text because that maps each octet to one
 * character and back without loss. Deliberately absent: UTF-8; nothing here interprets what field values mean to people.
 */

/** The part of Node's `Buffer` that the wire room needs; a plain `Uint8Array` does not decode latin1. */
export interface Octets extends Uint8Array {
  latin1Slice(start?: number, end?: number): string;
  latin1Write(text: string, start: number): number;
  subarray(start?: number, end?: number): Octets;
}

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const HYPHEN = 45;
export const COLON = 58;

/** 1 for each octet that may stand in a token (RFC 9110 section 5.6.2). */
export const isTokenOctet: Uint8Array = octetTable("!#$%&'*+-.^_`|~", (code) => isDigit(code) || isAlpha(code));

/** 0 for what cannot stand in a token, 2 for its marks other than the hyphen, 1 for the rest. */
export const tokenClassOf: Uint8Array = isTokenOctet.map((isOne, code) =>
  isOne === 1 && !isDigit(code) && !isAlpha(code) && code !== HYPHEN ? 2 : isOne,
);

function octetTable(characters: string, also: (code: number) => boolean): Uint8Array {
  const table = new Uint8Array(256);
  for (let code = 0; code < 256; code++) {
    if (characters.includes(String.fromCharCode(code)) || also(code)) table[code] = 1;
  }
  return table;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isAlpha(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** Whether `text` is a token: one or more token characters. */
export function isToken(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || isTokenOctet[code] === 0) return false;
  }
  return true;
}

/** Each octet with ASCII letters in lower case. */
const lowerCase = Uint8Array.from({ length: 256 }, (_, code) => (code >= 65 && code <= 90 ? code + 32 : code));

/** Whether the characters from `start` on are `lowercase`, ASCII letters compared without case. */
export function matchesAt(text: string, start: number, lowercase: string): boolean {
  for (let i = 0; i < lowercase.length; i++) {
    if (lowerCase[text.charCodeAt(start + i)] !== lowercase.charCodeAt(i)) return false;
  }
  return true;
}

/** The same of octets, for a `lowercase` with letters and hyphens only. */
export function matchesOctets(octets: Octets, start: number, lowercase: Uint8Array): boolean {
  for (let i = 0; i < lowercase.length; i++) {
    if (lowerCase[octets[start + i] as number] !== lowercase[i]) return false;
  }
  return true;
}

/** Without the optional white space (SP, HTAB) around it; `String.trim` removes more than HTTP allows. */
export function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

export function isWhitespace(code: number): boolean {
  return code === SP || code === HTAB;
}
