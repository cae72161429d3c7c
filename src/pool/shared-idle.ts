/**
 * The idle connections of many pools together, in the order of idleness, and their limit.
 *
 * One pool needs none: what idles there was in use a moment ago, so it is bounded by what may be in use. Where each client
 * may ask for origin after origin, what idles adds up. Deliberately absent: choosing one for reuse; each endpoint does that.
 */
import { LinkedList, OwnedNode } from "../connection/lists.ts";

/** What idles here. */
export interface IdleConnection {
  /** Its place in this order; it was never in it: undefined. */
  sharedNode: OwnedNode<IdleConnection> | undefined;
  close(reason: "pool-surplus"): void;
}

export class SharedIdle {
  private readonly connections = new LinkedList<OwnedNode<IdleConnection>>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.connections.size;
  }

  /** Notes that `connection` idles from now on; the one that has idled for longest gives way if there are too many. */
  add(connection: IdleConnection): void {
    connection.sharedNode ??= new OwnedNode(connection);
    this.connections.push(connection.sharedNode);
    if (this.connections.size > this.max) this.connections.oldest?.owner.close("pool-surplus");
  }
}
