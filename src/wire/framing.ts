/**
 * How the end of a message's body is known: the decision of RFC 9112 section 6.3, made once, by this code alone.
 *
 * Anything ambiguous is refused: both Transfer-Encoding and Content-Length, repeated lengths, codings other than one
 * final chunked. Deliberately absent: leniency switches. What goes on is framed anew from this decision.
 */
import { Kind } from "./fields.ts";
import { listMembers } from "./lists.ts";
import type { RequestMessage, ResponseMessage } from "./messages.ts";
import type { RefusalCode } from "./refusals.ts";

/** `length`: exactly `length` octets. `close`: until the connection closes (responses only). */
export type BodyKind = "none" | "length" | "chunked" | "close";

export interface Framing {
  readonly kind: BodyKind;
  /** Octets of a `length` body; 0 for `none`; -1 where the framing does not tell. */
  readonly length: number;
}

export type FramingDecision = Framing | RefusalCode;

const noBody: Framing = { kind: "none", length: 0 };
const chunkedBody: Framing = { kind: "chunked", length: -1 };
const closeDelimitedBody: Framing = { kind: "close", length: -1 };

/** Below 2^53, so that every count of octets is exact. A petabyte is no honest message. */
const LENGTH_MAX = 999_999_999_999_999;
/** Digits, leading zeros included, which are grammatical (RFC 9110 section 8.6). */
const LENGTH_DIGITS_MAX = 64;

/** More than ever stood in one message; any number but one is refused, and this many are not looked at. */
const TRANSFER_CODINGS_MAX = 16;

const FRAMING_KINDS = (1 << Kind.contentLength) | (1 << Kind.transferEncoding);

/** The framing of a request's body. A request without either field has none. */
export function requestFraming(head: RequestMessage): FramingDecision {
  if ((head.fields.kinds & FRAMING_KINDS) === 0) return noBody;
  const declared = declaredFraming(head);
  if (head.method !== "CONNECT" || typeof declared === "string") return declared;
  // RFC 9110 section 9.3.6: what follows a CONNECT is the tunnel's, whatever its head says.
  return declared.length === 0 ? noBody : "content-not-allowed";
}

/**
 * The framing of a response's body.
 *
 * @param requestMethod the method of the request it answers: HEAD has no body, a 2xx to CONNECT begins a tunnel.
 */
export function responseFraming(head: ResponseMessage, requestMethod: string): FramingDecision {
  const { status, fields } = head;
  if (status < 200 || status === 204) return noBody;
  if (requestMethod === "CONNECT" && status < 300) return noBody;
  if (requestMethod === "HEAD" || status === 304) {
    // The fields describe another message's body, but a faulty length must not go on (RFC 9110 section 8.6).
    const declared = (fields.kinds & FRAMING_KINDS) === 0 ? noBody : declaredFraming(head);
    return typeof declared === "string" ? declared : noBody;
  }
  if ((fields.kinds & FRAMING_KINDS) === 0) return closeDelimitedBody;
  return declaredFraming(head);
}

/**
 * Whether the fields of a response without a body describe one, as those to HEAD do: some origins send it all the same. A 304
 * is no such case, since who makes one has no body at hand.
 */
export function describesBody({ status, fields }: ResponseMessage): boolean {
  if (status === 304) return false;
  if (fields.has(Kind.transferEncoding)) return true;
  return fields.valuesOf(Kind.contentLength).some((length) => Number(length) !== 0);
}

function declaredFraming(head: RequestMessage | ResponseMessage): FramingDecision {
  const { fields } = head;
  const isChunked = fields.has(Kind.transferEncoding);
  if (isChunked && fields.has(Kind.contentLength)) return "length-and-chunked";
  if (isChunked) {
    if (head.minorVersion === 0) return "transfer-encoding-in-http10";
    const codings = listMembers(fields.valuesOf(Kind.transferEncoding).join(","), TRANSFER_CODINGS_MAX);
    if (codings === undefined) return "transfer-encoding-invalid";
    if (codings[codings.length - 1] !== "chunked" || codings.indexOf("chunked") !== codings.length - 1) {
      return "transfer-encoding-invalid";
    }
    return codings.length === 1 ? chunkedBody : "transfer-coding-unknown";
  }
  if (fields.isRepeated(Kind.contentLength)) return "content-length-repeated";
  const text = fields.firstOf(Kind.contentLength) as string;
  const length = decimal(text);
  if (length < 0) return text.includes(",") ? "content-length-repeated" : "content-length-invalid";
  return { kind: "length", length };
}

/** The number that decimal digits write, if it is not more than a length may be; anything else: -1. */
function decimal(text: string): number {
  if (text.length === 0 || text.length > LENGTH_DIGITS_MAX) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > LENGTH_MAX) return -1;
  }
  return value;
}
