/**
 * Is a client that has closed its side gone, or does it still read? A FIN does not tell; what is written to it does: one
 * that is gone answers with a reset (RFC 9112 section 9.6).
 *
 * Before the final head an interim 100 may be written, which every HTTP/1.1 client must be able to skip (RFC 9110 section
 * 15.2). Behind it the response itself tells. Deliberately absent: sockets and exchanges; downstream.ts does what is said
 * here. Tunnels, where a half-close is the client's own business.
 */

/** When the client is probed, counted from its FIN: often at first, and never for long. */
export const PROBES_MS: readonly number[] = [250, 1_000, 4_000, 16_000];
/** A quick response goes without any probe, also where it answers a request that had waited behind another. */
const QUICK_MS = 250;
/** A response that has begun and brings nothing for this long is given up, unless the client was found to be reading. */
export const SILENCE_MS_MAX = 5_000;
/** A reset that answers a write is here after this long, so that the next write fails: longer than most round trips. */
const RESET_WITHIN_MS = 500;

/** What is known of the exchange in progress. */
export interface PresenceFacts {
  readonly minorVersion: 0 | 1;
  /** Whether the client has been sent (some of) the final response. */
  readonly isForwarding: boolean;
  /** When the exchange began. */
  readonly beganAt_ms: number;
  readonly now: number;
}

/** What is due next, and when. Nothing more: undefined. */
export interface PresenceStep {
  readonly does: "probe" | "cancel";
  readonly at_ms: number;
}

/** A client's connection from its FIN on. */
export class ClientPresence {
  private readonly endedAt_ms: number;
  private probes = 0;
  private firstWriteAt_ms: number | undefined;
  private latestWriteAt_ms: number;
  /** A write went through after an earlier one would have drawn a reset. */
  private isProven = false;

  constructor(now: number) {
    this.endedAt_ms = now;
    this.latestWriteAt_ms = now;
  }

  /** Something was written to the client, and it had not reset the connection. */
  noteWrite(now: number): void {
    this.firstWriteAt_ms ??= now;
    this.latestWriteAt_ms = now;
    if (now - this.firstWriteAt_ms >= RESET_WITHIN_MS) this.isProven = true;
  }

  /** A probe leaves now. Those that were due before, and could not leave, never do. */
  noteProbe(now: number): void {
    while (now - this.endedAt_ms >= (PROBES_MS[this.probes] ?? Number.POSITIVE_INFINITY)) this.probes++;
  }

  next({ minorVersion, isForwarding, beganAt_ms, now }: PresenceFacts): PresenceStep | undefined {
    if (isForwarding) {
      return this.isProven ? undefined : { does: "cancel", at_ms: this.latestWriteAt_ms + SILENCE_MS_MAX };
    }
    const delay_ms = minorVersion === 0 ? PROBES_MS[0] : PROBES_MS[this.probes];
    if (delay_ms === undefined) return undefined;
    const at_ms = Math.max(this.endedAt_ms + delay_ms, beganAt_ms + QUICK_MS, now);
    // HTTP/1.0 knows no interim responses (RFC 9110 section 15.2), so there is no way to ask.
    return { does: minorVersion === 0 ? "cancel" : "probe", at_ms };
  }
}
