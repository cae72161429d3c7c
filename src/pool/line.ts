/**
 * Those who wait for room, by client: the client that has least is served next, its own requests in the order in which they came.
 *
 * Deliberately absent: for what they wait, and how long.
 */
import { LinkedList, OwnedNode } from "../connection/lists.ts";

/** Requests that wait at the limit; beyond, waiting would only delay the refusal. */
const LINE_LENGTH_MAX = 1_024;

/** Somebody who waits. */
export class Waiter<Owner> extends OwnedNode<Owner> {
  readonly client: string;

  constructor(owner: Owner, client: string) {
    super(owner);
    this.client = client;
  }
}

export class WaitingLine<Owner> {
  size = 0;
  /** The client that was served last is the last one. */
  private readonly byClient = new Map<string, LinkedList<Waiter<Owner>>>();

  /**
   * Joins. In a full line the client that has most in it leaves its last place to one that has fewer.
   *
   * @param max how many may wait
   * @returns whether there was room; and who had to leave for it
   */
  join(waiter: Waiter<Owner>, max = LINE_LENGTH_MAX): { readonly hasJoined: boolean; readonly displaced?: Owner } {
    if (this.size < max) {
      this.add(waiter);
      return { hasJoined: true };
    }
    const own = this.byClient.get(waiter.client)?.size ?? 0;
    let most: LinkedList<Waiter<Owner>> | undefined;
    for (const list of this.byClient.values()) if (list.size > (most?.size ?? 0)) most = list;
    const displaced = most?.newest;
    if (most === undefined || displaced === undefined || most.size <= own + 1) return { hasJoined: false };
    this.leave(displaced);
    this.add(waiter);
    return { hasJoined: true, displaced: displaced.owner };
  }

  private add(waiter: Waiter<Owner>): void {
    let list = this.byClient.get(waiter.client);
    if (list === undefined) {
      list = new LinkedList();
      this.byClient.set(waiter.client, list);
    }
    list.push(waiter);
    this.size++;
  }

  /** Leaves, served or not. If it does not wait any more, nothing happens. */
  leave(waiter: Waiter<Owner>): void {
    if (!waiter.isListed) return;
    waiter.leave();
    this.size--;
    const list = this.byClient.get(waiter.client);
    if (list?.size === 0) this.byClient.delete(waiter.client);
  }

  /** Whose turn it is. @param held how much a client has already */
  next(held: (client: string) => number): Owner | undefined {
    let least = Number.POSITIVE_INFINITY;
    let next: Owner | undefined;
    for (const [client, list] of this.byClient) {
      const count = this.byClient.size === 1 ? 0 : held(client);
      if (count >= least) continue;
      least = count;
      next = list.oldest?.owner;
    }
    return next;
  }

  /** A client was served: among those who have as much it is the last one now. */
  noteServed(client: string): void {
    const list = this.byClient.get(client);
    if (list === undefined || this.byClient.size === 1) return;
    this.byClient.delete(client);
    this.byClient.set(client, list);
  }
}
