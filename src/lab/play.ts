/**
 * What playing a scenario left behind: who talked, what went over which connection and when, and what it shows.
 *
 * A play is plain data (JSON): the terminal, Mermaid and the page draw the same one. All times are milliseconds from the
 * play's start, measured where they say, by the clock of the network that it was played on. Deliberately absent: how it
 * is drawn.
 */

/** Said in both languages of the lab. */
export interface Text {
  readonly en: string;
  readonly ko: string;
}

export type Language = keyof Text;

export type ActorRole = "client" | "proxy" | "server";

/** One column of the sequence diagram; the order of actors is the order of columns. */
export interface Actor {
  readonly id: string;
  readonly role: ActorRole;
  /** Short: "HTTP/1.0 client", "dumb proxy". */
  readonly title: Text;
}

/** One transport connection between two neighbouring actors. */
export interface Connection {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The dialing side's port: the same port is the same connection (S4). */
  readonly port: number;
}

export type Step =
  /** The three-way handshake, from SYN to established. */
  | { readonly kind: "open"; readonly at_ms: number; readonly until_ms: number; readonly connection: string }
  /** A message, or a part of one: leaves `from` at `at_ms`, arrives at `until_ms`. */
  | {
      readonly kind: "message";
      readonly at_ms: number;
      readonly until_ms: number;
      readonly connection: string;
      readonly from: string;
      /** One line: "GET /a HTTP/1.0". */
      readonly title: string;
      /** The octets as they were sent (latin1), cut to a few hundred; line ends are CRLF. */
      readonly octets: string;
      readonly octetCount: number;
      /** Field lines of `octets` that this step is about, to be emphasised: "Connection: Keep-Alive". */
      readonly emphasis: readonly string[];
    }
  /** One side closes: its half (FIN), or everything at once (RST). */
  | {
      readonly kind: "close";
      readonly at_ms: number;
      readonly until_ms: number;
      readonly connection: string;
      readonly from: string;
      readonly how: "FIN" | "RST";
      /** hopwise's word for it where hopwise decided it (connection/reasons.ts). */
      readonly reason?: string;
    }
  /** An actor waits, and nothing happens: idling, or the hang. */
  | {
      readonly kind: "wait";
      readonly at_ms: number;
      readonly until_ms: number;
      readonly actor: string;
      readonly isHang: boolean;
      readonly text: Text;
    }
  /** Something an actor does by itself: gives up, executes a POST, evicts. */
  | {
      readonly kind: "note";
      readonly at_ms: number;
      readonly until_ms: number;
      readonly actor: string;
      readonly text: Text;
    };

/** A step with the sentence that the narrator says about it; not every step needs one. */
export type NarratedStep = Step & { readonly narration?: Text };

/** A figure that was measured in the play. */
export interface Measure {
  readonly name: Text;
  readonly value: number;
  /** "ms", "connections", "round trips", "requests", "bytes" or "". */
  readonly unit: string;
}

/** Whether what the scenario is about went well with this cast. */
export type Outcome = "works" | "works at a price" | "fails";

export interface Play {
  readonly scenario: string;
  readonly title: Text;
  /** Who stands in the middle: "none", "dumb", "naive", "hopwise", or the URL of a real proxy. */
  readonly proxy: string;
  readonly network: "sockets" | "simulated";
  /** Round-trip time injected by the network, on each hop. */
  readonly rtt_ms: number;
  readonly actors: readonly Actor[];
  readonly connections: readonly Connection[];
  /** In the order of `at_ms`. */
  readonly steps: readonly NarratedStep[];
  readonly outcome: Outcome;
  /** One sentence: what happened ("The second request hangs for 5.0 s until the server gives up."). */
  readonly verdict: Text;
  readonly measures: readonly Measure[];
  /** Why its figures are worse than those of the play without a proxy, where they are. */
  readonly comparison?: Text;
  /** The lesson. */
  readonly moral: Text;
  /** Where it is written: "RFC 9110 section 7.6.1". */
  readonly sources: readonly string[];
}
