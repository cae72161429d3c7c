/**
 * The head of a request as it goes on to the origin (law 1: each hop is its own; law 2: written anew).
 *
 * Fields of this hop are cut, framing is our own, `Via` and forwarding fields are added. A forward proxy adds none of the
 * latter (its client is a person, and an origin need not know whose), leaves those that are there, and keeps the credentials
 * that were meant for it (RFC 9110 section 11.7.2). Order, case and unknown fields are kept; path and query are never
 * touched. `X-Forwarded-Host` tells the host that the client asked for, whichever the origin gets.
 */

import type { Admission } from "../exchange/admission.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { FORWARDING_KINDS, KEPT_KINDS, ONE_HOP_KINDS } from "../exchange/forwarded-fields.ts";
import type { OriginHost } from "../exchange/origin-references.ts";
import { type FieldTable, Kind } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import { type Cut, fieldLines, type KindSet, kindSet, startAndFieldLines } from "../wire/head-writer.ts";
import type { RequestMessage } from "../wire/messages.ts";
import { expectsContent } from "../wire/methods.ts";
import { forwardedForLine } from "./client-names.ts";
import { othersCookies } from "./sticky-cookie.ts";

/** What is of this hop does not go on as it came. */
const HOP_KINDS = ONE_HOP_KINDS | kindSet(Kind.te, Kind.upgrade);
/** Only a trusted neighbour may say these to an origin; and nobody may spell them so that an origin takes them for these. */
const STRANGERS_CUT_KINDS = FORWARDING_KINDS | kindSet(Kind.respelled);
/** Nobody but TLS says which certificate a client has, where clients are asked for them (RFC 9440 section 4). */
const CERTIFICATE_KINDS = kindSet(Kind.forwardedOther);

const PROTO_HTTP = "X-Forwarded-Proto: http\r\n";
const PROTO_HTTPS = "X-Forwarded-Proto: https\r\n";

/** How the body is framed towards the origin. */
export type SentFraming = { readonly kind: "none" | "chunked" } | { readonly kind: "length"; readonly length: number };

/** @param lengthHeld the length of a body that is at hand, where that is told and no chunks; otherwise undefined */
export function sentFraming(framing: Framing, lengthHeld: number | undefined, method: string): SentFraming {
  if (framing.kind === "length") return { kind: "length", length: framing.length };
  if (framing.kind !== "chunked" || (lengthHeld === 0 && !expectsContent(method))) return { kind: "none" };
  return lengthHeld === undefined ? { kind: "chunked" } : { kind: "length", length: lengthHeld };
}

/** @param ownCookie the cookie that keeps clients at their endpoints; there is none: undefined */
export function requestHeadText(
  context: ProxyContext,
  downstream: ClientConnection,
  head: RequestMessage,
  admission: Admission,
  framing: SentFraming,
  originAuthority: string,
  ownCookie?: string,
): string {
  const { fields } = head;
  let { changes } = head;
  const { target, maxForwards } = admission;
  let cutKinds = HOP_KINDS;
  let added = "";

  const { originHost } = context.settings;
  const replacesHost = target.form === "absolute" || originHost !== "keep";
  if (replacesHost) cutKinds |= 1 << Kind.host;
  const hostLine =
    replacesHost || !fields.has(Kind.host)
      ? `Host: ${hostToSay(originHost, target.authority, originAuthority)}\r\n`
      : "";

  if (framing.kind === "chunked") {
    cutKinds |= 1 << Kind.contentLength;
    added += "Transfer-Encoding: chunked\r\n";
  } else if (framing.kind === "length" && !fields.isWritten(Kind.contentLength, String(framing.length))) {
    cutKinds |= 1 << Kind.contentLength;
    added += `Content-Length: ${framing.length}\r\n`;
  }
  const cookies = ownCookie === undefined ? undefined : othersCookies(head, ownCookie);
  if (cookies !== undefined) {
    cutKinds |= 1 << Kind.cookie;
    changes = changes?.without("cookie");
    for (const cookie of cookies) added += `Cookie: ${cookie}\r\n`;
  }
  if (fields.has(Kind.expect) && !admission.expectsContinue) cutKinds |= 1 << Kind.expect;
  if (maxForwards !== undefined) {
    cutKinds |= 1 << Kind.maxForwards;
    added += `Max-Forwards: ${maxForwards - 1}\r\n`;
  }
  // Trailers come in chunks only.
  if (framing.kind !== "chunked") cutKinds |= 1 << Kind.trailer;
  const { isGateway } = context;
  if (!isGateway) cutKinds |= 1 << Kind.proxyAuthorization;
  else cutKinds |= replacedForwarding(downstream, head);

  const cut: Cut = {
    kinds: cutKinds,
    nominated: admission.options.nominated,
    kept: KEPT_KINDS,
    isIrregular: head.isIrregular,
    changes,
  };
  const ownLines =
    added +
    connectionLines(admission) +
    (downstream.speaksHttp2 === true ? context.viaLineOfHttp2 : context.viaLines[head.receivedMinorVersion]) +
    (isGateway ? forwardingLines(context, downstream, head, target.authority) : "");
  // The usual request-line is just what we would write.
  const isAsReceived = target.path === head.target && head.hasNewStartLine !== true;
  if (hostLine === "" && isAsReceived && head.receivedMinorVersion === 1) {
    return `${startAndFieldLines(fields, cut) + ownLines}\r\n`;
  }
  return `${head.method} ${target.path} HTTP/1.1\r\n${hostLine}${fieldLines(fields, cut)}${ownLines}\r\n`;
}

