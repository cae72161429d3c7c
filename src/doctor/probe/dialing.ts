/**
 * One connection opened, or the reason why not, within a limit: the same for a server, and for a proxy seen from both sides.
 *
 * Over TLS it is told apart whether an address answered at all: a handshake that stalls and a port that drops look alike otherwise.
 */
import type { Address, Clock, Dialer, Socket } from "../../net/ports.ts";

/** No connection could be opened. */
export class DialFault extends Error {
  override readonly name = "DialFault";
  /** The system's word, the runtime's, or `ETIMEDOUT`. */
  readonly fault: string;
  /** An address took the connection; it failed in the TLS handshake. */
  readonly isInHandshake: boolean;
  readonly limit_ms: number;

  constructor(fault: string, isInHandshake: boolean, limit_ms: number) {
    super(fault);
    this.fault = fault;
    this.isInHandshake = isInHandshake;
    this.limit_ms = limit_ms;
  }
}

/** The examination was stopped while something was waited for. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

export interface Dialing {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limit_ms: number;
}

/**
 * @param take makes something of the socket at once, before anything can arrive on it
 * @throws DialFault, Stopped
 */
export function dial<Taken>(
  { dialer, clock, signal, limit_ms }: Dialing,
  address: Address,
  take: (socket: Socket) => Taken,
): Promise<Taken> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Stopped());
    let isInHandshake = false;
    const settle = (then: () => void) => {
      stopTimer();
      signal.removeEventListener("abort", onAbort);
      then();
    };
    const fail = (fault: string) => settle(() => reject(new DialFault(fault, isInHandshake, limit_ms)));
    const onAbort = () => {
      giveUp();
      settle(() => reject(new Stopped()));
    };
    const stopTimer = clock.after(limit_ms, () => {
      giveUp();
      fail("ETIMEDOUT");
    });
    signal.addEventListener("abort", onAbort);
    const giveUp = dialer.dial(address, {
      onReached: () => {
        isInHandshake = true;
      },
      onConnected: (socket) => settle(() => resolve(take(socket))),
      onFailed: fail,
    });
  });
}
