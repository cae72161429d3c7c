/**
 * Wakes whoever waits for something to become true. One bell serves a whole scene: whatever happens in it rings.
 *
 * Tests await events, never time: the only clock is a watchdog that ends every wait of a scene that hangs.
 */
interface Waiter {
  readonly isReached: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly whenGivenUp: () => Error;
}

/** Real time after which a scene hangs: only ever spent by tests that fail. */
const SCENE_MS_MAX = 30_000;

export class Bell {
  private waiters: Waiter[] = [];
  private watchdog: NodeJS.Timeout | undefined;

  /** Starts the watchdog. */
  begin(): void {
    this.watchdog = setTimeout(() => this.giveUp(), SCENE_MS_MAX);
  }

  stop(): void {
    clearTimeout(this.watchdog);
  }

  /** Resolves once `isReached` holds; it may throw to fail the wait at once. */
  until(isReached: () => boolean, whenGivenUp: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { isReached, resolve, reject, whenGivenUp };
      if (!hasBeenServed(waiter)) this.waiters.push(waiter);
    });
  }

  /** Something happened. */
  ring(): void {
    if (this.waiters.length > 0) this.waiters = this.waiters.filter((waiter) => !hasBeenServed(waiter));
  }

  private giveUp(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter.reject(waiter.whenGivenUp());
  }
}

function hasBeenServed(waiter: Waiter): boolean {
  try {
    if (!waiter.isReached()) return false;
    waiter.resolve();
  } catch (error) {
    waiter.reject(error);
  }
  return true;
}
