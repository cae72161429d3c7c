/**
 * When each open connection's latest exchange ended, so that its idle time can be told when it is used again or closes.
 *
 * A log need not say when connections are gone, so those that were not used for long are forgotten: once there are many, a new
 * generation begins, and the one before the last goes as a whole. So each step costs the same. Deliberately absent: the hop.
 */

/** Of one generation: more than a machine has open towards its neighbours. */
const CONNECTIONS_MAX = 20_000;

export class LastEnds {
  private recent = new Map<number, number>();
  private before = new Map<number, number>();
  private readonly max: number;

  constructor(max = CONNECTIONS_MAX) {
    this.max = max;
  }

  note(id: number, at_ms: number): void {
    this.recent.set(id, at_ms);
    if (this.recent.size < this.max) return;
    this.before = this.recent;
    this.recent = new Map();
  }

  /** How long it had idled by then; not known: undefined. */
  idled_ms(id: number, at_ms: number): number | undefined {
    const ended_ms = this.recent.get(id) ?? this.before.get(id);
    return ended_ms === undefined || at_ms < ended_ms ? undefined : at_ms - ended_ms;
  }

  forget(id: number): void {
    this.recent.delete(id);
    this.before.delete(id);
  }
}
