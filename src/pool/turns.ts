/**
 * Turns by weight, as nginx takes them: of weights 5, 1 and 1 the first gets five of seven, and not five in a row.
 *
 * Each time every candidate gains its weight, and the one that has most takes its turn and pays for all. One that is not there gains
 * nothing, and one that has to let others pass saves up two turns at most, so nobody catches up. Deliberately absent: who is there, see
 * balancing.ts.
 */

/** More than anyone has who lets nobody pass. */
const CREDIT_TURNS_MAX = 2;

export interface Weighted {
  /** More than 0. */
  readonly weight: number;
}

export class Turns<Candidate extends Weighted> {
  /** By the candidate itself: lists of them may change. */
  private readonly credits = new WeakMap<Candidate, number>();
  /** Whose turn it was last, and among whom. */
  private latest: Candidate | undefined;
  private among: readonly Candidate[] = [];

  /**
   * Whose turn it is; `take` makes it so.
   *
   * @param candidates who gains; they stay as they are until then @param ready those who may take it, at least one
   */
  next(candidates: readonly Candidate[], ready = candidates): Candidate {
    let next = ready[0] as Candidate;
    let most = Number.NEGATIVE_INFINITY;
    for (const candidate of ready) {
      const credit = this.creditOf(candidate);
      if (credit <= most) continue;
      most = credit;
      next = candidate;
    }
    this.latest = next;
    this.among = candidates;
    return next;
  }

  /** What `next` returned last is taken; another one is: nothing happens. */
  take(candidate: Candidate): void {
    const { latest, among } = this;
    this.latest = undefined;
    if (latest !== candidate) return;
    let total = 0;
    for (const { weight } of among) total += weight;
    for (const it of among) this.credits.set(it, Math.min(this.creditOf(it), CREDIT_TURNS_MAX * total));
    this.credits.set(candidate, (this.credits.get(candidate) ?? 0) - total);
  }

  /** With what it gains this time. */
  private creditOf(candidate: Candidate): number {
    return (this.credits.get(candidate) ?? 0) + candidate.weight;
  }
}
