/**
 * What one reader of events wants, and how much of it it may have: decided before an event is made.
 *
 * Where there are more exchanges than it may be told of, it is told of a part of them (ledger/sampling.ts). Beyond that what happens within
 * a second is bounded, and the rest counted. Deliberately absent: whether it reads what it is told, see event-stream.ts.
 */
import { type SampledType, Sampling } from "../ledger/sampling.ts";

/** Events a second for each: more than that nobody can look at. */
const EVENTS_PER_SECOND_MAX = 1_000;

export class Interest {
  /** Types it wants; all: undefined. */
  readonly types: ReadonlySet<string> | undefined;
  readonly sampling = new Sampling();
  /** What it wanted and was not told, since this was said. */
  missed = 0;
  private left = EVENTS_PER_SECOND_MAX;

  constructor(types: ReadonlySet<string> | undefined) {
    this.types = types;
  }

  /** Two of the same key want the same. */
  get key(): string {
    return this.types === undefined ? "" : [...this.types].sort().join();
  }

  /** Whether it is told of an event. It would want it, but has had enough for this second: `missed`. */
  judge(type: string, sample: number | undefined): "told" | "missed" | "unwanted" {
    if (this.types?.has(type) === false) return "unwanted";
    if (sample !== undefined && !this.sampling.lets(sample)) return "unwanted";
    if (this.left === 0) {
      this.missed++;
      return "missed";
    }
    this.left--;
    return "told";
  }

  /** So many of a type were left out by a gate before this was asked: of what it wants it would have done the same. */
  noteLeftOut(type: SampledType, count: number): void {
    if (this.types?.has(type) !== false) this.sampling.noteLeftOut(count);
  }

  /** A second has passed. */
  tick(): void {
    this.left = EVENTS_PER_SECOND_MAX;
    this.sampling.tick();
  }
}
