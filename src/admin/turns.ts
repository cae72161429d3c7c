/**
 * Costly answers, one after the other: a list of thousands of rows takes its time, and who asks for many at once makes the proxy wait
 * for none but one. Between two of them everything else of the process goes on, for as long as the last one took.
 *
 * What has been written and is not read waits in memory, so there is a limit of that, too. Deliberately absent: which answers are costly.
 */

/** Of answers that their readers have not taken, all together; the largest has some 5 MiB. */
export const UNREAD_BYTES_MAX = 64 * 1_048_576;
/** One that is not taken for so long is given up, with its connection. */
const UNREAD_MS_MAX = 60_000;

export class Turns {
  private readonly waiting: (() => void)[] = [];
  private isGoing = false;

  /** Resolves when it is somebody's turn; what is done at once from then on counts as the turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.isGoing) return;
      this.isGoing = true;
      this.go();
    });
  }

  private go(): void {
    let began = 0;
    setImmediate(() => {
      began = performance.now();
      this.waiting.shift()?.();
    });
    // Directly behind it, so the traffic in between does not count: a busy proxy is looked at, too.
    setImmediate(() => {
      setTimeout(() => {
        if (this.waiting.length > 0) this.go();
        else this.isGoing = false;
      }, performance.now() - began);
    });
  }
}

/** What the server tells of an answer that it has begun to write. */
interface Written {
  once(event: "close", listener: () => void): unknown;
  destroy(): unknown;
}

export class UnreadAnswers {
  private readonly bytesMax: number;
  private bytes = 0;

  constructor(bytesMax = UNREAD_BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  get areTooMany(): boolean {
    return this.bytes > this.bytesMax;
  }

  /** It counts until it is taken, or its connection is gone. */
  note(answer: Written, bytes: number): void {
    this.bytes += bytes;
    const timer = setTimeout(() => answer.destroy(), UNREAD_MS_MAX);
    timer.unref();
    answer.once("close", () => {
      this.bytes -= bytes;
      clearTimeout(timer);
    });
  }
}
