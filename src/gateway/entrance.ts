/**
 * Where clients come in: what holds for everybody who comes in there, and whether it is open still.
 *
 * A listener that is not named any more leaves its clients behind, who are told so with their next response. Deliberately absent:
 * listening itself (proxy/listeners.ts).
 */
export class Entrance {
  /** Nobody can come in any more. */
  isClosed = false;
  /** Everybody there is sent to https, at this port; they are served: undefined. */
  redirectPort: number | undefined;

  constructor(redirectPort?: number) {
    this.redirectPort = redirectPort;
  }
}

/** Where nothing is said: it stays open. */
export const openEntrance: Entrance = new Entrance();
