/**
 * The head of a response as it goes back to the client: fields of the upstream hop are cut, framing and connection
 * options are our own (laws 1 and 2).
 */

import type { ProxyContext } from "../exchange/context.ts";
import { asksForConnection } from "../wire/connection-authentication.ts";
import { type ConnectionOptions, Kind } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import { fieldLines, kindSet, startAndFieldLines } from "../wire/head-writer.ts";
import type { ResponseMessage } from "../wire/messages.ts";

const HOP_KINDS = kindSet(
  Kind.connection,
  Kind.keepAlive,
  Kind.proxyConnection,
  Kind.te,
  Kind.transferEncoding,
  Kind.upgrade,
  Kind.http2Settings,
  Kind.close,
);
/** What an origin cannot nominate away: the framing is not its to hide, and a response keeps its date. */
const KEPT_KINDS = kindSet(Kind.contentLength, Kind.date);

/**
 * RFC 4559 section 6: clients log in through a proxy only if it says with the 401 that it gives nobody else the connection. It
 * concerns this hop, so it is nominated.
 */
const PROXY_SUPPORT = "Connection: Proxy-Support\r\nProxy-Support: Session-Based-Authentication\r\n";

/** Where a status ends in its line: behind it is the SP before the reason-phrase, which some origins leave out. */
const STATUS_END = "HTTP/1.1 200".length;

/** How the body is framed towards the client. `close`: its end is shown by closing. */
export type ClientFraming = "none" | "length" | "chunked" | "close";

/** How the client gets a body that arrives with `framing`; an HTTP/1.0 client cannot take chunks. */
export function clientFraming(framing: Framing, clientMinorVersion: 0 | 1): ClientFraming {
  if (framing.kind === "none" || framing.kind === "length") return framing.kind;
  return clientMinorVersion === 1 ? "chunked" : "close";
}

export interface ResponseWriting {
  readonly head: ResponseMessage;
  readonly options: ConnectionOptions;
  readonly framing: Framing;
  readonly clientFraming: ClientFraming;
  /** The method of the request that it answers. */
  readonly requestMethod: string;
  /** Our own connection field lines, each with its CRLF. */
  readonly connectionLines: string;
  /** `Location` and its kin, where they name an origin and are said anew, each with its CRLF; otherwise undefined. */
  readonly references?: string | undefined;
  /** Has the `Date` for an origin that sent none (RFC 9110 section 6.6.1). */
  readonly context: ProxyContext;
}

export function responseHeadText(writing: ResponseWriting): string {
  const { head } = writing;
  const { fields } = head;
  let cutKinds = HOP_KINDS;
  let added = "";
  const length = lengthToSay(writing);
  if (length === undefined) {
    cutKinds |= 1 << Kind.contentLength;
  } else if (!fields.isWritten(Kind.contentLength, length)) {
    cutKinds |= 1 << Kind.contentLength;
    added = `Content-Length: ${length}\r\n`;
  }
  if (writing.clientFraming === "chunked") added += "Transfer-Encoding: chunked\r\n";
  else cutKinds |= 1 << Kind.trailer;
  if (!writing.context.isGateway) {
    // RFC 9110 section 7.6.3: a proxy, not a gateway, adds Via to responses, too. Section 11.7.1: credentials for this proxy
    // are its own to ask for.
    cutKinds |= 1 << Kind.proxyAuthenticate;
    added += writing.context.viaLines[head.receivedMinorVersion];
    if (head.status === 401 && asksForConnection(fields)) added += PROXY_SUPPORT;
  }
  if (writing.references !== undefined) {
    cutKinds |= 1 << Kind.location;
    added += writing.references;
  }
  if (!fields.has(Kind.date) && !head.changes?.concerns("date")) added += `Date: ${writing.context.date()}\r\n`;
  const cut = {
    kinds: cutKinds,
    nominated: writing.options.nominated,
    kept: KEPT_KINDS,
    isIrregular: head.isIrregular,
    changes: head.changes,
  };
  const ownLines = added + writing.connectionLines;
  // The usual status-line is just what we would write.
  if (head.receivedMinorVersion === 1 && head.hasNewStartLine !== true && fields.text.startsWith(" ", STATUS_END)) {
    return `${startAndFieldLines(fields, cut) + ownLines}\r\n`;
  }
  return `${statusLine(head)}${fieldLines(fields, cut)}${ownLines}\r\n`;
}

/** The value of `Content-Length`; undefined: there is none. */
function lengthToSay({ head, framing, requestMethod }: ResponseWriting): string | undefined {
  if (framing.kind === "length") return String(framing.length);
  // Responses to HEAD and 304 describe a length without carrying it; it is a number, responseFraming refuses others.
  const describes = head.status === 304 || (requestMethod === "HEAD" && head.status >= 200 && head.status !== 204);
  const described = describes ? head.fields.firstOf(Kind.contentLength) : undefined;
  return described === undefined ? undefined : String(Number(described));
}

/** An interim response (1xx) without framing and hop-by-hop fields; 101 keeps its `Upgrade`. A proxy adds `Via` as to any. */
export function interimHeadText(head: ResponseMessage, options: ConnectionOptions, context: ProxyContext): string {
  const cut = {
    kinds: HOP_KINDS | kindSet(Kind.contentLength, Kind.trailer),
    nominated: options.nominated,
    kept: 0,
    isIrregular: head.isIrregular,
    changes: head.changes,
  };
  const upgrade =
    head.status === 101 ? `Connection: Upgrade\r\nUpgrade: ${head.fields.valuesOf(Kind.upgrade).join(", ")}\r\n` : "";
  const via = context.isGateway ? "" : context.viaLines[head.receivedMinorVersion];
  return `${statusLine(head)}${fieldLines(head.fields, cut)}${via}${upgrade}\r\n`;
}

function statusLine(head: ResponseMessage): string {
  return `HTTP/1.1 ${head.status} ${head.reasonPhrase}\r\n`;
}
