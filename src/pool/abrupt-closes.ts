/**
 * Whether an endpoint closes its connections right behind its responses, without having said so: it serves one request on
 * each, or a few, or closes behind errors.
 *
 * Such a close is on its way while the connection looks idle, so a request that is put on it at once may be lost. Only what has
 * happened counts, never the time: closes speak for the habit, answers on connections that were used again speak against it. So
 * it is unlearned as soon as the endpoint has changed, and an endpoint that is asked once a day is not forgotten.
 */
import { LIFETIME_MS_MIN } from "./lifetime.ts";

/** A connection that idled for as long was not closed behind its response; a close that comes later is its idle timeout. */
export const SETTLED_MS = LIFETIME_MS_MIN;

/** A close weighs as much as so many answers: a habit is what happens more often than once in so many. */
const CLOSE_WEIGHT = 16;
/** Two of them may be chance. */
const CHANCE = 2 * CLOSE_WEIGHT;
/** However long the habit lasted, so many answers end it: this less `CHANCE`. */
const SCORE_MAX = 4 * CLOSE_WEIGHT;

export class AbruptCloses {
  private score = 0;
  private latest_ms = Number.NEGATIVE_INFINITY;

  get isHabit(): boolean {
    return this.score > CHANCE;
  }

  /** The endpoint closed a connection that had idled since `idleSince_ms`. */
  noteClose(idleSince_ms: number, now: number): void {
    // One that idled when another one was closed so may have been closed with it, by a restart.
    if (now - idleSince_ms >= SETTLED_MS || idleSince_ms < this.latest_ms) return;
    this.latest_ms = now;
    this.score = Math.min(SCORE_MAX, this.score + CLOSE_WEIGHT);
  }

  /** The endpoint answered on a connection that was used again. */
  noteReuse(): void {
    if (this.score > 0) this.score--;
  }
}
