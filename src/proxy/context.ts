/**
 * What all exchanges of one proxy share: settings, routing, clock, deadlines, observer.
 */
import type { Deadlines } from "../connection/deadlines.ts";
import { Outbox } from "../net/outbox.ts";
import type { Clock } from "../net/ports.ts";
import type { ProxyObserver } from "./observer.ts";
import type { Routing } from "./routing.ts";
import type { GatewaySettings } from "./settings.ts";

export class ProxyContext {
  readonly settings: GatewaySettings;
  readonly routing: Routing;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: ProxyObserver;
  /** `Via` of a request received with HTTP/1.0 and HTTP/1.1. */
  readonly viaLines: readonly [string, string];
  /** Empty between events: everything added is flushed before control returns. */
  readonly outbox = new Outbox();
  private dateSecond = -1;
  private dateText = "";

  constructor(
    settings: GatewaySettings,
    routing: Routing,
    clock: Clock,
    deadlines: Deadlines,
    observer: ProxyObserver,
  ) {
    this.settings = settings;
    this.routing = routing;
    this.clock = clock;
    this.deadlines = deadlines;
    this.observer = observer;
    this.viaLines = [`Via: 1.0 ${settings.viaName}\r\n`, `Via: 1.1 ${settings.viaName}\r\n`];
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
