/**
 * How a connection ended, in the few ways that a drawing can tell apart: by shape, and by colour besides.
 *
 * The reason says more than the sign on the wire: a timeout ends with FIN or RST, too. So a reason of its own kind counts first, and
 * a reset stays visible beside it. Deliberately absent: the shapes (lanes/shapes.ts).
 */
import type { CloseReason, Connection } from "./types.ts";

export const capKinds = ["fin", "reset", "timeout", "evicted", "drained", "fault", "unknown"] as const;
export type CapKind = (typeof capKinds)[number];

export interface Cap {
  readonly kind: CapKind;
  /** The other end began it. */
  readonly isPeers: boolean;
  readonly isReset: boolean;
}

/** For the legend. */
export const capWords: Readonly<Record<CapKind, string>> = {
  fin: "closed in order (FIN)",
  reset: "reset (RST)",
  timeout: "a limit of time or use",
  evicted: "gave way",
  drained: "drained, or not named any more",
  fault: "a message that is malformed, cut or refused",
  unknown: "its end was missed",
};

/** Those of their own kind; all others end in order, or with a reset. */
const kinds: Partial<Readonly<Record<CloseReason, CapKind>>> = {
  "max-requests": "timeout",
  "idle-timeout": "timeout",
  "head-timeout": "timeout",
  "body-timeout": "timeout",
  "write-timeout": "timeout",
  "too-slow": "timeout",
  "response-timeout": "timeout",
  "tunnel-timeout": "timeout",
  "handshake-timeout": "timeout",
  "hint-expired": "timeout",
  "hint-max": "timeout",
  "max-age": "timeout",
  "lifetime-learned": "timeout",
  "pool-surplus": "evicted",
  "pool-evicted": "evicted",
  evicted: "evicted",
  overloaded: "evicted",
  "endpoint-left": "drained",
  drained: "drained",
  "listener-left": "drained",
  "drain-deadline": "drained",
  "request-refused": "fault",
  "request-incomplete": "fault",
  "request-unfinished": "fault",
  "response-malformed": "fault",
  "response-truncated": "fault",
  "unexpected-octets": "fault",
  distrusted: "fault",
  "internal-error": "fault",
  "hook-failed": "fault",
  "upstream-failed": "fault",
};

/** It is not gone: undefined. */
export function capOf({
  closedAt_ms,
  closed,
  ended,
}: Pick<Connection, "closedAt_ms" | "closed" | "ended">): Cap | undefined {
  if (closedAt_ms === undefined) return undefined;
  const isReset = ended === "own-reset" || ended === "peer-reset";
  const isPeers = ended === "peer-fin" || ended === "peer-reset";
  if (closed === undefined) return { kind: "unknown", isPeers: false, isReset: false };
  const kind = kinds[closed] ?? (isReset ? "reset" : "fin");
  return { kind, isPeers, isReset };
}
