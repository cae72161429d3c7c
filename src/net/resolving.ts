/**
 * What names mean, as the system says: for names that an operator wrote, with its search domains and all its sources.
 *
 * The same look-up is never under way twice, and what came out counts for a moment, so that a burst of connections asks
 * once. Deliberately absent: names that clients choose; the system's look-ups run on the runtime's few threads, where dead
 * name servers would hold up everything else. See names/.
 */
import { type LookupAddress, lookup } from "node:dns";
import { nodeClock } from "./node-clock.ts";
import type { Clock } from "./ports.ts";

/** A name's addresses, best first; or why there are none: `ENOTFOUND`, `EAI_AGAIN`, `ETIMEOUT`, or a `DialRefusal`. */
export type Found = readonly string[] | string;

export interface Names {
  /**
   * Finds a name's addresses.
   *
   * @param client on whose behalf, where clients choose names
   * @param found is called once, perhaps within this call
   * @returns how to wait no longer; then `found` is not called any more
   */
  find(name: string, client: string, found: (result: Found) => void): () => void;
}

/** How long addresses count: a change is noticed soon, and a burst of connections asks once. */
const SYSTEM_FRESH_MS = 5_000;

type Lookup = (
  name: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

interface Known {
  readonly addresses: readonly string[];
  readonly until_ms: number;
}

export class SystemNames implements Names {
  private readonly lookup: Lookup;
  private readonly clock: Pick<Clock, "now">;
  /** Those that count, the oldest first: applications choose names as well, one for each of their tenants perhaps. */
  private readonly known = new Map<string, Known>();
  private readonly waiting = new Map<string, Set<(result: Found) => void>>();

  constructor(ask: Lookup = lookup, clock: Pick<Clock, "now"> = nodeClock) {
    this.lookup = ask;
    this.clock = clock;
  }

  find(name: string, _client: string, found: (result: Found) => void): () => void {
    const known = this.known.get(name);
    if (known !== undefined && this.clock.now() < known.until_ms) {
      found(known.addresses);
      return () => {};
    }
    const waiting = this.waiting.get(name) ?? this.begin(name);
    waiting.add(found);
    return () => void waiting.delete(found);
  }

  private begin(name: string): Set<(result: Found) => void> {
    const waiting = new Set<(result: Found) => void>();
    this.waiting.set(name, waiting);
    this.lookup(name, { all: true }, (error, found) => {
      this.waiting.delete(name);
      const addresses = (found ?? []).map(({ address }) => address);
      const hasFailed = error !== null || addresses.length === 0;
      const now = this.clock.now();
      this.known.delete(name);
      this.forgetBefore(now);
      if (!hasFailed) this.known.set(name, { addresses, until_ms: now + SYSTEM_FRESH_MS });
      const result = hasFailed ? (error?.code ?? "ENOTFOUND") : addresses;
      for (const tell of waiting) tell(result);
    });
    return waiting;
  }

  /** How many names are remembered. */
  get size(): number {
    return this.known.size;
  }

  private forgetBefore(now: number): void {
    for (const [name, { until_ms }] of this.known) {
      if (until_ms > now) return;
      this.known.delete(name);
    }
  }
}
