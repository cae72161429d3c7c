/**
 * Which fields of a client's reach the origin as the client wrote them. What the origin does not get decides nothing here either: a stranger
 * could choose a route, or a limit's key, by what nobody behind hopwise ever sees.
 *
 * Deliberately absent: how they are taken away, see http1/request-writing.ts.
 */
import { Kind } from "../wire/fields.ts";

const TELLING_OF_CLIENTS: ReadonlySet<Kind> = new Set([
  ...[Kind.forwarded, Kind.forwardedFor, Kind.forwardedProto, Kind.forwardedHost, Kind.forwardedOther],
]);

/**
 * Not what `Connection` nominates, nor what tells of the client and comes from a stranger, or is spelled so that it may be taken for that.
 *
 * @param name in lowercase @param nominated by `Connection`
 */
export function goesOn(kind: Kind, name: string, nominated: ReadonlySet<string>, isTrusted: boolean): boolean {
  if (kind === Kind.other) return !nominated.has(name);
  return kind !== Kind.respelled && (isTrusted || !TELLING_OF_CLIENTS.has(kind));
}
