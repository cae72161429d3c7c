/**
 * The grammar of chunk extensions (RFC 9112 section 7.1.1), byte by byte: `*( BWS ";" BWS name [ BWS "=" BWS value ] )`.
 *
 * Nobody acts on extensions and none goes on, but a line that is not held to its grammar is a line about whose end two
 * recipients may disagree. White space must be followed by something: at the end of the line there is none. Deliberately
 * absent: names, values, and how many bytes there are of them.
 */
import { HTAB, isTokenOctet, isWhitespace } from "./octets.ts";

export type ExtensionState =
  | "name-start" // behind a semicolon
  | "name"
  | "name-space" // white space behind a name: an equals sign or a semicolon follows
  | "value-start" // behind an equals sign
  | "value"
  | "quoted"
  | "quoted-pair" // behind a backslash within quotes
  | "quoted-end"
  | "value-space"; // white space behind a value: a semicolon follows

const SEMICOLON = 59;
const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;

/** In these states the extensions may be over. */
const complete: ReadonlySet<ExtensionState> = new Set(["name", "value", "quoted-end"]);

export function mayEndExtension(state: ExtensionState): boolean {
  return complete.has(state);
}

/** The state behind one byte more; it does not fit: undefined. */
export function extensionStateAfter(state: ExtensionState, octet: number): ExtensionState | undefined {
  switch (state) {
    case "name-start":
      if (isWhitespace(octet)) return "name-start";
      return isTokenOctet[octet] === 1 ? "name" : undefined;
    case "name":
    case "name-space":
      if (octet === SEMICOLON) return "name-start";
      if (octet === EQUALS) return "value-start";
      if (isWhitespace(octet)) return "name-space";
      return state === "name" && isTokenOctet[octet] === 1 ? "name" : undefined;
    case "value-start":
      if (isWhitespace(octet)) return "value-start";
      if (octet === QUOTE) return "quoted";
      return isTokenOctet[octet] === 1 ? "value" : undefined;
    case "value":
    case "quoted-end":
    case "value-space":
      if (octet === SEMICOLON) return "name-start";
      if (isWhitespace(octet)) return "value-space";
      return state === "value" && isTokenOctet[octet] === 1 ? "value" : undefined;
    case "quoted":
      if (octet === QUOTE) return "quoted-end";
      if (octet === BACKSLASH) return "quoted-pair";
      return isText(octet) ? "quoted" : undefined;
    case "quoted-pair":
      return isText(octet) ? "quoted" : undefined;
  }
}

/** HTAB, SP, visible ASCII and what is beyond ASCII (RFC 9110 section 5.6.4). */
function isText(octet: number): boolean {
  return octet === HTAB || (octet >= 32 && octet !== 127);
}
