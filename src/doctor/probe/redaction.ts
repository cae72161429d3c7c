/**
 * What of sent and received bytes may stand in a report: no credentials, no cookies, no query strings, no passwords in URLs, and
 * nothing that a terminal or a page would act on.
 *
 * A report is shown around, in tickets and chats, and everything a server says is hostile. Deliberately absent: bodies, which
 * transcripts count and never keep.
 */

/** Names of fields whose values are never shown: these words stand in all that carry secrets, standard or not. */
const SECRET_NAME = /auth|cookie|token|secret|passw|api-?key|session|credential|csrf|xsrf|signature|jwt|nonce/i;
/** Longest piece of one line that is shown. */
const LINE_CHARACTERS_MAX = 160;
/** Longest text of one head or request that is shown. */
const TEXT_CHARACTERS_MAX = 2_000;

/** Text of a head or of a request as sent or received, on one line: `GET / HTTP/1.1\r\nHost: a\r\n\r\n`. */
export function shownText(text: string, hiddenNames: ReadonlySet<string> = new Set()): string {
  let hidesFolded = false;
  const lines = text.slice(0, 4 * TEXT_CHARACTERS_MAX).split("\n");
  const shown = lines.map((line, index) => {
    const end = line.endsWith("\r") ? "\r" : "";
    const content = end === "" ? line : line.slice(0, -1);
    if (hidesFolded && /^[ \t]/.test(content)) return `${hidden(content)}${end}`;
    const field = /^([^:\s]+)([ \t]*:[ \t]*)(.*)$/.exec(content);
    hidesFolded = false;
    if (index === 0 || field === null) return `${shortened(withoutQueries(content))}${end}`;
    const [, name = "", colon = "", value = ""] = field;
    hidesFolded = SECRET_NAME.test(name) || hiddenNames.has(name.toLowerCase());
    return `${name}${colon}${hidesFolded ? hidden(value) : shortened(withoutQueries(value))}${end}`;
  });
  const escaped = escapedLine(shown.join("\n"));
  return escaped.length > TEXT_CHARACTERS_MAX ? `${escaped.slice(0, TEXT_CHARACTERS_MAX)}...` : escaped;
}

/** Text on one line: printable ASCII as it is, the rest as escapes. */
export function escapedLine(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (character) => {
    if (character === "\r") return "\\r";
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    if (character === "\\") return "\\\\";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** References without their queries, user names and passwords. */
export function withoutQueries(text: string): string {
  return text.replace(/\/\/[^/\s?#]*@/g, "//***@").replace(/\?[^\s"'<>]*/g, "?...");
}

function hidden(value: string): string {
  return `[${value.length} bytes hidden]`;
}

function shortened(text: string): string {
  if (text.length <= LINE_CHARACTERS_MAX) return text;
  return `${text.slice(0, LINE_CHARACTERS_MAX)}[${text.length - LINE_CHARACTERS_MAX} more bytes]`;
}
