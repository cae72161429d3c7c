/**
 * Whether two neighbours lose requests: the hop in front keeps connections in a pool, the hop behind it closes them.
 *
 * A request that is on its way when the server closes is lost. So the client has to give an idle connection up first: its time, plus
 * the round trip, plus what timers are late, must be less than the server's (RFC 9112 section 9.3 and 9.5). Equal times are a race.
 */
import type { PoolTerms, ServerTerms } from "./hop.ts";

/** Timers of servers and clients run late by about this: loops that look a few times a second, buffers, coarse clocks. */
export const SLACK_MS = 500;
/** Round trip between neighbours in one data centre, where nobody says better. */
export const RTT_MS = 1;

export type PairVerdict = "healthy" | "too-close" | "inverted" | "unbounded" | "unknown";

export interface Judgement {
  readonly verdict: PairVerdict;
  /** Why: for `healthy`, which of several ways to be. */
  readonly why:
    | "client-leaves-first"
    | "client-heeds-hint"
    | "client-learns"
    | "server-never-closes"
    | "server-closes-each"
    | "client-reuses-nothing"
    | "server-leaves-first"
    | "no-limit-of-its-own"
    | "not-known";
  /** When the client gives an idle connection up; never: undefined. */
  readonly client_ms: number | undefined;
  /** When the server closes it; never: undefined. */
  readonly server_ms: number | undefined;
  /** Of the side that is not known. */
  readonly missing?: "client" | "server";
}

export interface Latency {
  readonly rtt_ms: number;
  readonly slack_ms: number;
}

/** The stretch of idle time within which a request meets the close. */
export interface RaceWindow {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly width_ms: number;
}

export function judge(client: PoolTerms, server: ServerTerms, { rtt_ms, slack_ms }: Latency): Judgement {
  const server_ms = typeof server.idle_ms === "number" ? server.idle_ms : undefined;
  const client_ms = givenUpAfter(client, server);
  const healthy = (why: Judgement["why"]): Judgement => ({ verdict: "healthy", why, client_ms, server_ms });
  if (client.idle_ms === "no-reuse") return healthy("client-reuses-nothing");
  if (server.idle_ms === "no-reuse") return healthy("server-closes-each");
  if (server.idle_ms === "unlimited") return healthy("server-never-closes");
  if (client.isLearning) return healthy("client-learns");
  const unknown = (missing: "client" | "server"): Judgement => ({
    verdict: "unknown",
    why: "not-known",
    client_ms,
    server_ms,
    missing,
  });
  if (server_ms === undefined) return unknown("server");
  if (client.idle_ms === "purged") return { verdict: "unbounded", why: "no-limit-of-its-own", client_ms, server_ms };
  if (client.idle_ms === undefined || client.idle_ms === "passed-on") return unknown("client");
  if (client_ms === undefined) return { verdict: "inverted", why: "server-leaves-first", client_ms, server_ms };
  if (client_ms + rtt_ms + slack_ms < server_ms) {
    const heeds = client.hint !== undefined && server.isAdvertised && client_ms !== client.idle_ms;
    return healthy(heeds ? "client-heeds-hint" : "client-leaves-first");
  }
  const isClose = client_ms <= server_ms + rtt_ms + slack_ms;
  return { verdict: isClose ? "too-close" : "inverted", why: "server-leaves-first", client_ms, server_ms };
}

/** When the client gives an idle connection up, with what the server tells it; never: undefined. */
function givenUpAfter({ idle_ms, hint }: PoolTerms, server: ServerTerms): number | undefined {
  const own = typeof idle_ms === "number" ? idle_ms : undefined;
  const said = server.said_ms ?? server.idle_ms;
  if (hint === undefined || !server.isAdvertised || typeof said !== "number") return own;
  const hinted = Math.min(Math.max(0, said - hint.margin_ms), hint.max_ms ?? Number.POSITIVE_INFINITY);
  return hint.replacesIdle || own === undefined ? hinted : Math.min(own, hinted);
}

/** A request sent after the server has closed, and before its FIN arrives, or one that arrives as it closes: one round trip in all. */
export function raceWindow(server_ms: number, { rtt_ms }: Latency): RaceWindow {
  return { from_ms: server_ms - rtt_ms / 2, to_ms: server_ms + rtt_ms / 2, width_ms: rtt_ms };
}

const badness: Readonly<Record<PairVerdict, number>> = {
  healthy: 0,
  unknown: 1,
  unbounded: 2,
  "too-close": 3,
  inverted: 4,
};

export function isWorse(one: PairVerdict, other: PairVerdict): boolean {
  return badness[one] > badness[other];
}
