/**
 * Whose a request is, where clients get equal shares: the address that it came from, and behind a trusted proxy the address
 * that the proxy tells.
 *
 * Deliberately absent: users of a forward proxy; the admission knows those.
 */
import type { ConnectionRecord } from "../connection/connection-record.ts";
import type { Place } from "../connection/fair-share.ts";
import { Kind } from "../wire/fields.ts";
import type { RequestMessage } from "../wire/messages.ts";
import type { Admission } from "./admission.ts";
import type { ClientConnection } from "./client-connection.ts";
import { clientKeyOf } from "./client-key.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import type { ExchangeRecord } from "./exchange-record.ts";

/** Trusted proxies in a row that are looked past; more than anybody has. */
const PROXIES_MAX = 16;
/** An IPv6 address with brackets, zone and port is shorter. */
const MEMBER_LENGTH_MAX = 80;

/** What an exchange, or a request for a tunnel, is made of. */
interface Parts {
  readonly context: ProxyContext;
  readonly client: ClientSide;
  readonly head: RequestMessage;
  readonly admission: Admission;
  readonly record: ExchangeRecord;
}

/** What a request holds, at first of the clients' table, then of a pool. */
export function placeOf(parts: Parts, movedBytes: number, giveWay: () => void): Place {
  const { context, client, head, admission, record } = parts;
  return {
    client: admission.client ?? clientOf(context, client.connection, head),
    since_ms: record.arrivedAt_ms,
    movedBytes,
    isSlow: client.isSlow,
    giveWay,
  };
}

type Connected = Pick<ClientConnection, "isTrusted"> & { readonly record: Pick<ConnectionRecord, "peer"> };

export function clientOf(context: ProxyContext, connection: Connected, head: RequestMessage): string {
  return clientKeyOf(addressOf(context, connection, head));
}

/** The address itself; what a trusted proxy tells may be none. */
export function addressOf(context: ProxyContext, { record, isTrusted }: Connected, head: RequestMessage): string {
  const told = isTrusted ? head.fields.valuesOf(Kind.forwardedFor) : [];
  return latestUntrusted(told, context.settings.isTrusted) ?? record.peer;
}

/** The address that the last trusted proxy in a row tells; none of them tells any: undefined. */
function latestUntrusted(values: readonly string[], isTrusted: (address: string) => boolean): string | undefined {
  let latest: string | undefined;
  let looked = 0;
  for (const value of [...values].reverse()) {
    for (let end = value.length; end >= 0 && looked < PROXIES_MAX; looked++) {
      const comma = value.lastIndexOf(",", end - 1);
      const from = end === 0 ? 0 : comma + 1;
      if (end - from > MEMBER_LENGTH_MAX) return latest;
      const address = addressIn(value.slice(from, end).trim());
      if (address === "") return latest;
      latest = address;
      if (!isTrusted(address)) return latest;
      end = comma;
    }
  }
  return latest;
}

/** An address without what some proxies write around it: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressIn(member: string): string {
  const [, bracketed] = /^\[([^\]]*)\]/.exec(member) ?? [];
  if (bracketed !== undefined) return bracketed;
  const [, withPort] = /^([0-9.]+):[0-9]+$/.exec(member) ?? [];
  return withPort ?? member;
}
