/**
 * The pools of a gateway: one for each group, kept from one configuration to the next by the group's name, and those of origins that
 * the application chooses.
 *
 * A group that is not named any more drains, and can be seen and cut until it is empty. Requests that began before may still come to
 * it: then it opens a connection for them, and is empty a little later. Where a group's names are looked up again and again its pool goes
 * on with what they lead to, as it does with another configuration. Deliberately absent: which request goes to which group.
 */

import type { Names } from "../net/resolving.ts";
import { PoolDirectory } from "./directory.ts";
import type { Endpoint } from "./endpoint.ts";
import type { FollowedName } from "./followed-name.ts";
import { FollowedNames } from "./followed-names.ts";
import type { Group } from "./group.ts";
import type { OriginAddress } from "./origin-address.ts";
import { Pool, type PoolLimits, type PoolOptions } from "./pool.ts";

/** Origins with a pool at once that an application chooses in `onRequest`: tenants of a large site; the rest come and go. */
const CHOSEN_ORIGINS_MAX = 1_024;
/** Idle connections to all of them. */
const CHOSEN_IDLE_MAX = 1_024;

export interface OriginPoolsOptions extends Omit<PoolOptions, "group"> {
  /** What names mean; nobody knows, and names stay one endpoint each: absent. */
  readonly names?: Names | undefined;
}

export class OriginPools {
  private options: OriginPoolsOptions;
  private named: ReadonlyMap<string, Pool> = new Map();
  /** Of groups whose names are looked up again and again. */
  private readonly followed = new Map<string, FollowedNames>();
  private readonly leaving = new Set<Pool>();
  /** Of origins that the application chose; it has chosen none: undefined. */
  private chosen: PoolDirectory | undefined;
  private isDraining = false;
  private isStarted = false;

  constructor(options: OriginPoolsOptions) {
    this.options = options;
  }

  /** From now on there are these groups. @returns the pool of each */
  update(groups: readonly Group[], limits: Partial<PoolLimits> = {}): ReadonlyMap<string, Pool> {
    this.options = { ...this.options, ...limits };
    this.chosen?.limit(limits);
    const before = new Map([...this.leaving, ...this.named.values()].map((pool) => [pool.options.group.name, pool]));
    this.named = new Map(
      groups.map((said) => {
        const group = this.withAddresses(said);
        const known = before.get(group.name);
        if (known === undefined) return [group.name, new Pool({ ...this.options, group })];
        before.delete(group.name);
        this.leaving.delete(known);
        known.onDial = undefined;
        known.update(group, limits);
        return [group.name, known];
      }),
    );
    for (const pool of before.values()) this.leave(pool);
    for (const name of [...this.followed.keys()]) if (!this.named.has(name)) this.unfollow(name);
    if (this.isStarted) this.start();
    return this.named;
  }

  /** The group with what its names lead to, as far as that is known. */
  private withAddresses(group: Group): Group {
    const { names, clock, observer, random = () => 0.5 } = this.options;
    const { name } = group;
    if (group.resolve === undefined || names === undefined) {
      this.unfollow(name);
      return group;
    }
    let followed = this.followed.get(name);
    if (followed === undefined) {
      const onChanged = () => {
        const changed = this.followed.get(name)?.group;
        if (changed !== undefined) this.named.get(name)?.update(changed);
      };
      followed = new FollowedNames(group, { names, clock, random, observer, onChanged });
      this.followed.set(name, followed);
    } else {
      followed.follow(group);
    }
    return followed.group;
  }

  private unfollow(group: string): void {
    this.followed.get(group)?.stop();
    this.followed.delete(group);
  }

  /** Begins to look after the endpoints of all groups, and of those that come; it ends with the drain. */
  start(): void {
    this.isStarted = true;
    for (const pool of this.named.values()) pool.start();
    for (const followed of this.followed.values()) followed.start();
  }

  /** Names that are looked up again and again. */
  get names(): readonly FollowedName[] {
    return [...this.followed.values()].flatMap(({ all }) => all);
  }

  private leave(pool: Pool): void {
    this.leaving.add(pool);
    pool.onDial = () => {
      if (!this.leaving.has(pool)) this.leave(pool);
    };
    pool.drain(() => this.leaving.delete(pool), "endpoint-left");
  }

  /** The pool of an origin that the application chose; there are too many in use: undefined. */
  chosenFor(origin: OriginAddress): Pool | undefined {
    if (this.chosen === undefined) {
      this.chosen = new PoolDirectory({ ...this.options, poolsMax: CHOSEN_ORIGINS_MAX, idleMax: CHOSEN_IDLE_MAX });
      // Who is late is still served, and leaves nothing behind.
      if (this.isDraining) this.chosen.drain(() => undefined);
    }
    return this.chosen.find(origin.name, "") ?? this.chosen.add(origin.name, origin, "");
  }

  private get pools(): readonly Pool[] {
    return [...this.named.values(), ...this.leaving];
  }

  /** Of all pools there are, with those that drain. */
  get endpoints(): readonly Endpoint[] {
    const endpoints = this.pools.flatMap((pool) => pool.allEndpoints);
    return this.chosen === undefined ? endpoints : [...endpoints, ...this.chosen.endpoints];
  }

  get waiting(): number {
    return this.pools.reduce((waiting, pool) => waiting + pool.waiting, this.chosen?.waiting ?? 0);
  }

  /** Closes what is idle, everything else as soon as its exchange ends, and says when all is gone. */
  drain(onEmpty: () => void): void {
    this.isDraining = true;
    for (const followed of this.followed.values()) followed.stop();
    const { pools, chosen } = this;
    let left = pools.length + (chosen === undefined ? 0 : 1);
    const onOneEmpty = () => {
      left--;
      if (left === 0) onEmpty();
    };
    if (left === 0) return onEmpty();
    for (const pool of pools) pool.drain(onOneEmpty);
    chosen?.drain(onOneEmpty);
  }
}
