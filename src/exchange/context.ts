/**
 * The plan of exchanges: all that a configuration decides about them, and what they work with (workings.ts), in one object that never
 * changes; a reload makes another.
 *
 * An exchange takes it at its beginning and keeps it to its end. A proxy that is given another one (gateway/client-table.ts) uses
 * that for what begins from then on, and what has begun goes on as it began.
 */
import type { Deadlines } from "../connection/deadlines.ts";
import type { Clock } from "../net/ports.ts";
import type { OriginAddress } from "../pool/origin-address.ts";
import { type HookSettings, noHooks } from "./hooks.ts";
import type { ProxyObserver } from "./observer.ts";
import { OriginReferences } from "./origin-references.ts";
import type { OpenOrigin } from "./origin-side.ts";
import type { RouteLines } from "./route-lines.ts";
import type { Routing } from "./routing.ts";
import type { GatewaySettings } from "./settings.ts";
import type { Workings } from "./workings.ts";

/** What an operator and an application have decided. */
export interface Decisions {
  readonly settings: GatewaySettings;
  readonly routing: Routing;
  readonly hooks?: HookSettings | undefined;
}

export class ProxyContext {
  readonly settings: GatewaySettings;
  readonly routing: Routing;
  readonly hooks: HookSettings;
  /** Whether it acts for an origin, or (a forward proxy) for its clients. */
  readonly isGateway: boolean;
  /** `Via` of a message received with HTTP/1.0, HTTP/1.1, ... HTTP/1.9; empty where none is sent. */
  readonly viaLines: readonly string[];
  /** The same with HTTP/2. */
  readonly viaLineOfHttp2: string;
  readonly workings: Workings;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: ProxyObserver;
  readonly openOrigin: OpenOrigin<ProxyContext>;
  readonly lines: RouteLines;
  private readonly originReferences: OriginReferences;

  constructor({ settings, routing, hooks = noHooks }: Decisions, workings: Workings) {
    this.settings = settings;
    this.routing = routing;
    this.hooks = hooks;
    this.isGateway = settings.forward === undefined;
    const viaLine = (version: string) => (settings.sendsVia ? `Via: ${version} ${settings.viaName}\r\n` : "");
    this.viaLines = Array.from({ length: 10 }, (_, minor) => viaLine(`1.${minor}`));
    this.viaLineOfHttp2 = viaLine("2.0");
    this.workings = workings;
    this.clock = workings.clock;
    this.deadlines = workings.deadlines;
    this.observer = workings.observer;
    this.openOrigin = workings.openOrigin;
    this.lines = workings.lines;
    this.originReferences = new OriginReferences(settings.origins, settings.originHost);
    Object.freeze(this);
  }

  newExchangeId(): number {
    return this.workings.newExchangeId();
  }

  /** What names the origin that a response came from. @param chosen by the application, for one exchange; otherwise undefined */
  referencesOf(chosen: OriginAddress | undefined): OriginReferences {
    if (chosen === undefined) return this.originReferences;
    return new OriginReferences([chosen], this.settings.originHost);
  }

  /** `X-Forwarded-Host` */
  forwardedHostLine(host: string): string {
    return this.workings.forwardedHostLine(host);
  }

  /** The value of `Date` now. */
  date(): string {
    return this.workings.date();
  }
}
