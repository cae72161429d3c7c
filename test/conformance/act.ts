/**
 * What a neighbour does in one step, in conformance cases and in the fault table alike.
 *
 * Deliberately absent: in which pieces a case sends (run-case.ts), and what only faults need (run-cell.ts).
 */
import { describe, matcherOf } from "../kit/messages.ts";
import type { Peer } from "../kit/peer.ts";
import type { Role, Step } from "./case.ts";

export type Act = Exclude<
  Extract<Step, { readonly role: Role }>,
  { readonly does: "sends" | "sends-meanwhile" | "answers-all" }
>;

export async function act(peer: Peer, step: Act): Promise<void> {
  switch (step.does) {
    case "receives":
      await peer.receive(describe(step.expected), matcherOf(step.expected));
      return;
    case "half-closes":
      return peer.end();
    case "resets":
      return peer.reset();
    case "stops-reading":
      return peer.pause();
    case "reads-on":
      return peer.resume();
    case "is-full":
      return peer.proxyIsBlocked();
    case "sees":
      return peer.seeEnd(step.end);
  }
}
