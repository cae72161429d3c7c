/**
 * The fault table as data: a state of an exchange, a fault that happens in it, and what becomes of both hops.
 *
 * A cell says the octets that each neighbour still gets, how its connection ends, and the one reason that is recorded for
 * it. A place where nothing can be shown says why. Deliberately absent: running cells (run-cell.ts) and writing the page.
 */
import type { CloseReason } from "../../src/connection/reasons.ts";
import type { Role, Step } from "../conformance/case.ts";
import type { Expected } from "../kit/messages.ts";
import type { WireEnd } from "../kit/peer.ts";
import type { SceneSettings } from "../kit/stage.ts";

export const faults = [
  "client resets",
  "client half-closes",
  "client closes",
  "client stalls",
  "client stops reading",
  "origin resets",
  "origin half-closes",
  "origin closes",
  "origin stalls",
  "origin stops reading",
] as const;
export type Fault = (typeof faults)[number];

/** What happens in a cell: the steps of a conformance case, and what only faults need. */
export type FaultStep =
  | Step
  /** Gets octets that the table tells of, under this name. */
  | {
      readonly does: "gets";
      readonly role: Role;
      readonly number: number;
      readonly name: string;
      readonly octets: Expected;
    }
  /** Closes both sides at once, as a process that ends does: FIN, and RST to whatever still comes. */
  | { readonly does: "closes"; readonly role: Role; readonly number: number }
  /** Goes on sending `octets` until the proxy has given up its connection. */
  | { readonly does: "sends-until-cut"; readonly role: Role; readonly number: number; readonly octets: string };

/**
 * How a connection ends. `persists`: it carries one exchange more. `gone`: the neighbour itself has ended it, and sees
 * nothing any more. `unheard`: the neighbour does not read, and cannot see it. `closed`: FIN or RST, as the system makes it.
 */
export type Ending = "persists" | `${WireEnd | "closed" | "gone" | "unheard"} ${CloseReason}`;

export interface Cell {
  /** Instead of the state's own way there: faults that need a large body. */
  readonly setup?: readonly FaultStep[];
  /** The fault, and what follows. */
  readonly steps: readonly FaultStep[];
  /** The connections of the clients, the one the state is about first. */
  readonly client: readonly Ending[];
  /** The connections to the origin in the order they were opened. */
  readonly origin: readonly Ending[];
}

/** A place of the table where there is nothing to show, and why. */
export type Gap = string;

export interface State {
  readonly name: string;
  /** A sentence: where the exchange is. */
  readonly text: string;
  readonly settings?: SceneSettings;
  /** What the origin is: one that accepts, one whose line of callers is full, or none at all. */
  readonly origin?: "deaf" | "absent";
  /** How the state is reached. */
  readonly setup: readonly FaultStep[];
  readonly cells: Readonly<Record<Fault, Cell | Gap>>;
}

/** What a neighbour does in cells only. */
export interface FaultActor {
  gets(name: string, octets: Expected): FaultStep;
  readonly closes: FaultStep;
  sendsUntilCut(octets: string): FaultStep;
}

function actor(role: Role, number: number): FaultActor {
  return {
    gets: (name, octets) => ({ does: "gets", role, number, name, octets }),
    closes: { does: "closes", role, number },
    sendsUntilCut: (octets) => ({ does: "sends-until-cut", role, number, octets }),
  };
}

export const toClient = actor("client", 1);
export const toClient2 = actor("client", 2);
export const toOrigin = actor("origin", 1);
export const toOrigin2 = actor("origin", 2);

/** More than the buffers of the proxy and of the system hold together. */
export const LARGE_BYTES = 24 * 1024 * 1024;
export const LARGE = "x".repeat(LARGE_BYTES);

export function isCell(place: Cell | Gap): place is Cell {
  return typeof place !== "string";
}
