/**
 * Octets that could not be read as a message, as people can read them: escaped, short, and without what may be secret.
 *
 * Deliberately absent: anything behind the first line; fields may hold credentials.
 */
import { withoutUserinfo } from "./userinfo.ts";

/** Of what was received: a TLS record's head and version, a banner, the beginning of a long line. */
const SHOWN_MAX = 48;

/** No request begins so, but a field, a form, JSON or XML does: what is left of a body, or of a head that began too late. */
const OTHER_THAN_REQUEST = /^[!#$%&'*+.^_`|~0-9A-Za-z-]*[:="{[<]/;

/** `\x16\x03\x01`: printable ASCII as it is, everything else, and the backslash, in hexadecimal. */
export function escaped(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The beginning of a request whose start-line could not be read. */
export function readableStart(received: string): string {
  const line = startLine(received);
  const begun = OTHER_THAN_REQUEST.exec(line)?.[0] ?? line;
  // What is behind it may be a token, a cookie or a password.
  return begun.length < line.length ? `${begun.slice(0, SHOWN_MAX)}...` : readableLine(line);
}

/** The same of an answer: what a server says to anyone is not secret. */
export function readableAnswer(received: string): string {
  return readableLine(startLine(received));
}

function startLine(received: string): string {
  const lineEnd = received.search(/[\r\n]/);
  // Of half a line nobody can tell where a password in it ends.
  return lineEnd >= 0 ? received.slice(0, lineEnd) : (/^[^ :/@]*/.exec(received)?.[0] ?? "");
}

function readableLine(line: string): string {
  const harmless = harmlessStart(line);
  return harmless.length > SHOWN_MAX ? `${escaped(harmless.slice(0, SHOWN_MAX))}...` : escaped(harmless);
}

/** The words of a line without what may be secret, as far as they are shown: a line may hold thousands. */
function harmlessStart(line: string): string {
  let shown = "";
  for (let from = 0; from <= line.length && shown.length <= SHOWN_MAX; ) {
    const space = line.indexOf(" ", from);
    const end = space < 0 ? line.length : space;
    const word = line.slice(from, end);
    shown +=
      from === 0 && isBinary(word) ? word.slice(0, SHOWN_MAX + 1) : (from === 0 ? "" : " ") + withoutUserinfo(word);
    from = end + 1;
  }
  return shown;
}

/** No method begins so; a TLS record does, and its random bytes are no user's, whatever signs are among them. */
function isBinary(word: string): boolean {
  return word.charCodeAt(0) < 0x20 || word.charCodeAt(0) > 0x7e;
}
