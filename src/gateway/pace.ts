/**
 * How fast a client moves the bytes that only it can move: those of a body that it owes, and those of a response that wait
 * for it.
 *
 * Time counts only while the client owes something, so an origin's silence never makes a client slow. Deliberately absent:
 * what becomes of a slow client, see client-limits.ts.
 */

/** The rate is taken over this much time in which the client owed something. */
export const RATE_WINDOW_MS = 10_000;
/** Time in which a client owes something before its rate counts: slow starts, and buffers on the way. */
export const RATE_GRACE_MS = 10_000;

export class Pace {
  private owingSince_ms: number | undefined;
  private owed_ms = 0;
  private bytes = 0;
  private isInGrace = true;
  private latest: number | undefined;
  /** Bytes of the present exchange's request that are counted. */
  private received_bytes = 0;
  /** What was unsent when the client began to take nothing more, or since; it takes what it is sent: undefined. */
  private blockedWith_bytes: number | undefined;
  /** When the client moved something, as far as a least rate asks. */
  movedAt_ms = 0;

  get isBlocked(): boolean {
    return this.blockedWith_bytes !== undefined;
  }

  /** @param received_bytes of the present request */
  noteReceived(isOwing: boolean, received_bytes: number, now: number): void {
    this.movedAt_ms = now;
    this.note(isOwing, received_bytes - this.received_bytes, now);
    this.received_bytes = received_bytes;
  }

  beginRequest(): void {
    this.received_bytes = 0;
  }

  /** The client takes nothing more for now. */
  block(unsent_bytes: number, now: number): void {
    this.blockedWith_bytes = unsent_bytes;
    this.movedAt_ms = now;
    this.note(true, 0, now);
  }

  /** So much is unsent of what it is to take. */
  noteUnsent(unsent_bytes: number, now: number): void {
    if (this.blockedWith_bytes === undefined) return;
    this.note(true, Math.max(0, this.blockedWith_bytes - unsent_bytes), now);
    this.blockedWith_bytes = unsent_bytes;
  }

  /** It has taken all of it. */
  unblock(now: number): void {
    this.note(false, this.blockedWith_bytes ?? 0, now);
    this.blockedWith_bytes = undefined;
  }

  noteMove(now: number): void {
    this.movedAt_ms = now;
  }

  /** From now on the client owes something, or nothing; `bytes` have moved since this was told last. */
  note(isOwing: boolean, bytes: number, now: number): void {
    this.settle(now);
    this.bytes += bytes;
    this.owingSince_ms = isOwing ? now : undefined;
  }

  /** Bytes per second over the latest window; undefined: not known yet, or the client owes nothing now. */
  rate(now: number): number | undefined {
    if (this.owingSince_ms === undefined) return undefined;
    this.settle(now);
    return this.latest;
  }

  private settle(now: number): void {
    if (this.owingSince_ms === undefined) return;
    this.owed_ms += now - this.owingSince_ms;
    this.owingSince_ms = now;
    if (this.owed_ms < (this.isInGrace ? RATE_GRACE_MS : RATE_WINDOW_MS)) return;
    // Nobody has asked for so long that both have passed: the bytes of the grace count as if they had come after it.
    const counted_ms = this.isInGrace ? this.owed_ms - RATE_GRACE_MS : this.owed_ms;
    if (counted_ms >= RATE_WINDOW_MS) this.latest = (this.bytes * 1_000) / counted_ms;
    this.isInGrace = false;
    this.owed_ms = 0;
    this.bytes = 0;
  }
}
