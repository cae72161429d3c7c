/**
 * Lines of the access log in the formats that Apache httpd calls `common` and `combined`, byte for byte, for the tools that read those.
 *
 *     common    %h %l %u %t "%r" %>s %b
 *     combined  the same, and "%{Referer}i" "%{User-Agent}i"
 *
 * What clients send is escaped as `ap_escape_logitem` does: a quote and a backslash get a backslash, the control characters that C has
 * a letter for get that, and every other byte that is not printable ASCII becomes `\xhh`. So a line cannot be broken, and no byte of it
 * speaks to a terminal. What is not known is `-`. Deliberately absent: lines for connections, which these formats do not have.
 */
import { twoDigits } from "./clock-time.ts";
import type { LoggedExchange } from "./entries.ts";

/** Of a target; the rest is cut off and marked. */
const TARGET_LENGTH_MAX = 4_096;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** A line without its end. */
export function commonLine(entry: LoggedExchange): string {
  const { client, user, time, status, responseBytes } = entry;
  const host = client === "unknown" ? "-" : escapedItem(client);
  const who = user === undefined ? "-" : user === "" ? '""' : escapedItem(Buffer.from(user).toString("latin1"));
  const bytes = responseBytes === 0 ? "-" : String(responseBytes);
  return `${host} - ${who} [${apacheTime(new Date(time))}] "${requestLine(entry)}" ${status === 0 ? "-" : status} ${bytes}`;
}

export function combinedLine(entry: LoggedExchange): string {
  return `${commonLine(entry)} "${escapedItem(entry.referer ?? "-")}" "${escapedItem(entry.userAgent ?? "-")}"`;
}

/** `02/Jan/2026:03:04:05 +0000`, in this machine's time zone as Apache has it. @param eastOfUtc_min where that is */
export function apacheTime(time: Date, eastOfUtc_min = -time.getTimezoneOffset()): string {
  const there = new Date(time.getTime() + eastOfUtc_min * 60_000);
  const day = [twoDigits(there.getUTCDate()), MONTHS[there.getUTCMonth()], there.getUTCFullYear()].join("/");
  const clock = [there.getUTCHours(), there.getUTCMinutes(), there.getUTCSeconds()].map(twoDigits).join(":");
  const east = Math.abs(eastOfUtc_min);
  const zone = `${eastOfUtc_min < 0 ? "-" : "+"}${twoDigits(Math.floor(east / 60))}${twoDigits(east % 60)}`;
  return `${day}:${clock} ${zone}`;
}

/** The request-line, or as much of one as there was. */
function requestLine({ method, target, version, received }: LoggedExchange): string {
  // Its bytes are escaped already (wire/readable.ts), all but the quote.
  if (received !== undefined && received !== "") return received.replaceAll('"', '\\"');
  if (method === "") return "-";
  if (target === "") return escapedItem(method);
  const shown = target.length > TARGET_LENGTH_MAX ? `${target.slice(0, TARGET_LENGTH_MAX)}...` : target;
  return `${escapedItem(method)} ${escapedItem(shown)} HTTP/${version}`;
}

const LETTERS: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

/** @param latin1 each character is one byte */
export function escapedItem(latin1: string): string {
  return latin1.replace(
    /[^\x20\x21\x23-\x5b\x5d-\x7e]/g,
    (byte) => LETTERS[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
