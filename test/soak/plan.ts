/**
 * What is to become of one request: written into its target by the client, read and done by the origin.
 *
 * So the client knows what it may see, and everything else is unexplained.
 */

/** How the origin frames its response. */
export const framings = ["length", "chunked", "close"] as const;
export type Framing = (typeof framings)[number];

/** What the origin does wrong, or merely unusual, with one request. */
export const originFaults = {
  none: "answers as it should",
  "reset-before": "resets instead of answering",
  "fin-before": "closes instead of answering",
  "reset-head": "resets within the head",
  "fin-head": "closes within the head",
  "reset-body": "resets within the body",
  "fin-body": "closes within the body",
  "stall-before": "never answers",
  "stall-body": "never finishes the body",
  "close-after": "closes behind the response, unannounced",
  "extra-octets": "sends octets that nobody asked for behind the response",
  early: "answers before it has the request's body",
  dribble: "sends the body in small pieces, with pauses",
} as const;
export type OriginFault = keyof typeof originFaults;

export interface Plan {
  readonly id: string;
  readonly framing: Framing;
  readonly bytes: number;
  readonly fault: OriginFault;
}

export function targetOf({ id, framing, bytes, fault }: Plan): string {
  return `/soak/${id}/${framing}/${bytes}/${fault}`;
}

export function planOf(target: string): Plan {
  const [, , id = "", framing = "", bytes = "", fault = ""] = target.split("/");
  if (!(fault in originFaults) || !(framings as readonly string[]).includes(framing)) {
    throw new Error(`not a target of the soak: ${target}`);
  }
  return { id, framing: framing as Framing, bytes: Number(bytes), fault: fault as OriginFault };
}

/** What a client sees of a request of which `fault` was planned, apart from a whole response. */
export function seenOf(fault: OriginFault): readonly string[] {
  switch (fault) {
    case "reset-before":
    case "fin-before":
      // The second behind a 100 (Continue): then the response had begun.
      return ["502 upstream-closed", "502 response-incomplete"];
    case "fin-head":
      return ["502 response-incomplete"];
    case "reset-head":
      // A reset overtakes what was sent before it.
      return ["502 response-incomplete", "502 upstream-closed"];
    case "fin-body":
    case "stall-body":
      return ["truncated"];
    case "reset-body":
      return ["truncated", "502 response-incomplete", "502 upstream-closed"];
    case "stall-before":
      return ["504 response-timeout"];
    case "none":
    case "close-after":
    case "extra-octets":
    case "early":
    case "dribble":
      return [];
  }
}

/** How an endpoint treats its idle connections. */
export interface Temper {
  readonly name: string;
  readonly minorVersion: 0 | 1;
  readonly idle_ms: number;
  /** What it says about that; nothing: undefined. */
  readonly advertised_s: number | undefined;
}

export const tempers: readonly Temper[] = [
  { name: "says 5 s and keeps to it", minorVersion: 1, idle_ms: 5_000, advertised_s: 5 },
  { name: "closes after 1 s without a word", minorVersion: 1, idle_ms: 1_000, advertised_s: undefined },
  { name: "says 30 s and closes after 2 s", minorVersion: 1, idle_ms: 2_000, advertised_s: 30 },
  { name: "says 3 s and keeps to it", minorVersion: 1, idle_ms: 3_000, advertised_s: 3 },
];

// What the processes tell each other.

export interface Restart {
  readonly type: "restart";
  readonly port: number;
  readonly began_ms: number;
  readonly ended_ms: number;
}

export type FromOrigins =
  | { readonly type: "listening"; readonly ports: readonly number[] }
  | Restart
  | { readonly type: "violation"; readonly what: string }
  | { readonly type: "tally"; readonly requests: number; readonly postsTwice: number; readonly counts: Counts };

export type Counts = Readonly<Record<string, number>>;

/** A request that did not get its whole response. */
export interface Failure {
  readonly type: "failure";
  readonly method: string;
  readonly target: string;
  /** `502 upstream-closed`, `truncated`, `unanswered`. */
  readonly seen: string;
  readonly began_ms: number;
  readonly ended_ms: number;
}

export interface LoadTally {
  readonly type: "tally";
  readonly requests: number;
  readonly whole: number;
  readonly counts: Counts;
}

export type FromLoad =
  | Failure
  | LoadTally
  | { readonly type: "progress"; readonly requests: number }
  | { readonly type: "violation"; readonly what: string };
