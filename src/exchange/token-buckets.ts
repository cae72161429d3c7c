/**
 * Buckets of tokens in memory: one for each key that has asked lately, and never more than a bound, whatever strangers send.
 *
 * Of a bucket one number is kept: when it is full again (the generic cell rate algorithm, which is a token bucket without the sum). One
 * that is full is as good as none, and is forgotten when others come. When all places are taken, the limit that has most of them gives
 * one up, and there the key that has not asked for longest: it has a full bucket again, too early. That is safe. Nobody is refused
 * for it; and to have a key forgotten takes as many requests of other keys as there are places, each of which its own bucket let
 * pass. Deliberately absent: whose request it is; several processes, each of which counts for itself.
 */
import { LinkedList, ListNode } from "../connection/lists.ts";
import type { Clock } from "../net/ports.ts";
import type { RateLimit } from "./policy.ts";
import type { RateStore } from "./rate-store.ts";

/** Keys with a bucket, of all limits together: about 16 MiB. */
export const BUCKETS_MAX = 65_536;
/** Full buckets that are forgotten for each that is asked: more than can be added, so that what is not needed any more goes. */
const FORGOTTEN_AT_ONCE = 2;

class Bucket extends ListNode {
  readonly key: string;
  fullAt_ms = 0;

  constructor(key: string) {
    super();
    this.key = key;
  }
}

/** The buckets of one limit. */
class Buckets {
  readonly byKey = new Map<string, Bucket>();
  /** The key that has not asked for longest is the oldest. */
  private readonly inOrder = new LinkedList<Bucket>();

  get size(): number {
    return this.inOrder.size;
  }

  find(key: string): Bucket | undefined {
    return this.byKey.get(key);
  }

  add(key: string): Bucket {
    // A part of a head keeps all of it in memory.
    const own = Buffer.from(key, "latin1").toString("latin1");
    const bucket = new Bucket(own);
    this.byKey.set(own, bucket);
    return bucket;
  }

  /** It has asked last. */
  touch(bucket: Bucket): void {
    this.inOrder.push(bucket);
  }

  /** @returns how many were full, and are forgotten */
  forgetFull(now: number): number {
    for (let count = 0; count < FORGOTTEN_AT_ONCE; count++) {
      const { oldest } = this.inOrder;
      if (oldest === undefined || oldest.fullAt_ms > now) return count;
      this.forget(oldest);
    }
    return FORGOTTEN_AT_ONCE;
  }

  forgetOldest(): void {
    const { oldest } = this.inOrder;
    if (oldest !== undefined) this.forget(oldest);
  }

  private forget(bucket: Bucket): void {
    bucket.leave();
    this.byKey.delete(bucket.key);
  }
}

export class TokenBuckets implements RateStore {
  /** Of all limits. */
  size = 0;
  private readonly clock: Pick<Clock, "now">;
  private readonly max: number;
  private readonly limits = new Map<string, Buckets>();

  constructor(clock: Pick<Clock, "now">, max = BUCKETS_MAX) {
    this.clock = clock;
    this.max = max;
  }

  take({ name, interval_ms, burst }: RateLimit, key: string): number {
    const now = this.clock.now();
    let buckets = this.limits.get(name);
    if (buckets === undefined) {
      buckets = new Buckets();
      this.limits.set(name, buckets);
    }
    const known = buckets.find(key);
    if (known !== undefined) buckets.touch(known);
    this.size -= buckets.forgetFull(now);
    const fullAt_ms = Math.max(known?.fullAt_ms ?? 0, now);
    const wait_ms = fullAt_ms - (burst - 1) * interval_ms - now;
    if (wait_ms > 0) return wait_ms;
    const bucket = buckets.find(key) ?? this.add(buckets, key);
    bucket.fullAt_ms = fullAt_ms + interval_ms;
    buckets.touch(bucket);
    return 0;
  }

  /** A limit whose buckets are full is as good as none. Once a configuration has left it out, nobody else would forget them. */
  forgetFull(): void {
    const now = this.clock.now();
    for (const [name, buckets] of this.limits) {
      let forgotten: number;
      do {
        forgotten = buckets.forgetFull(now);
        this.size -= forgotten;
      } while (forgotten === FORGOTTEN_AT_ONCE);
      if (buckets.size === 0) this.limits.delete(name);
    }
  }

  /** How many limits are known: of one that is gone its share of all places is nobody's. */
  get limitCount(): number {
    return this.limits.size;
  }

  private add(buckets: Buckets, key: string): Bucket {
    if (this.size >= this.max) {
      this.largest(buckets).forgetOldest();
      this.size--;
    }
    this.size++;
    return buckets.add(key);
  }

  /** There are as many as a file has limits. @param own where there is room for one more at the cost of its own, if it has its share */
  private largest(own: Buckets): Buckets {
    let largest = own;
    if (own.size >= this.max / this.limits.size) return own;
    for (const buckets of this.limits.values()) if (buckets.size > largest.size) largest = buckets;
    return largest;
  }
}