export function hostToSay(originHost: OriginHost, asked: string, originAuthority: string): string {
  if (originHost === "origin" || (originHost === "keep" && asked === "")) return originAuthority;
  return originHost === "keep" ? asked : originHost.name;
}

/** Our own connection options on the upstream hop. Persistence needs none: it is HTTP/1.1's default (S13). */
function connectionLines({ upgrade, takesTrailers }: Admission): string {
  if (upgrade === undefined) return takesTrailers ? "Connection: TE\r\nTE: trailers\r\n" : "";
  if (!takesTrailers) return `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  return `Connection: Upgrade, TE\r\nUpgrade: ${upgrade}\r\nTE: trailers\r\n`;
}

/** Forwarding fields that do not go on as they came: of strangers all, of trusted neighbours what we continue or must fill in. */
function replacedForwarding({ isTrusted, socket }: ClientConnection, { fields }: RequestMessage): KindSet {
  if (!isTrusted) return STRANGERS_CUT_KINDS;
  // A neighbour that speaks for its clients says the names themselves; other spellings are what it did not take away from them.
  let kinds = (1 << Kind.forwardedFor) | (1 << Kind.respelled);
  if (socket.security?.asksClients) kinds |= CERTIFICATE_KINDS;
  for (const kind of [Kind.forwardedProto, Kind.forwardedHost]) if (!saysSomething(fields, kind)) kinds |= 1 << kind;
  return kinds;
}

function saysSomething(fields: FieldTable, kind: Kind): boolean {
  return fields.has(kind) && fields.valuesOf(kind).some((value) => value !== "");
}

function forwardingLines(
  context: ProxyContext,
  downstream: ClientConnection,
  head: RequestMessage,
  authority: string,
): string {
  const { fields, changes } = head;
  const before = downstream.isTrusted ? fields.valuesOf(Kind.forwardedFor).join(", ") : "";
  const {
    record: { peer },
    socket: { isSecure, security },
  } = downstream;
  let lines = "";
  if (security?.clientCertificate !== undefined && !changes?.concerns("client-cert")) {
    lines += `Client-Cert: :${security.clientCertificate}:\r\n`;
  }
  if (!changes?.concerns("x-forwarded-for")) {
    lines += before === "" ? forwardedForLine(peer) : `X-Forwarded-For: ${before}, ${peer}\r\n`;
  }
  if (!isTold(downstream, head, Kind.forwardedProto, "x-forwarded-proto")) {
    lines += isSecure ? PROTO_HTTPS : PROTO_HTTP;
  }
  if (authority !== "" && !isTold(downstream, head, Kind.forwardedHost, "x-forwarded-host"))
    lines += context.forwardedHostLine(authority);
  if (context.settings.sendsForwarded && !changes?.concerns("forwarded")) {
    const host = authority === "" ? "" : `;host="${authority}"`;
    lines += `Forwarded: for=${forwardedNode(peer)};proto=${isSecure ? "https" : "http"}${host}\r\n`;
  }
  return lines;
}

/** Whether a trusted neighbour, or one of ours, has said it already. */
function isTold(
  { isTrusted }: ClientConnection,
  { fields, changes }: RequestMessage,
  kind: Kind,
  name: string,
): boolean {
  return (isTrusted && saysSomething(fields, kind)) || changes?.concerns(name) === true;
}

/** A node of `Forwarded` (RFC 7239 section 6): IPv6 addresses are bracketed and quoted. */
export function forwardedNode(address: string): string {
  return address.includes(":") ? `"[${address}]"` : address;
}
