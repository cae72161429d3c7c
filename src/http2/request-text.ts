/**
 * A request of HTTP/2 as the bytes that it would be in HTTP/1.1, so that one reader judges all requests by the same rules (law 2).
 *
 * `:authority` is Host, pieces of a Cookie are one field again (RFC 9113 sections 8.3.1 and 8.2.3), and a CONNECT that asks for a
 * protocol is the Upgrade that it stands for (RFC 8441 section 5). Deliberately absent: whether the field list is well-formed
 * (field-list.ts).
 */
import { expectsContent } from "../wire/methods.ts";
import type { FieldList } from "./field-list.ts";

export interface TextWriting {
  /** TLS secures the connection. */
  readonly isSecure: boolean;
  /** Requests name the origin: a forward proxy's. */
  readonly namesOrigin: boolean;
  /** A body follows. */
  readonly hasBody: boolean;
  /** For an Upgrade to WebSocket: what the origin's acceptance is computed from (RFC 6455 section 4.1). */
  readonly webSocketKey: string;
}

/** What ends a line or a part of one. */
const UNFIT_TARGET = /[\0-\x20\x7f]/;

/** The head with its empty line; it cannot be written: undefined. */
export function requestText(list: FieldList, writing: TextWriting): string | undefined {
  const { method, path, protocol } = list;
  const target = targetOf(list, writing);
  if (UNFIT_TARGET.test(method) || UNFIT_TARGET.test(target) || UNFIT_TARGET.test(path)) return undefined;
  const upgrades = protocol !== undefined;
  const hasBody = writing.hasBody && !upgrades && method !== "CONNECT";
  let text = `${upgrades ? "GET" : method} ${target} HTTP/1.1\r\n`;
  const fields = joinedFields(list.authority, list.fields);
  let hasLength = false;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    // The key of a WebSocket is ours.
    if (upgrades && fields[at] === "sec-websocket-key") continue;
    hasLength ||= fields[at] === "content-length";
    text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  }
  if (hasBody && !hasLength) text += "transfer-encoding: chunked\r\n";
  // HTTP/2 says by the stream's end that there is no content; some origins ask for a length.
  else if (!hasLength && expectsContent(method)) text += "content-length: 0\r\n";
  if (upgrades) text += `connection: upgrade\r\nupgrade: ${protocol}\r\n`;
  if (protocol === "websocket") text += `sec-websocket-key: ${writing.webSocketKey}\r\n`;
  return `${text}\r\n`;
}

/** A scheme that the connection does not have by itself is said, and judged like that of any request that says it. */
function targetOf({ method, scheme, authority, path, protocol }: FieldList, writing: TextWriting): string {
  if (method === "CONNECT" && protocol === undefined) return authority;
  const isUsual = scheme === (writing.isSecure ? "https" : "http") && !writing.namesOrigin;
  return isUsual || path === "*" || authority === "" ? path : `${scheme}://${authority}${path}`;
}

/**
 * Fields as HTTP/1 has them. Where both are there and differ, Host stands twice, and is refused.
 *
 * @param raw without pseudo-header fields
 */
export function joinedFields(authority: string, raw: readonly string[]): string[] {
  const fields: string[] = [];
  const cookies: string[] = [];
  let host: string | undefined;
  let hasTe = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (name === "cookie") cookies.push(value);
    else if (name === "host" && host === undefined) host = value;
    else fields.push(name, value);
    hasTe ||= name === "te";
  }
  if (host !== undefined && authority !== "" && host.toLowerCase() !== authority.toLowerCase())
    fields.unshift("host", host);
  if (authority !== "" || host !== undefined) fields.unshift("host", authority === "" ? (host ?? "") : authority);
  if (cookies.length > 0) fields.push("cookie", cookies.join("; "));
  // It concerns one hop, and HTTP/1 says so with a field that HTTP/2 does not have.
  if (hasTe) fields.push("connection", "te");
  return fields;
}
