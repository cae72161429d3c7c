/**
 * Pools of many origins, each made when its origin is first asked for.
 *
 * Their number is bounded: the pool that was not asked for longest gives way, if none of its connections is in use; with it
 * goes what was learned of its origin's lifetime. Deliberately absent: which request belongs to which origin.
 */
import { LinkedList, ListNode } from "../connection/lists.ts";
import type { Endpoint } from "./endpoint.ts";
import type { OriginAddress } from "./origin-address.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { SharedIdle } from "./shared-idle.ts";

export interface DirectoryOptions extends Omit<PoolOptions, "origins" | "sharedIdle"> {
  /** Pools at once. */
  readonly poolsMax: number;
  /** Idle connections in all. */
  readonly idleMax: number;
}

class Entry extends ListNode {
  readonly key: string;
  readonly pool: Pool;

  constructor(key: string, pool: Pool) {
    super();
    this.key = key;
    this.pool = pool;
  }
}

export class PoolDirectory {
  private readonly options: DirectoryOptions;
  private readonly sharedIdle: SharedIdle;
  private readonly entries = new Map<string, Entry>();
  /** In the order in which they were asked for. */
  private readonly order = new LinkedList<Entry>();
  /** Gave way; their connections are closing. */
  private readonly leaving = new Set<Pool>();
  private isDraining = false;

  constructor(options: DirectoryOptions) {
    this.options = options;
    this.sharedIdle = new SharedIdle(options.idleMax);
  }

  /** The pool that was made for `key`; none: undefined. */
  find(key: string): Pool | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.order.push(entry);
    return entry.pool;
  }

  /** Makes a pool. Undefined: there are as many as there may be, and all are in use. */
  add(key: string, origin: OriginAddress, openReason?: PoolOptions["openReason"]): Pool | undefined {
    if (this.entries.size >= this.options.poolsMax && !this.makeRoom()) return undefined;
    const pool = new Pool({
      ...this.options,
      origins: [origin],
      sharedIdle: this.sharedIdle,
      ...(openReason === undefined ? {} : { openReason }),
    });
    // Who is late is still served, and leaves nothing behind.
    if (this.isDraining) pool.drain();
    const entry = new Entry(key, pool);
    this.entries.set(key, entry);
    this.order.push(entry);
    return pool;
  }

  private makeRoom(): boolean {
    for (const { key, pool } of this.order) {
      if (pool.isInUse) continue;
      this.remove(key, pool);
      return true;
    }
    return false;
  }

  private remove(key: string, pool: Pool): void {
    this.entries.get(key)?.leave();
    this.entries.delete(key);
    this.leaving.add(pool);
    pool.drain(() => this.leaving.delete(pool), "pool-evicted");
  }

  private get pools(): Pool[] {
    return [...[...this.entries.values()].map(({ pool }) => pool), ...this.leaving];
  }

  get endpoints(): Endpoint[] {
    return this.pools.flatMap(({ endpoints }) => endpoints);
  }

  get waiting(): number {
    return this.pools.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Closes what is idle, everything else as soon as its exchange ends, and says when all is gone. */
  drain(onEmpty: () => void): void {
    const { pools } = this;
    this.isDraining = true;
    let left = pools.length + 1;
    const onOneEmpty = () => {
      left--;
      if (left === 0) onEmpty();
    };
    for (const pool of pools) pool.drain(onOneEmpty);
    onOneEmpty();
  }
}
