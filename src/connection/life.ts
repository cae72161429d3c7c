/**
 * The life of a connection, on either hop, as a table of states and transitions.
 *
 *   opening   the transport is being set up
 *   idle      open, may carry an exchange, carries none (also before the first one)
 *   active    an exchange is in progress, from the first octet of its request on
 *   tunnel    blind relay after 101 or CONNECT; never HTTP again
 *   closing   decided to end: half-closed, or waiting for the peer to close
 *   closed    gone
 *
 * The table does not know which side of the connection it is on. The documentation's diagram is drawn from it.
 * Deliberately absent: a clock and sockets.
 */
import type { ConnectionFacts, ConnectionRecord, Ending, EndpointRecord, Hop } from "./connection-record.ts";
import type { CloseReason, OpenReason } from "./reasons.ts";

export const transitions = {
  opening: { opened: "idle", "close-decided": "closing", "transport-closed": "closed" },
  idle: { "exchange-began": "active", "close-decided": "closing", "transport-closed": "closed" },
  active: {
    "exchange-ended": "idle",
    "tunnel-began": "tunnel",
    "close-decided": "closing",
    "transport-closed": "closed",
  },
  tunnel: { "close-decided": "closing", "transport-closed": "closed" },
  closing: { "transport-closed": "closed" },
  closed: {},
} as const;

export type LifeState = keyof typeof transitions;
export const lifeStates = Object.keys(transitions) as readonly LifeState[];

export type LifeEvent =
  | "opened"
  | "exchange-began"
  | "exchange-ended"
  | "tunnel-began"
  | "close-decided"
  | "transport-closed";

/** Where `event` leads from `state`; undefined: it cannot happen there. */
export function nextState(state: LifeState, event: LifeEvent): LifeState | undefined {
  return (transitions[state] as Partial<Record<LifeEvent, LifeState>>)[event];
}

/**
 * Takes a connection through its life. It is the connection's record itself, because idle connections are many; observers know its
 * data only.
 */
export class Life implements ConnectionRecord {
  readonly id: number;
  readonly hop: Hop;
  peer: string;
  peerPort: number;
  readonly isSecure: boolean;
  readonly opened: OpenReason;
  readonly openedAt_ms: number;
  state: LifeState = "opening";
  exchanges = 0;
  idleSince_ms: number;
  // While it goes on there is no room for these.
  declare closeReason?: CloseReason;
  declare ending?: Ending;

  constructor(facts: ConnectionFacts) {
    this.id = facts.id;
    this.hop = facts.hop;
    this.peer = facts.peer;
    this.peerPort = facts.peerPort;
    this.isSecure = facts.isSecure;
    this.opened = facts.opened;
    // Whole numbers need no object of their own.
    this.openedAt_ms = Math.floor(facts.openedAt_ms);
    this.idleSince_ms = this.openedAt_ms;
  }

  /** It turns out whose it is: a balancer in front says so, before others hear of the connection. */
  namePeer(peer: string, port: number): void {
    this.peer = peer;
    this.peerPort = port;
  }

  noteOpened(): void {
    this.advance("opened");
  }

  // Each exchange takes these two steps on each hop. From the states that they usually start in, the table is known by heart.

  beginExchange(now: number): void {
    if (this.state === "idle") this.state = transitions.idle["exchange-began"];
    else this.advance("exchange-began");
    this.noteIdled(now);
    this.exchanges++;
  }

  /** A client's connection keeps nothing of it. */
  protected noteIdled(_now: number): void {}

  endExchange(now: number): void {
    if (this.state === "active") this.state = transitions.active["exchange-ended"];
    else this.advance("exchange-ended");
    this.idleSince_ms = Math.floor(now);
  }

  beginTunnel(): void {
    this.advance("tunnel-began");
  }

  /** Decides to close; false when that was decided before. @param ending the first sign of it */
  decideClose(reason: CloseReason, ending: Ending): boolean {
    if (this.isEnding) return false;
    this.closeReason = reason;
    this.ending = ending;
    this.advance("close-decided");
    return true;
  }

  /** The transport is gone; `reason` counts when nothing was decided before. False when it was gone already. */
  transportClosed(reason: CloseReason): boolean {
    if (this.state === "closed") return false;
    this.closeReason ??= reason;
    this.ending ??= reason === "peer-reset" ? "peer-reset" : "peer-fin";
    this.advance("transport-closed");
    return true;
  }

  get isEnding(): boolean {
    return this.state === "closing" || this.state === "closed";
  }

  private advance(event: LifeEvent): void {
    const next = nextState(this.state, event);
    if (next === undefined) throw new Error(`a connection that is ${this.state} cannot see ${event}`);
    this.state = next;
  }
}

/** Of a connection to an origin, of which more is told. */
export class UpstreamLife extends Life {
  readonly endpoint: EndpointRecord;
  idled_ms = 0;
  declare boundTo?: number;

  constructor(facts: ConnectionFacts & { readonly endpoint: EndpointRecord }) {
    super(facts);
    this.endpoint = facts.endpoint;
  }

  protected override noteIdled(now: number): void {
    if (this.exchanges > 0) this.idled_ms = Math.floor(now) - this.idleSince_ms;
  }
}
