/** How times of one kind are spread: how many, the shortest, the longest, and the middle one of the latest. */
import { seconds } from "../words.ts";

/** Enough for a median that does not jump, and few enough for a thousand endpoints. */
const KEPT_MAX = 256;

export class Spread {
  count = 0;
  shortest_ms = Number.POSITIVE_INFINITY;
  longest_ms = 0;
  private readonly kept: number[] = [];

  note(ms: number): void {
    this.kept[this.count % KEPT_MAX] = ms;
    this.count++;
    if (ms < this.shortest_ms) this.shortest_ms = ms;
    if (ms > this.longest_ms) this.longest_ms = ms;
  }

  /** The lower one of two; nothing was noted: undefined. */
  get median_ms(): number | undefined {
    return this.kept.toSorted((one, other) => one - other)[(this.kept.length - 1) >> 1];
  }

  /** `5.0 s`, `15 ms to 2.6 s`; nothing was noted: empty. */
  get text(): string {
    if (this.count === 0) return "";
    const [shortest, longest] = [seconds(this.shortest_ms), seconds(this.longest_ms)];
    return shortest === longest ? shortest : `${shortest} to ${longest}`;
  }
}
