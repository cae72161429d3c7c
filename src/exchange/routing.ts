/**
 * Where a request goes: which pool serves it, or why none does.
 *
 * Asked twice: which route takes it, before it is judged (begin-exchange.ts), and for the pool when its exchange asks for its origin.
 * Without routes all goes to one pool (`OwnOrigins`); with them routes/by-route.ts decides, in a forward proxy the request's target
 * (forward/forward-routing.ts). Deliberately absent: finding a connection in the pool.
 */
import type { Endpoint } from "../pool/endpoint.ts";
import type { FollowedName } from "../pool/followed-name.ts";
import type { OriginPools } from "../pool/origin-pools.ts";
import type { Pool } from "../pool/pool.ts";
import type { RequestMessage } from "../wire/messages.ts";
import type { Admission } from "./admission.ts";
import type { AnswerReason } from "./answers.ts";
import type { ClientConnection } from "./client-connection.ts";

export interface Routing {
  /** Where there are routes: what the one that takes this request says, asked once, before hooks. There are none: absent. */
  decide?(head: RequestMessage, admission: Admission, client: Pick<ClientConnection, "isTrusted">): Admission;
  /** Begins to look after endpoints: health checks, where groups have any. */
  start?(): void;
  /** The pool that serves this request, or why none does. */
  poolFor(admission: Admission): Pool | AnswerReason;
  /** The endpoints of all pools there are. */
  readonly endpoints: readonly Endpoint[];
  /** Names that are looked up again and again; none ever is: absent. */
  readonly names?: readonly FollowedName[];
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** Closes what is idle, everything else as soon as its exchange ends, and says when all is gone. */
  drain(onEmpty: () => void): void;
}

/** A gateway: whatever is asked of it goes to one of its own pools, unless the application sends it elsewhere. */
export class OwnOrigins implements Routing {
  private readonly pools: OriginPools;
  private readonly usual: Pool | undefined;

  /** @param usual where everything goes; there are routes, which say so: undefined */
  constructor(pools: OriginPools, usual: Pool | undefined) {
    this.pools = pools;
    this.usual = usual;
  }

  start(): void {
    this.pools.start();
  }

  poolFor({ origin, pool = this.usual }: Admission): Pool | AnswerReason {
    if (origin === undefined) return pool ?? "no-route";
    return this.pools.chosenFor(origin) ?? "too-many-origins";
  }

  get endpoints(): readonly Endpoint[] {
    return this.pools.endpoints;
  }

  get names(): readonly FollowedName[] {
    return this.pools.names;
  }

  get waiting(): number {
    return this.pools.waiting;
  }

  drain(onEmpty: () => void): void {
    this.pools.drain(onEmpty);
  }
}
