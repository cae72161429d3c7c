/** Where the time of an exchange went: one span after the other, from its arrival to its end. */
import type { ExchangeEntry } from "../feed/api-types.ts";

export type SpanName = "queued" | "connect" | "tls" | "send" | "origin" | "body";

export interface Span {
  readonly name: SpanName;
  readonly label: string;
  readonly duration_ms: number;
  /** Of all of it, from 0 to 1. */
  readonly share: number;
}

const labels: Readonly<Record<SpanName, string>> = {
  queued: "waited for a connection",
  connect: "connected",
  tls: "TLS handshake",
  send: "in hopwise, until sent",
  origin: "origin, to its first byte",
  body: "rest of the response",
};

/** What it waited for in vain. */
const inVain: Partial<Readonly<Record<SpanName, string>>> = {
  queued: "waited for a connection, in vain",
  connect: "connecting, in vain",
  tls: "TLS handshake, in vain",
  origin: "origin, without an answer",
};

/** Spans that did not happen are left out; nothing is known of any: empty. */
export function spansOf({
  duration_ms,
  queued_ms,
  connect_ms,
  tls_ms,
  sent_ms,
  firstByte_ms,
  wait_ms,
}: ExchangeEntry): readonly Span[] {
  if (duration_ms <= 0) return [];
  const connect = connect_ms === undefined ? undefined : Math.max(0, connect_ms - (tls_ms ?? 0));
  const until = sent_ms ?? undefined;
  const before = (queued_ms ?? 0) + (connect_ms ?? 0);
  const send = until === undefined ? undefined : Math.max(0, until - before);
  // It was sent, and nothing came: all the rest was waiting for the origin.
  const origin = firstByte_ms ?? (until !== undefined && wait_ms === undefined ? duration_ms - until : undefined);
  const body = wait_ms === undefined ? undefined : Math.max(0, duration_ms - wait_ms);
  const all = [
    ["queued", queued_ms],
    ["connect", connect],
    ["tls", tls_ms],
    ["send", send],
    ["origin", origin],
    ["body", body],
  ] as const;
  const last = all.findLast(([, value]) => value !== undefined)?.[0];
  const isInVain = (name: SpanName) => name === last && firstByte_ms === undefined;
  return all.flatMap(([name, value]) =>
    value === undefined || value < 0.001
      ? []
      : [
          {
            name,
            label: (isInVain(name) ? inVain[name] : undefined) ?? labels[name],
            duration_ms: value,
            share: value / duration_ms,
          },
        ],
  );
}
