/**
 * What a network of the lab offers its actors, whether it is made of sockets or simulated.
 *
 * Deliberately absent: recording, which is laid over any of them; see recording/.
 */
import type { Address, Clock, DialHandler, GiveUp, Listener, Socket } from "../../net/ports.ts";
import type { Play } from "../play.ts";

/** Who is at the other end of a connection. */
export interface Neighbour {
  /** It is no actor of the lab's and knows nothing of the injected round trip: this end makes up for it, both ways. */
  readonly isForeign: boolean;
}

export interface LabNetwork {
  readonly kind: Play["network"];
  /** Injected on each hop. */
  readonly rtt_ms: number;
  readonly clock: Clock;
  /** @param port 0, or left out: any free one */
  listen(neighbour: Neighbour, onSocket: (socket: Socket) => void, port?: number): Promise<Listener>;
  dial(neighbour: Neighbour, address: Address, handler: DialHandler): GiveUp;
  /** Lets time pass until `body` is done. */
  run<Result>(body: () => Promise<Result>): Promise<Result>;
}

export const LOOPBACK = "127.0.0.1";
