/**
 * Pools of many origins, each made when its origin is first asked for.
 *
 * Their number is bounded: the pool that was not asked for longest gives way, if none of its connections is in use; with it
 * goes what was learned of its origin's lifetime. Of what is in use one client has a share, which gets smaller as less is left:
 * so few clients, however greedy, leave something for a newcomer. Deliberately absent: which request belongs to which origin;
 * and taking away what is in use, which would cut tunnels.
 */
import { LinkedList, ListNode } from "../connection/lists.ts";
import type { Endpoint } from "./endpoint.ts";
import { plainGroup } from "./group.ts";
import type { OriginAddress } from "./origin-address.ts";
import { Pool, type PoolLimits, type PoolOptions } from "./pool.ts";
import { SharedIdle } from "./shared-idle.ts";

export interface DirectoryOptions extends Omit<PoolOptions, "group" | "sharedIdle"> {
  /** Pools at once. */
  readonly poolsMax: number;
  /** Idle connections in all. */
  readonly idleMax: number;
}

class Entry extends ListNode {
  readonly key: string;
  readonly pool: Pool;
  /** On whose behalf it came into use last; those who join meanwhile take nothing that was free. */
  client: string;

  constructor(key: string, pool: Pool, client: string) {
    super();
    this.key = key;
    this.pool = pool;
    this.client = client;
  }
}

export class PoolDirectory {
  private options: DirectoryOptions;
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

  /** Other limits from now on, for the pools that there are, too. */
  limit(limits: Partial<PoolLimits>): void {
    this.options = { ...this.options, ...limits };
    for (const { pool } of this.entries.values()) pool.update(pool.options.group, limits);
  }

  /** The pool that was made for `key`, which `client` is about to use; none: undefined. */
  find(key: string, client: string): Pool | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.order.push(entry);
    if (entry.client !== client && !entry.pool.isInUse) entry.client = client;
    return entry.pool;
  }

  /** Makes a pool. Undefined: as many as there may be are in use, in all or on behalf of `client`. */
  add(key: string, origin: OriginAddress, client: string, openReason?: PoolOptions["openReason"]): Pool | undefined {
    if (!this.hasShareLeft(client)) return undefined;
    if (this.entries.size >= this.options.poolsMax && !this.makeRoom()) return undefined;
    const pool = new Pool({
      ...this.options,
      group: plainGroup(origin.name, [origin]),
      sharedIdle: this.sharedIdle,
      ...(openReason === undefined ? {} : { openReason }),
    });
    // Who is late is still served, and leaves nothing behind.
    if (this.isDraining) pool.drain();
    const entry = new Entry(key, pool, client);
    this.entries.set(key, entry);
    this.order.push(entry);
    return pool;
  }

  private hasShareLeft(client: string): boolean {
    const { poolsMax } = this.options;
    // Though all of them were in use, and this client's.
    if (isWithinShare(this.entries.size, poolsMax - this.entries.size, poolsMax)) return true;
    let left = poolsMax;
    let own = 0;
    for (const entry of this.order) {
      if (!entry.pool.isInUse) continue;
      left--;
      if (entry.client === client) own++;
    }
    return isWithinShare(own, left, poolsMax);
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

/**
 * Whether a client that has `own` of `max` may have another when `left` are free. Its limit is the free part of what is free: of
 * 1,024, 392 for one that is alone, 256 when half are free, 64 when a quarter is. If it were all that is free, ten greedy clients
 * would halve it away; so it takes sixty.
 */
function isWithinShare(own: number, left: number, max: number): boolean {
  return own < (left * left) / max;
}
