/**
 * What events said of endpoints since this page was opened: connections that were not lent, and why an endpoint was last given up.
 *
 * Deliberately absent: what `/stats` says of them.
 */
import type { ReuseRefusal } from "../../src/connection/reasons.ts";
import type { ProxyEvent } from "./api-types.ts";

export interface EndpointNews {
  readonly refusals: Readonly<Partial<Record<ReuseRefusal, number>>>;
  /** The system's word for its latest failure; none was heard of: undefined. */
  readonly fault: string | undefined;
  /** Times that it was given up for a while. */
  readonly givenUp: number;
}

const nothing: EndpointNews = { refusals: {}, fault: undefined, givenUp: 0 };
/** Clients of a forward proxy name as many as they like. */
const ENDPOINTS_MAX = 1_000;

export class EndpointWatch {
  private news: ReadonlyMap<string, EndpointNews> = new Map();

  /** The same map until something has changed. */
  get all(): ReadonlyMap<string, EndpointNews> {
    return this.news;
  }

  clear(): void {
    this.news = new Map();
  }

  note(events: readonly ProxyEvent[]): void {
    const changed = new Map(this.news);
    for (const event of events) {
      if (event.type === "reuse-refused") {
        const before = changed.get(event.endpoint) ?? nothing;
        const refusals = { ...before.refusals, [event.reason]: (before.refusals[event.reason] ?? 0) + 1 };
        changed.set(event.endpoint, { ...before, refusals });
      } else if (event.type === "endpoint" && event.state === "failed") {
        const before = changed.get(event.endpoint) ?? nothing;
        changed.set(event.endpoint, { ...before, fault: event.fault, givenUp: before.givenUp + 1 });
      } else continue;
      const [oldest] = changed.keys();
      if (changed.size > ENDPOINTS_MAX && oldest !== undefined) changed.delete(oldest);
      this.news = changed;
    }
  }
}
