/**
 * The names of one group: each address that one of them leads to is an endpoint of its own, with what was decided of the name.
 *
 * Until something was found a name stands for itself, as one endpoint: its address is found out whenever a connection is opened. From then on
 * the group that its pool goes on with has the addresses in its place. Deliberately absent: adding and draining endpoints; the pool does
 * that for any other list (`Pool.update`), whoever it comes from.
 */
import { familyOf } from "../net/address-family.ts";
import type { Clock } from "../net/ports.ts";
import type { Names } from "../net/resolving.ts";
import { FollowedName } from "./followed-name.ts";
import type { EndpointPlan, Group } from "./group.ts";
import type { PoolObserver } from "./observer.ts";
import type { OriginAddress } from "./origin-address.ts";

export interface FollowedNamesOptions {
  readonly names: Names;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: Pick<PoolObserver, "nameLookedUp">;
  /** The group has other endpoints now. */
  readonly onChanged: () => void;
}

/** Whether this is a name that can be looked up. */
export function isFollowable({ address }: OriginAddress): boolean {
  return address.kind === "tcp" && familyOf(address.host) === 0;
}

export class FollowedNames {
  private readonly options: FollowedNamesOptions;
  private said: Group;
  private followed = new Map<string, FollowedName>();
  private isStarted = false;

  constructor(group: Group, options: FollowedNamesOptions) {
    this.options = options;
    this.said = group;
    this.follow(group);
  }

  /** From now on these names, in this way; what is known of those that stay is kept. */
  follow(group: Group): void {
    const { resolve } = group;
    this.said = group;
    const before = new Map(this.followed);
    this.followed = new Map();
    for (const { origin } of resolve === undefined ? [] : group.endpoints) {
      if (resolve === undefined || origin.address.kind !== "tcp" || !isFollowable(origin)) continue;
      const { name, address } = origin;
      const one = before.get(name) ?? this.follower(group.name, name, address.host, resolve);
      before.delete(name);
      one.replan(resolve);
      this.followed.set(name, one);
    }
    for (const one of before.values()) one.stop();
    if (this.isStarted) this.start();
  }

  private follower(group: string, name: string, host: string, plan: NonNullable<Group["resolve"]>): FollowedName {
    const { names, clock, random, observer, onChanged } = this.options;
    const record = { group, name };
    return new FollowedName(plan, {
      ...{ record, host, names, clock, random },
      onLookup: (lookup) => {
        observer.nameLookedUp?.(record, lookup);
        if (lookup.added.length + lookup.removed.length > 0) onChanged();
      },
    });
  }

  start(): void {
    this.isStarted = true;
    for (const one of this.followed.values()) one.start();
  }

  stop(): void {
    this.isStarted = false;
    for (const one of this.followed.values()) one.stop();
  }

  get all(): readonly FollowedName[] {
    return [...this.followed.values()];
  }

  /** The group with addresses in the place of names, as far as they are known. */
  get group(): Group {
    const written = this.said.endpoints.filter(({ origin }) => !this.followed.has(origin.name));
    const found = this.said.endpoints.flatMap((plan) => this.found(plan));
    // An address that is written, too, is what is said of it there: so one of several can be drained. All of them cannot.
    const endpoints = unique([...written, ...found]);
    const areDrained = endpoints.every(({ weight }) => weight === 0);
    return { ...this.said, endpoints: areDrained ? unique([...found, ...written]) : endpoints };
  }

  private found(plan: EndpointPlan): readonly EndpointPlan[] {
    const one = this.followed.get(plan.origin.name);
    if (one === undefined) return [];
    const { addresses } = one;
    if (addresses === undefined) return [plan];
    return addresses.map((address) => ({ ...plan, origin: originAt(plan.origin, address) }));
  }
}

/** The same origin at one of its addresses: what is sent there still names the origin, and so must its certificate. */
function originAt(origin: OriginAddress, host: string): OriginAddress {
  const { address, name, authority } = origin;
  if (address.kind !== "tcp") return origin;
  const written = familyOf(host) === 6 ? `[${host}]` : host;
  return {
    ...origin,
    address: { ...address, host },
    name: `${name.slice(0, name.length - authority.length)}${written}${authority.slice(address.host.length)}`,
  };
}

/** Each place once, as it is said first. */
function unique(endpoints: readonly EndpointPlan[]): readonly EndpointPlan[] {
  const byName = new Map<string, EndpointPlan>();
  for (const endpoint of endpoints) if (!byName.has(endpoint.origin.name)) byName.set(endpoint.origin.name, endpoint);
  return [...byName.values()];
}
