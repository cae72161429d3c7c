/**
 * A response's head, as HTTP/1 writes it (http1/response-writing.ts), as the fields of HTTP/2.
 *
 * Lines of one name stay lines of their own: only a recipient that knows the field may join them (RFC 9110 section 5.3). Two rules for what
 * the runtime does not send: a status beyond 599 is 500, which clients are to take it for anyway (section 15), and a field that the
 * runtime sends only once is one field with all values, joined by commas, for its recipient to judge.
 */
import { fieldsIn, linesIn } from "../http1/head-lines.ts";
import { isSentOnce } from "./sent-once.ts";

/** By name in lowercase. */
export type Http2Fields = Record<string, string | string[] | number>;

/** They speak of a connection of HTTP/1 (RFC 9113 section 8.2.2). */
const OF_HTTP1: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);
const STATUS_MAX = 599;
const STATUS_INSTEAD = 500;
/** Its content does not go on (RFC 9110 section 15.3.6): a length of it would make the response malformed. */
export const RESET_CONTENT = 205;
const STATUS_AT = "HTTP/1.1 ".length;

/** @param head a whole head, or a response that begins with one */
export function responseFields(head: string): Http2Fields {
  const status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
  const fields: Http2Fields = Object.create(null) as Http2Fields;
  fields[":status"] = status > STATUS_MAX ? STATUS_INSTEAD : status;
  fieldsIn(head, (name, value) => add(fields, name.toLowerCase(), value));
  if (status === RESET_CONTENT) delete fields["content-length"];
  return fields;
}

/** @param lines the trailer section that may go on, each line with its CRLF */
export function trailerFields(lines: string): Http2Fields {
  const fields: Http2Fields = Object.create(null) as Http2Fields;
  linesIn(lines, 0, (name, value) => add(fields, name.toLowerCase(), value));
  return fields;
}

function add(fields: Http2Fields, name: string, value: string): void {
  if (OF_HTTP1.has(name)) return;
  const before = fields[name];
  if (before === undefined) fields[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else fields[name] = isSentOnce(name) ? `${before}, ${value}` : [String(before), value];
}
