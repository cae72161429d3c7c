/**
 * What is known of one connection: from the snapshot of those that are open, from events of those that closed, and from the exchanges
 * that it carried, whichever there is.
 *
 * Deliberately absent: drawing it, see lanes/.
 */
import type { CloseReason, OpenReason } from "../../src/connection/reasons.ts";
import { type ConnectionEntry, type ConnectionView, type ExchangeEntry, keyOf } from "../feed/api-types.ts";
import type { Seen } from "../feed/feed.ts";
import type { Connection, LifeState } from "../model/model.ts";
import { connectionKey } from "./parts.tsx";

export interface ConnectionFacts {
  readonly key: string;
  readonly hop: "downstream" | "upstream";
  /** A client's address, or an endpoint. */
  readonly peer: string;
  /** `closed`: it is gone. */
  readonly state: string;
  readonly opened: OpenReason | undefined;
  readonly openedAt_ms: number | undefined;
  readonly closes: CloseReason | undefined;
  readonly closedAt_ms: number | undefined;
  readonly ended: ConnectionEntry["ended"] | undefined;
  readonly exchangeCount: number;
  readonly idle_ms: number | undefined;
  /** Those that are known, the latest first. */
  readonly exchanges: readonly ExchangeEntry[];
}

/** @param now_ms by the proxy's clock */
export function openFacts(view: ConnectionView, now_ms: number): ConnectionFacts {
  return {
    ...{ key: keyOf(view), hop: view.hop, peer: view.client ?? view.endpoint ?? "", state: view.state },
    ...{ opened: view.opened, openedAt_ms: now_ms - view.age_ms, closes: view.closes, closedAt_ms: undefined },
    ...{ ended: undefined, exchangeCount: view.exchanges, idle_ms: view.idle_ms, exchanges: [] },
  };
}

export function closedFacts(entry: ConnectionEntry): ConnectionFacts {
  const closedAt_ms = Date.parse(entry.time);
  return {
    ...{ key: keyOf(entry), hop: entry.hop, peer: entry.hop === "downstream" ? entry.client : entry.endpoint },
    ...{ state: "closed", opened: entry.opened, openedAt_ms: closedAt_ms - entry.age_ms, closes: entry.closed },
    ...{ closedAt_ms, ended: entry.ended, exchangeCount: entry.exchanges, idle_ms: undefined, exchanges: [] },
  };
}

/** @returns undefined: nothing is known of it */
export function factsOf(key: string, seen: Seen, now_ms: number): ConnectionFacts | undefined {
  const exchanges = seen.exchanges?.filter((entry) => carries(entry, key) !== undefined) ?? [];
  const closed = seen.closed.find((entry) => keyOf(entry) === key);
  if (closed !== undefined) return { ...closedFacts(closed), exchanges };
  const open = seen.connections?.find((view) => keyOf(view) === key);
  if (open !== undefined) return { ...openFacts(open, now_ms), exchanges };
  const [latest] = exchanges;
  return latest === undefined ? undefined : { ...carriedFacts(key, latest), exchanges };
}

/** Which hop's connection it is for an exchange; it did not go on it: undefined. */
function carries(entry: ExchangeEntry, key: string): "downstream" | "upstream" | undefined {
  if (connectionKey(entry, entry.downstream.id) === key) return "downstream";
  const { upstream, lost = [] } = entry;
  const those = upstream === undefined ? lost : [upstream, ...lost];
  return those.some(({ id }) => connectionKey(entry, id) === key) ? "upstream" : undefined;
}

/** All that is left of a connection that closed before this page was opened. */
function carriedFacts(key: string, entry: ExchangeEntry): Omit<ConnectionFacts, "exchanges"> {
  const hop = carries(entry, key) ?? "downstream";
  const isLast = entry.upstream !== undefined && connectionKey(entry, entry.upstream.id) === key;
  const lost = entry.lost?.find(({ id }) => connectionKey(entry, id) === key);
  const on = hop === "downstream" ? entry.downstream : isLast ? entry.upstream : lost;
  return {
    ...{ key, hop, peer: hop === "downstream" ? entry.client : ((isLast ? entry.upstream : lost)?.endpoint ?? "") },
    ...{ state: "closed", opened: hop === "downstream" ? "accepted" : isLast ? entry.upstream?.opened : undefined },
    ...{ openedAt_ms: undefined, closes: on?.closes, closedAt_ms: undefined, ended: undefined },
    ...{ exchangeCount: on?.exchange ?? 0, idle_ms: undefined },
  };
}

/** The same as the model has it, whose story is told in its words (model/story.ts). */
export function asConnection(facts: ConnectionFacts, now_ms: number): Connection {
  const { key, hop, peer, state, opened, openedAt_ms, closes, closedAt_ms, ended, exchangeCount, idle_ms } = facts;
  const isOver = state === "closed";
  const [id = "", worker] = key.split(".").reverse();
  return {
    ...{
      key,
      hop,
      peer,
      state: state as LifeState,
      opened,
      closes,
      closesSince_ms: undefined,
      closedAt_ms,
      ended,
      exchangeCount,
    },
    ...{ id: Number(id), worker: worker === undefined ? undefined : Number(worker), isSecure: undefined },
    ...{ openedAt_ms: openedAt_ms ?? 0, isOpeningGuessed: openedAt_ms === undefined, isMultiplexed: false },
    ...{ idleSince_ms: idle_ms === undefined ? undefined : now_ms - idle_ms, idleToldAfter: 0 },
    ...{
      idleUntil_ms: undefined,
      idleLimit: undefined,
      idleFor_ms: undefined,
      exchanges: [],
      refusals: [],
      boundTo: undefined,
    },
    closed: isOver ? closes : undefined,
  };
}
