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
/** Two of them may be chance; so may any number that come together, since a restart closes all connections. */
const CHANCE = 2 * CLOSE_WEIGHT;
/** However long the habit lasted, so many answers end it: this less `CHANCE`. */
const SCORE_MAX = 4 * CLOSE_WEIGHT;

export class AbruptCloses {
  private score = 0;
  /** When the first of the closes came that came together. */
  private burst_ms = Number.NEGATIVE_INFINITY;

  get isHabit(): boolean {
    return this.score > CHANCE;
  }

  /**
   * The endpoint closed a connection on which no other request was answered.
   *
   * @param idle_ms how long it had idled since `idleSince_ms`: until the close, or until it was used again in vain
   */
  noteClose(idleSince_ms: number, idle_ms: number, now: number): void {
    if (idle_ms >= SETTLED_MS) return;
    if (idleSince_ms < this.burst_ms) {
      if (this.score < CHANCE) this.score++;
      return;
    }
    this.burst_ms = now;
    this.score = Math.min(SCORE_MAX, this.score + CLOSE_WEIGHT);
  }

  /** The endpoint answered on a connection that was used again. */
  noteReuse(): void {
    if (this.score > 0) this.score--;
  }
}
