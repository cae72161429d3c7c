/**
 * Where a request goes: which pool serves it, or why none does.
 *
 * Decided for each request by one of these, which the proxy is made with. Deliberately absent: finding a connection in the
 * pool, and whether the request is admitted at all (admission.ts).
 */
import type { Endpoint } from "../pool/endpoint.ts";
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

/** A gateway is in front of one origin: whatever is asked of it goes there. */
export class OneOrigin implements Routing {
  private readonly pool: Pool;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  poolFor(): Pool {
    return this.pool;
  }

  get endpoints(): readonly Endpoint[] {
    return this.pool.endpoints;
  }

  get waiting(): number {
    return this.pool.waiting;
  }

  drain(onEmpty: () => void): void {
    this.pool.drain(onEmpty);
  }
}
