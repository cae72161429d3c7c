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
 * Deliberately absent: time and sockets.
 */
import type { CloseReason } from "./reasons.ts";

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

export class Life {
  state: LifeState = "opening";
  /** Exchanges begun on this connection. */
  exchanges = 0;
  /** Why it ends: the first reason given is the one that counts. */
  closeReason: CloseReason | undefined;

  opened(): void {
    this.advance("opened");
  }

  // Each exchange takes these two steps on each hop. From the states that they usually start in, the table is known by heart.

  beginExchange(): void {
    if (this.state === "idle") this.state = transitions.idle["exchange-began"];
    else this.advance("exchange-began");
    this.exchanges++;
  }

  endExchange(): void {
    if (this.state === "active") this.state = transitions.active["exchange-ended"];
    else this.advance("exchange-ended");
  }

  beginTunnel(): void {
    this.advance("tunnel-began");
  }

  /** Decides to close; false when that was decided before. */
  decideClose(reason: CloseReason): boolean {
    if (this.state === "closing" || this.state === "closed") return false;
    this.closeReason = reason;
    this.advance("close-decided");
    return true;
  }

  /** The transport is gone; `reason` counts when nothing was decided before. False when it was gone already. */
  transportClosed(reason: CloseReason): boolean {
    if (this.state === "closed") return false;
    this.closeReason ??= reason;
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
