/**
 * Where an exchange's time went: its phases, and the stretches of time between them on each of its connections.
 *
 * Deliberately absent: colours and pixels.
 */
import type { ExchangeEntry } from "../../src/ledger/entries.ts";
import type { Connection, Exchange, Phase } from "./types.ts";

/** What an exchange did during a stretch of time. `asking`: the origin has the request. `answering`: its response passes. */
export type Activity = "arriving" | "queued" | "connecting" | "securing" | "held" | "asking" | "answering" | "retrying";

export interface Segment {
  readonly activity: Activity;
  readonly from_ms: number;
  /** It still goes on: undefined. */
  readonly to_ms: number | undefined;
}

const activityOf: Readonly<Record<Phase, Activity>> = {
  queued: "queued",
  connecting: "connecting",
  securing: "securing",
  held: "held",
  sent: "asking",
  "first-byte": "answering",
  retrying: "retrying",
};

/** An exchange's phases, of which some may not have been told while it went on. */
export function phasesOf(entry: ExchangeEntry, { beganAt_ms, phases }: Pick<Exchange, "beganAt_ms" | "phases">) {
  const { retries, duration_ms, queued_ms, connect_ms, tls_ms, sent_ms, wait_ms } = entry;
  // What is told at the end is of the last attempt alone.
  if (retries > 0 && phases.some(({ phase }) => phase === "retrying")) return phases;
  const left_ms = sent_ms ?? duration_ms;
  const at = (phase: Phase, after_ms: number | undefined) =>
    after_ms === undefined ? [] : [{ phase, at_ms: beganAt_ms + after_ms }];
  return [
    ...at("queued", queued_ms === undefined ? undefined : left_ms - (connect_ms ?? 0) - queued_ms),
    ...at("connecting", connect_ms === undefined ? undefined : left_ms - connect_ms),
    ...at("securing", tls_ms === undefined ? undefined : left_ms - tls_ms),
    ...at("sent", sent_ms),
    ...at("first-byte", wait_ms),
  ];
}

/** The stretches of an exchange as its client's connection sees it: all of them. */
export function segmentsOf({ beganAt_ms, phases, endedAt_ms }: Exchange): Segment[] {
  const marks = [
    { activity: "arriving" as Activity, at_ms: beganAt_ms },
    ...phases.map(({ phase, at_ms }) => ({ activity: activityOf[phase], at_ms })),
  ];
  return marks.flatMap(({ activity, at_ms }, index) => {
    const to_ms = marks[index + 1]?.at_ms ?? endedAt_ms;
    // Nothing took time there.
    if (to_ms !== undefined && to_ms <= at_ms && marks.length > 1 && !(index === marks.length - 1)) return [];
    return [{ activity, from_ms: at_ms, to_ms }];
  });
}

/** The stretches of an exchange on one of its connections: on one to an origin from when it was sent there until it idles. */
export function segmentsOn(exchange: Exchange, connection: Connection): Segment[] {
  const { downstream, upstream, losses, leftOriginAt_ms } = exchange;
  if (connection === downstream.connection) return segmentsOf(exchange);
  if (connection === upstream?.connection) {
    const all = segmentsUntil(segmentsOf(exchange), leftOriginAt_ms);
    const sent = all.findLastIndex(({ activity }) => activity === "asking");
    if (sent >= 0) return all.slice(sent);
    const first = all.findLastIndex(({ activity }) => activity === "answering");
    return all.slice(Math.max(0, first));
  }
  return losses
    .filter((loss) => loss.connection === connection)
    .map(({ sentAt_ms, lostAt_ms }) => ({ activity: "asking", from_ms: sentAt_ms, to_ms: lostAt_ms }));
}

function segmentsUntil(segments: Segment[], end_ms: number | undefined): Segment[] {
  if (end_ms === undefined) return segments;
  return segments.flatMap((segment) => {
    if (segment.from_ms > end_ms) return [];
    return [{ ...segment, to_ms: Math.min(segment.to_ms ?? end_ms, end_ms) }];
  });
}
