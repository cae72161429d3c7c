/**
 * A store of buckets that an application hands over, so that several processes or machines count together: behind the port, whatever it
 * does.
 *
 * It may take time, but not much of it. What it has not said in time, what it throws, and what is not a time to wait lets the request
 * pass: a counter that is ill must not shut everybody out. That is told once a second at most, with how many have passed so.
 * Deliberately absent: counting in its place meanwhile. A limit that holds for all together cannot be kept by each alone.
 */
import type { Clock } from "../net/ports.ts";
import { limitTime } from "../net/time-limit.ts";
import type { RateLimit } from "./policy.ts";
import type { RateStore } from "./rate-store.ts";
import { isThenable } from "./run-hooks.ts";
import { thrownText } from "./thrown-text.ts";

/** A limit, as a store needs to know it: a bucket of `burst` tokens for each key, into which one comes back every `interval_ms`. */
export interface SharedRateLimit {
  /** The `name` of the route (default: its place, like `routes[2]`); that of all requests: empty. */
  readonly name: string;
  readonly interval_ms: number;
  readonly burst: number;
}

/** Where the tokens of rate limits are counted, instead of in this process. */
export interface SharedRateStore {
  /**
   * Takes a token from the bucket of this key, which is full at first.
   *
   * @param key whose bucket: an IPv4 address or an IPv6 /64; of a limit by a field `=` and a hash of its value; of one by route empty
   * @returns 0: it was taken; otherwise in how many milliseconds there is one; or a promise of that
   */
  take(limit: SharedRateLimit, key: string): number | PromiseLike<number>;
}

/** A client waits for so long at most: more than a store on the same network ever needs. */
export const STORE_WAIT_MS = 250;
/** Questions that are open at once. What comes then passes without being asked for. */
export const STORE_ASKED_MAX = 1_024;
const TELL_EVERY_MS = 1_000;

/** Why a request has passed that was not counted. */
export type StoreFailure = "failed" | "late" | "busy";

export class OuterRateStore implements RateStore {
  private readonly store: SharedRateStore;
  private readonly clock: Clock;
  private readonly onFailed: (problem: string) => void;
  private asked = 0;
  private passed = 0;
  private toldAt_ms = Number.NEGATIVE_INFINITY;

  constructor(store: SharedRateStore, clock: Clock, onFailed: (problem: string) => void) {
    this.store = store;
    this.clock = clock;
    this.onFailed = onFailed;
  }

  take({ name, interval_ms, burst }: RateLimit, key: string, later: (wait_ms: number) => void): number | undefined {
    if (this.asked >= STORE_ASKED_MAX) return this.pass("busy", `${STORE_ASKED_MAX} questions are open`);
    try {
      const answer: unknown = this.store.take({ name, interval_ms, burst }, key);
      if (!isThenable(answer)) return this.read(answer);
      this.await(answer, later);
      return undefined;
    } catch (fault) {
      return this.pass("failed", thrownText(fault));
    }
  }

  private await(answer: PromiseLike<unknown>, later: (wait_ms: number) => void): void {
    this.asked++;
    let isOpen = true;
    const settle = (wait_ms: () => number) => {
      if (!isOpen) return;
      isOpen = false;
      this.asked--;
      stop();
      later(wait_ms());
    };
    const late = `it has not answered within ${STORE_WAIT_MS} ms`;
    const stop = limitTime(this.clock, STORE_WAIT_MS, () => settle(() => this.pass("late", late)));
    // What only looks like a promise may call back at once.
    Promise.resolve(answer).then(
      (value) => settle(() => this.read(value)),
      (fault: unknown) => settle(() => this.pass("failed", thrownText(fault))),
    );
  }

  private read(answer: unknown): number {
    if (typeof answer === "number" && answer >= 0 && answer < Number.POSITIVE_INFINITY) return answer;
    return this.pass("failed", "it must say 0, or in how many milliseconds there is a token");
  }

  private pass(why: StoreFailure, problem: string): number {
    this.passed++;
    const now = this.clock.now();
    if (now - this.toldAt_ms < TELL_EVERY_MS) return 0;
    const count = this.passed;
    this.passed = 0;
    this.toldAt_ms = now;
    this.onFailed(`${why}: ${problem}; ${count} passed uncounted since this was told last`);
    return 0;
  }
}
