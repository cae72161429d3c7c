/**
 * How much of two kinds has happened in the last seconds: failures among answers, retries among requests.
 *
 * Time is cut into slices, of which the oldest is forgotten with each new one, so counting takes the same time however much is counted.
 */

const SLICES = 10;

export class SlidingCount {
  /** Of the whole window. */
  all = 0;
  /** Those of `all` that are special. */
  marked = 0;
  private readonly slice_ms: number;
  private readonly alls = new Array<number>(SLICES).fill(0);
  private readonly marks = new Array<number>(SLICES).fill(0);
  /** The slice that is counted in now, by its number since the beginning of time. */
  private current = 0;

  constructor(window_ms: number) {
    this.slice_ms = window_ms / SLICES;
  }

  /** Forgets what is too old by now. */
  passTo(now: number): void {
    const slice = Math.floor(now / this.slice_ms);
    if (slice === this.current) return;
    if (slice - this.current >= SLICES) return this.clear(slice);
    while (this.current < slice) {
      this.current++;
      const index = this.current % SLICES;
      this.all -= this.alls[index] as number;
      this.marked -= this.marks[index] as number;
      this.alls[index] = 0;
      this.marks[index] = 0;
    }
  }

  count(now: number): void {
    this.passTo(now);
    this.all++;
    (this.alls[this.current % SLICES] as number)++;
  }

  /** Marks one of those that were counted. */
  mark(now: number): void {
    this.passTo(now);
    this.marked++;
    (this.marks[this.current % SLICES] as number)++;
  }

  clear(slice: number = this.current): void {
    this.current = slice;
    this.alls.fill(0);
    this.marks.fill(0);
    this.all = 0;
    this.marked = 0;
  }
}
