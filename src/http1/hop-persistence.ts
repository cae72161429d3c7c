/**
 * Whether each hop of an exchange persists, as far as the messages on that hop say (law 1: each hop is its own).
 */
import { type KeepAliveTerms, parseKeepAlive } from "../connection/keep-alive-terms.ts";
import { type HopMessages, reasonToClose } from "../connection/message-states.ts";
import { type PersistenceFacts, persistenceAfter } from "../connection/persistence.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import { type ConnectionOptions, type FieldTable, Kind } from "../wire/fields.ts";
import { describesBody, type Framing } from "../wire/framing.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import { bindByResponse } from "./connection-binding.ts";

/** Why the client's connection closes after this request; undefined: the request lets it persist. */
export function closeReasonOfRequest(
  minorVersion: 0 | 1,
  options: ConnectionOptions,
  isGateway: boolean,
): CloseReason | undefined {
  // A gateway acts as the origin server towards its clients, so HTTP/1.0 keep-alive may be granted. A forward proxy never
  // grants it: its client may itself be a proxy that passes on what it does not understand (RFC 9112 section 9.3).
  return closeReasonOf(minorVersion, options, isGateway);
}

/** Why the origin's connection closes after this response; undefined: the response lets it persist. */
function closeReasonOfResponse(
  { minorVersion, isDoubtful }: ResponseMessage,
  options: ConnectionOptions,
  framing: Framing,
): CloseReason | undefined {
  const reason = closeReasonOf(minorVersion, options, true);
  if (reason !== undefined) return reason;
  if (framing.kind === "close") return "close-delimited";
  return isDoubtful ? "response-tolerated" : undefined;
}

/**
 * Notes what a final response says about the origin and its connection.
 * @returns why the connection closes after it; undefined: it persists
 */
export function noteFinalResponse(
  upstream: PooledConnection,
  downstream: ClientConnection,
  head: ResponseMessage,
  options: ConnectionOptions,
  framing: Framing,
): CloseReason | undefined {
  bindByResponse(downstream, upstream, head);
  upstream.endpoint.noteFinal(head.minorVersion, head.status);
  upstream.hasSpokenHttp10 = head.minorVersion === 0;
  const terms = keepAliveTermsOf(head.fields, options);
  if (terms !== undefined) upstream.noteTerms(terms);
  if (framing.kind === "none" && (describesBody(head) || upstream.endpoint.noteBodiless())) upstream.doubtEnd();
  return closeReasonOfResponse(head, options, framing);
}

/**
 * Why the origin's connection is not used again after the exchange; undefined: it is.
 * @param messages those of the exchange
 */
export function closeReasonAfterExchange(upstream: PooledConnection, messages: HopMessages): CloseReason | undefined {
  if (upstream.hasUnreadOctets) return "unexpected-octets";
  return reasonToClose(messages) ?? (upstream.peerHasClosed ? "peer-closed-idle" : undefined);
}

/** The terms that a message gives for its connection. RFC 2068 section 19.7.1.1: the field counts only beside its token. */
function keepAliveTermsOf(fields: FieldTable, options: ConnectionOptions): KeepAliveTerms | undefined {
  if (!options.keepAlive || !fields.has(Kind.keepAlive)) return undefined;
  return parseKeepAlive(fields.valuesOf(Kind.keepAlive).join(","));
}

function closeReasonOf(
  minorVersion: 0 | 1,
  options: ConnectionOptions,
  honoursHttp10KeepAlive: boolean,
): CloseReason | undefined {
  const facts: PersistenceFacts = {
    minorVersion,
    saysClose: options.close,
    saysKeepAlive: options.keepAlive,
    honoursHttp10KeepAlive,
  };
  const { persists, reason } = persistenceAfter(facts);
  if (persists) return undefined;
  return reason === "close-received" ? "close-received" : "http10-not-kept";
}
