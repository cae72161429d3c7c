/**
 * What a snapshot sets right: connections that were there before the dashboard looked, ends that were missed, and deadlines.
 *
 * Events that came while the snapshot was under way may be newer than it: whatever began since it was asked for is left alone.
 */
import type { ConnectionView } from "../../src/ledger/window.ts";
import { endUnfinished, type Store } from "./store.ts";
import type { IdleTimes, Telling } from "./telling.ts";
import type { Connection, Key, Snapshot, Told } from "./types.ts";

/** What is so much younger than the question may be newer than the answer. */
const RACE_MS = 250;

export interface SnapshotTimes {
  /** By the proxy's clock: when it was asked for, and what is taken for the time of the answer. */
  readonly askedAt_ms: number;
  readonly at_ms: number;
}

export function reconcile(
  { connections, exchanges }: Snapshot,
  { askedAt_ms, at_ms }: SnapshotTimes,
  store: Store,
  telling: Telling,
  idleTimes: IdleTimes,
): void {
  const before_ms = askedAt_ms - RACE_MS;
  // From the oldest on, as they happened; then which of their connections are left.
  for (const entry of exchanges?.exchanges.toReversed() ?? []) telling.exchangeEnded(entry);
  if (connections !== undefined) {
    const seen = new Set<Key>();
    for (const view of connections.connections) seen.add(takeOver(view, before_ms, at_ms, store, idleTimes).key);
    if (!connections.more) {
      for (const connection of store.connections.values()) {
        if (!seen.has(connection.key) && connection.openedAt_ms < before_ms)
          store.lose(connection, goneSince(connection, at_ms));
      }
    }
  }
}

/** Of one that is only known from exchanges of the past nothing is known behind the last of them: it is not drawn as idle since. */
function goneSince({ isOpeningGuessed, exchanges }: Connection, at_ms: number): number {
  const ends = exchanges.flatMap(({ endedAt_ms }) => endedAt_ms ?? []);
  return isOpeningGuessed && ends.length > 0 ? Math.min(at_ms, Math.max(...ends)) : at_ms;
}

function takeOver(
  view: Told<ConnectionView>,
  before_ms: number,
  at_ms: number,
  store: Store,
  idleTimes: IdleTimes,
): Connection {
  const { id, worker, hop, client, endpoint, secure, opened, age_ms, idle_ms, exchanges, closes, boundTo } = view;
  const peer = client ?? endpoint ?? "";
  const openedAt_ms = at_ms - age_ms;
  const connection = store.introduce({ id, worker, hop, peer, at_ms: openedAt_ms });
  if (connection.closedAt_ms !== undefined) return connection;
  if (connection.isOpeningGuessed) connection.openedAt_ms = openedAt_ms;
  connection.isOpeningGuessed = false;
  connection.peer = peer;
  connection.isSecure = secure;
  connection.opened = opened;
  if (boundTo !== undefined) connection.boundTo = store.keyOf(boundTo, worker);
  const left_ms = view.idleLeft_ms;
  if (idle_ms !== undefined && left_ms !== undefined) {
    connection.idleFor_ms = idle_ms + left_ms;
    connection.idleLimit = view.idleLimit;
    idleTimes.note(connection, idle_ms + left_ms);
  }
  // Events have said more since.
  if (connection.exchangeCount > exchanges || isNewerThan(connection, before_ms)) return connection;
  connection.exchangeCount = exchanges;
  connection.state = view.state;
  connection.closes = closes;
  if (idle_ms === undefined) {
    connection.idleSince_ms = undefined;
    connection.idleUntil_ms = undefined;
    endUnfinishedBut(connection, exchanges, at_ms);
  } else {
    // Told by an event it is exact; answers are on their way for a while.
    connection.idleSince_ms ??= at_ms - idle_ms;
    if (connection.idleFor_ms !== undefined) connection.idleUntil_ms = connection.idleSince_ms + connection.idleFor_ms;
    endUnfinished(connection, connection.idleSince_ms);
  }
  return connection;
}

function isNewerThan({ exchanges, idleSince_ms }: Connection, before_ms: number): boolean {
  return (exchanges.at(-1)?.beganAt_ms ?? 0) > before_ms || (idleSince_ms ?? 0) > before_ms;
}

/** On a client's connection that is at its latest exchange all earlier ones have ended. */
function endUnfinishedBut({ hop, exchanges, isMultiplexed }: Connection, ordinal: number, at_ms: number): void {
  if (hop === "upstream" || isMultiplexed) return;
  for (const exchange of exchanges) {
    if (exchange.downstream.exchange < ordinal) exchange.endedAt_ms ??= at_ms;
  }
}
