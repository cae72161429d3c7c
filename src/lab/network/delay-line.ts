/** What is on its way: it arrives in order, each piece after its delay. Deliberately absent: what it is. */

interface Piece {
  readonly due_ms: number;
  readonly arrive: () => void;
}

export class DelayLine {
  private readonly pieces: Piece[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lastDue_ms = 0;

  /** @param notBefore_ms by `performance.now()` */
  send(delay_ms: number, arrive: () => void, notBefore_ms = 0): void {
    this.lastDue_ms = Math.max(this.lastDue_ms, performance.now() + delay_ms, notBefore_ms);
    this.pieces.push({ due_ms: this.lastDue_ms, arrive });
    this.arm();
  }

  /** Nothing of it arrives. */
  drop(): void {
    clearTimeout(this.timer);
    this.pieces.length = 0;
  }

  private arm(): void {
    const [first] = this.pieces;
    if (this.timer !== undefined || first === undefined) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.deliver();
      },
      Math.max(0, first.due_ms - performance.now()),
    );
  }

  private deliver(): void {
    // Timers may come a fraction of a millisecond early.
    while (this.pieces.length > 0 && (this.pieces[0] as Piece).due_ms <= performance.now() + 0.5) {
      this.pieces.shift()?.arrive();
    }
    this.arm();
  }
}
