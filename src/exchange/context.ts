/**
 * What all exchanges of one proxy share: settings, routing, clock, deadlines, observer.
 */
import type { Deadlines } from "../connection/deadlines.ts";
import type { Clock } from "../net/ports.ts";
import { type HookSettings, noHooks } from "./hooks.ts";
import type { ProxyObserver } from "./observer.ts";
import { OriginReferences } from "./origin-references.ts";
import type { OpenOrigin } from "./origin-side.ts";
import type { Routing } from "./routing.ts";
import type { GatewaySettings } from "./settings.ts";

export class ProxyContext {
  readonly settings: GatewaySettings;
  readonly routing: Routing;
  /** Whether it acts for an origin, or (a forward proxy) for its clients. */
  readonly isGateway: boolean;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: ProxyObserver;
  readonly hooks: HookSettings;
  /** `Via` of a message received with HTTP/1.0, HTTP/1.1, ... HTTP/1.9; empty where none is sent. */
  readonly viaLines: readonly string[];
  readonly originReferences: OriginReferences;
  /** How requests get to where they are routed. */
  readonly openOrigin: OpenOrigin<ProxyContext>;
  private latestHost = "";
  private latestHostLine = "";
  private dateSecond = -1;
  private dateText = "";

  constructor(
    settings: GatewaySettings,
    routing: Routing,
    clock: Clock,
    deadlines: Deadlines,
    observer: ProxyObserver,
    openOrigin: OpenOrigin<ProxyContext>,
    hooks: HookSettings = noHooks,
  ) {
    this.settings = settings;
    this.routing = routing;
    this.isGateway = settings.forward === undefined;
    this.clock = clock;
    this.deadlines = deadlines;
    this.observer = observer;
    this.openOrigin = openOrigin;
    this.hooks = hooks;
    this.originReferences = new OriginReferences(settings.origins, settings.originHost);
    this.viaLines = Array.from({ length: 10 }, (_, minor) =>
      settings.sendsVia ? `Via: 1.${minor} ${settings.viaName}\r\n` : "",
    );
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
