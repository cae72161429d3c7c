/**
 * What all exchanges of one proxy work with, made once, whatever its configuration is and becomes: the ports, how to get to an origin,
 * and what is said alike in many messages.
 */
import type { Deadlines } from "../connection/deadlines.ts";
import type { Clock } from "../net/ports.ts";
import { BodyBuffers } from "./body-buffers.ts";
import type { ProxyContext } from "./context.ts";
import type { ProxyObserver } from "./observer.ts";
import type { OpenOrigin } from "./origin-side.ts";
import type { RateStore } from "./rate-store.ts";
import { RouteLines } from "./route-lines.ts";
import { TokenBuckets } from "./token-buckets.ts";
import type { Tracing } from "./tracing.ts";

export class Workings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: ProxyObserver;
  /** How requests get to where they are routed. */
  readonly openOrigin: OpenOrigin<ProxyContext>;
  /** All three outlive the plan that names their limits. */
  readonly rates: RateStore;
  readonly lines: RouteLines;
  /** Who traces exchanges across hops; nobody does: undefined. */
  tracing: Tracing | undefined;
  readonly buffers = new BodyBuffers();
  private latestExchangeId: number;
  private latestHost = "";
  private latestHostLine = "";
  private dateSecond = -1;
  private dateText = "";

  constructor(
    clock: Clock,
    deadlines: Deadlines,
    observer: ProxyObserver,
    openOrigin: OpenOrigin<ProxyContext>,
    firstExchangeId = 1,
    rates: RateStore = new TokenBuckets(clock),
  ) {
    this.clock = clock;
    this.deadlines = deadlines;
    this.observer = observer;
    this.openOrigin = openOrigin;
    this.rates = rates;
    this.lines = new RouteLines(clock);
    this.latestExchangeId = firstExchangeId - 1;
  }

  /** Another plan has taken the place of the one before, and may have left limits and routes out. */
  notePlan(): void {
    this.lines.forgetEmpty();
    if (this.rates instanceof TokenBuckets) this.rates.forgetFull();
  }

  newExchangeId(): number {
    return ++this.latestExchangeId;
  }

  /** `X-Forwarded-Host`, made anew when another host is asked for than last. */
  forwardedHostLine(host: string): string {
    if (host !== this.latestHost) {
      this.latestHost = host;
      this.latestHostLine = `X-Forwarded-Host: ${host}\r\n`;
    }
    return this.latestHostLine;
  }

  /** The value of `Date` now, made once a second. */
  date(): string {
    const ms = this.clock.date();
    const second = Math.floor(ms / 1_000);
    if (second !== this.dateSecond) {
      this.dateSecond = second;
      this.dateText = new Date(ms).toUTCString();
    }
    return this.dateText;
  }
}
