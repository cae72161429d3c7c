/**
 * Which fields of a client's reach the origin as the client wrote them. What the origin does not get decides nothing here either: a stranger
 * could choose a route, or a limit's key, by what nobody behind hopwise ever sees.
 *
 * Deliberately absent: how they are taken away, see http1/request-writing.ts.
 */
import { Kind } from "../wire/fields.ts";
import { type KindSet, kindSet } from "../wire/head-writer.ts";

/** Fields that tell of the client, and of how it came. */
export const FORWARDING_KINDS: KindSet = kindSet(
  ...[Kind.forwarded, Kind.forwardedFor, Kind.forwardedProto, Kind.forwardedHost, Kind.forwardedOther],
);
/** What a client cannot nominate away: it would change what the origin understands, or hide who asked. */
export const KEPT_KINDS: KindSet =
  kindSet(Kind.host, Kind.contentLength, Kind.cookie, Kind.authorization, Kind.expect, Kind.via) | FORWARDING_KINDS;
/**
 * Fields of one hop, nominated or not (RFC 9110 section 7.6.1), that say nothing to the next one; `Close` is reserved,
 * `HTTP2-Settings` goes with h2c. `TE` and `Upgrade` are said anew there.
 */
export const ONE_HOP_KINDS: KindSet = kindSet(
  ...[Kind.connection, Kind.keepAlive, Kind.proxyConnection, Kind.transferEncoding, Kind.http2Settings, Kind.close],
);

/**
 * Not what `Connection` nominates, nor what tells of the client and comes from a stranger, or is spelled so that it may be taken for that.
 *
 * @param name in lowercase @param nominated by `Connection`
 */
export function goesOn(kind: Kind, name: string, nominated: ReadonlySet<string>, isTrusted: boolean): boolean {
  const bit = 1 << kind;
  if (nominated.has(name) && (KEPT_KINDS & bit) === 0) return false;
  if (kind === Kind.respelled || (ONE_HOP_KINDS & bit) !== 0) return false;
  return isTrusted || (FORWARDING_KINDS & bit) === 0;
}
