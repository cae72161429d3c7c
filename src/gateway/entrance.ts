/**
 * Where clients come in: what holds for all who come in by one listener (a redirect, balancers that are trusted), and whether it
 * is open still. Each connection is handed over with its own.
 *
 * A listener that is not named any more leaves its clients behind, who are told so with their next response. Deliberately absent:
 * listening itself (proxy/listeners.ts).
 */
export class Entrance {
  /** Nobody can come in any more. */
  isClosed = false;
  /** Everybody there is sent to https, at this port; they are served: undefined. */
  redirectPort: number | undefined;
  /** From which addresses connections begin with a header of the PROXY protocol; from none: undefined. */
  isBalancer: ((address: string) => boolean) | undefined;

  constructor(redirectPort?: number, isBalancer?: (address: string) => boolean) {
    this.redirectPort = redirectPort;
    this.isBalancer = isBalancer;
  }
}

/** Where nothing is said: it stays open. */
export const openEntrance: Entrance = new Entrance();
