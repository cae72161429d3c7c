/**
 * How a pool chooses among its endpoints: what the group asks of a request, and what follows from that.
 *
 * A group that asks nothing looks at no request. Deliberately absent: kinds of balance (balancing.ts), and what a cookie is worth
 * (stickiness.ts).
 */
import type { Place } from "../connection/fair-share.ts";
import { Balancing, type Candidate } from "./balancing.ts";
import type { Group, HashedPart } from "./group.ts";
import type { OriginAddress } from "./origin-address.ts";
import { hashOf } from "./rendezvous.ts";
import { judgeStickiness, Stickiness } from "./stickiness.ts";

/** What a request says that a group may choose by. */
export interface Choosable {
  readonly place: Pick<Place, "client">;
  /** The value of this field as it goes on, by its lowercase name; asked only where the group wants it. None: undefined. */
  field?(lowercaseName: string): string | undefined;
  /** The first values of cookies of this name as the client sent them; asked only where the group wants them. */
  cookies?(name: string): readonly string[];
}

/** Where a request would go. */
export interface Wish<Endpoint> {
  /** See rendezvous.ts; the group does not hash: 0. */
  readonly key: number;
  /** It was served there before; it was not: undefined. */
  readonly stuckTo: Endpoint | undefined;
}

export class Choosing<Endpoint extends Candidate & { readonly origin: OriginAddress }> {
  /** Its cookie keeps clients with their endpoint; it does not: undefined. */
  readonly stickiness: Stickiness<Endpoint> | undefined;
  /** Whether anything of a request counts. */
  readonly asksRequests: boolean;
  private readonly balancing: Balancing<Endpoint>;
  private readonly hashed: HashedPart | undefined;

  constructor({ balance, sticky }: Pick<Group, "balance" | "sticky">) {
    this.balancing = new Balancing(balance);
    this.hashed = typeof balance === "object" ? balance.hash : undefined;
    this.stickiness = sticky === undefined ? undefined : new Stickiness(sticky.cookie);
    this.asksRequests = this.hashed !== undefined || this.stickiness !== undefined;
  }

  /** To be asked where `asksRequests`. */
  wishOf(request: Choosable, endpoints: readonly Endpoint[]): Wish<Endpoint> {
    const { hashed, stickiness } = this;
    const values = stickiness === undefined ? [] : (request.cookies?.(stickiness.cookie) ?? []);
    return {
      key: hashed === undefined ? 0 : hashOf(hashedText(hashed, request)),
      stuckTo: stickiness?.find(endpoints, values),
    };
  }

  /**
   * @param turn where to begin, so that those alike take turns
   * @param tried these had their chance; none had: undefined
   * @returns all were tried that get requests: undefined
   */
  choose(
    endpoints: readonly Endpoint[],
    turn: number,
    now: number,
    tried: ReadonlySet<Endpoint> | undefined,
    wish: Wish<Endpoint> | undefined,
  ): Endpoint | undefined {
    const stuckTo = wish?.stuckTo;
    if (stuckTo !== undefined && judgeStickiness(stuckTo, endpoints, now, tried) === "sticks") return stuckTo;
    return this.balancing.choose(endpoints, turn, now, tried, wish?.key);
  }

  /** What was chosen last gets the request. */
  noteTaken(endpoint: Endpoint): void {
    this.balancing.noteTaken(endpoint);
  }
}

/** Clients are told apart from fields and cookies: none can be taken for another's. */
function hashedText(hashed: HashedPart, request: Choosable): string {
  const said =
    hashed === "client"
      ? undefined
      : "field" in hashed
        ? request.field?.(hashed.field)
        : request.cookies?.(hashed.cookie)[0];
  return said === undefined || said === "" ? `client ${request.place.client}` : `said ${said}`;
}
