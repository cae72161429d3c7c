/**
 * Where a request goes: which pool serves it, or why none does.
 *
 * Decided by one of these, which the proxy is made with, when an exchange asks for its origin. Deliberately absent: finding a
 * connection in the pool, and whether the request is admitted at all (admission.ts).
 */
import type { PoolDirectory } from "../pool/directory.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { OriginAddress } from "../pool/origin-address.ts";
import type { Pool } from "../pool/pool.ts";
import type { Admission } from "./admission.ts";
import type { AnswerReason } from "./answers.ts";

export interface Routing {
  /** The pool that serves this request, or why none does. */
  poolFor(admission: Admission): Pool | AnswerReason;
  /** The endpoints of all pools there are. */
  readonly endpoints: readonly Endpoint[];
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** Closes what is idle, everything else as soon as its exchange ends, and says when all is gone. */
  drain(onEmpty: () => void): void;
}

/** A gateway is in front of one origin: whatever is asked of it goes there, unless the application sends it elsewhere. */
export class OneOrigin implements Routing {
  private readonly pool: Pool;
  /** Of origins that the application chose; it has chosen none: undefined. */
  private chosen: PoolDirectory | undefined;
  private readonly makeDirectory: () => PoolDirectory;
  private isDraining = false;

  constructor(pool: Pool, makeDirectory: () => PoolDirectory) {
    this.pool = pool;
    this.makeDirectory = makeDirectory;
  }

  poolFor({ origin }: Admission): Pool | AnswerReason {
    return origin === undefined ? this.pool : this.chosenPool(origin);
  }

  private chosenPool(origin: OriginAddress): Pool | AnswerReason {
    if (this.chosen === undefined) {
      this.chosen = this.makeDirectory();
      // Who is late is still served, and leaves nothing behind.
      if (this.isDraining) this.chosen.drain(() => undefined);
    }
    return this.chosen.find(origin.name, "") ?? this.chosen.add(origin.name, origin, "") ?? "too-many-origins";
  }

  get endpoints(): readonly Endpoint[] {
    const { endpoints } = this.pool;
    return this.chosen === undefined ? endpoints : [...endpoints, ...this.chosen.endpoints];
  }

  get waiting(): number {
    return this.pool.waiting + (this.chosen?.waiting ?? 0);
  }

  drain(onEmpty: () => void): void {
    this.isDraining = true;
    let left = this.chosen === undefined ? 1 : 2;
    const onOneEmpty = () => {
      left--;
      if (left === 0) onEmpty();
    };
    this.pool.drain(onOneEmpty);
    this.chosen?.drain(onOneEmpty);
  }
}
