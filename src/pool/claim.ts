/**
 * A request that takes the connection which is bound to its client: at once, or as soon as it is sure that nothing follows
 * the last response there.
 *
 * Others would take another connection instead of waiting. On any other connection this client would be a stranger, in the
 * middle of a handshake perhaps. Deliberately absent: the line of those who wait for room; what is bound is in nobody's way.
 */
import type { Bindings } from "./bindings.ts";
import type { Pool, Seeker } from "./pool.ts";
import { PooledConnection } from "./pooled-connection.ts";

/** A search that goes on. */
export interface PendingSearch {
  cancel(): void;
}

/** The request has its connection, or `search` is the wait for it. */
interface Claimed {
  readonly search: PendingSearch | undefined;
}

const handed: Claimed = { search: undefined };

/** Undefined: there is no such connection, or none that is fit. @param bindings what is bound to the client; nothing: undefined */
export function claimBound(pool: Pool, seeker: Seeker, bindings: Bindings | undefined): Claimed | undefined {
  const bound = seeker.isRetry ? undefined : bindings?.find(pool.endpoints);
  if (bound === undefined) return undefined;
  const now = pool.options.clock.now();
  const found = bound.endpoint.findBound(bound, now);
  if (found === undefined) return undefined;
  if (!(found instanceof PooledConnection)) {
    return { search: new Claim(pool, seeker, bindings, found.wait_ms) };
  }
  pool.hand(found, seeker, now);
  return handed;
}

class Claim implements PendingSearch {
  private isOver = false;
  private readonly pool: Pool;
  /** How to give up waiting, where it is for a time. */
  private readonly giveUp: (() => void) | undefined;
  /** What it has become. */
  private next: PendingSearch | undefined;

  constructor(pool: Pool, seeker: Seeker, bindings: Bindings | undefined, wait_ms: number) {
    this.pool = pool;
    pool.claims++;
    seeker.onSearch?.("queued");
    const { clock } = pool.options;
    const goOn = () => {
      if (!this.end()) return;
      this.next = pool.acquire(seeker, bindings);
    };
    if (wait_ms > 0) this.giveUp = clock.after(wait_ms, goOn);
    else clock.afterArrivals(goOn);
  }

  cancel(): void {
    this.next?.cancel();
    if (this.end()) this.giveUp?.();
  }

  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.pool.claims--;
    return true;
  }
}
