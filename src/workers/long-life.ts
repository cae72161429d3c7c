/**
 * Something that lives long, towards those who wait for its answer and do not want to wait beyond its end.
 *
 * A reaction to a promise stays with it until it is settled, and what the reaction settles stays with the reaction. So racing each
 * answer against the promise of a worker's end would keep every answer in memory for as long as the worker runs. Here a wait that is
 * over leaves nothing behind. Deliberately absent: what follows from the end.
 */

interface Wait<End, Value> {
  readonly limit_ms: number;
  readonly tooLate: Value;
  readonly atEnd: (end: End) => Value;
}

export class LongLife<End> {
  readonly ended: Promise<End>;
  private readonly listeners = new Set<(end: End) => void>();
  private isOver = false;

  constructor(ended: Promise<End>) {
    this.ended = ended;
    void ended.then((end) => {
      this.isOver = true;
      for (const tell of [...this.listeners]) tell(end);
    });
  }

  /** How many wait for an answer now. */
  get waits(): number {
    return this.listeners.size;
  }

  /**
   * Asks, and waits for the answer.
   *
   * @param ask is given what is to be called with the answer
   * @returns the answer; the end, or the limit, came first: what `wait` says
   */
  answer<Value>(ask: (answered: (value: Value) => void) => void, wait: Wait<End, Value>): Promise<Value> {
    const { limit_ms, tooLate, atEnd } = wait;
    return new Promise((resolve) => {
      const settle = (value: Value) => {
        clearTimeout(giveUp);
        this.listeners.delete(onEnd);
        resolve(value);
      };
      const onEnd = (end: End) => settle(atEnd(end));
      const giveUp = setTimeout(() => settle(tooLate), limit_ms);
      if (this.isOver) void this.ended.then(onEnd);
      else this.listeners.add(onEnd);
      ask(settle);
    });
  }
}
