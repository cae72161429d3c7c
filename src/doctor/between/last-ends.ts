/**
 * When each open connection's latest exchange ended, so that its idle time can be told when it is used again or closes.
 *
 * A log need not say when connections are gone, so the least recently used are forgotten beyond a number. Deliberately absent: the hop.
 */

/** More than a machine has open towards its neighbours; beyond it idle times of the longest unused are not known. */
const CONNECTIONS_MAX = 20_000;

export class LastEnds {
  private readonly ends = new Map<number, number>();
  private readonly max: number;

  constructor(max = CONNECTIONS_MAX) {
    this.max = max;
  }

  note(id: number, at_ms: number): void {
    this.ends.delete(id);
    this.ends.set(id, at_ms);
    if (this.ends.size <= this.max) return;
    for (const oldest of this.ends.keys()) {
      this.ends.delete(oldest);
      return;
    }
  }

  /** How long it had idled by then; not known: undefined. */
  idled_ms(id: number, at_ms: number): number | undefined {
    const ended_ms = this.ends.get(id);
    return ended_ms === undefined || at_ms < ended_ms ? undefined : at_ms - ended_ms;
  }

  forget(id: number): void {
    this.ends.delete(id);
  }
}
