/**
 * The demonstration's gateways: one in front of each origin, which drain together and can be started again at the same places.
 *
 * What each did stays counted, in one ledger and one hub of events, so the admin server tells of all of them as of one proxy. Deliberately
 * absent: what is shown of them.
 */
import { createProxy, type DrainReport, HopwiseError, type HopwiseProxy } from "../../index.ts";
import type { EventHub } from "../../ledger/events.ts";
import { type EndpointFigures, type FigureSource, sourceOf } from "../../ledger/figures.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { Observers } from "../../ledger/observers.ts";
import type { BreakableOrigin } from "./origins.ts";

/** The first gateway's port, where it is free; the others follow. */
const FIRST_PORT = 8080;
/** So few that a flood of idle clients fills them, and one sees who gives way. */
export const CLIENTS_MAX = 100;
/** Connections are numbered over all gateways, and each begins somewhere else. */
const IDS_APART = 100_000;

export class Pair {
  readonly origin: BreakableOrigin;
  proxy: HopwiseProxy;
  url = "";

  constructor(origin: BreakableOrigin, proxy: HopwiseProxy) {
    this.origin = origin;
    this.proxy = proxy;
  }
}

export type GatewaysState = "serving" | "draining" | "drained";

export class Gateways {
  readonly pairs: readonly Pair[];
  state: GatewaysState = "serving";
  private readonly ledger: Ledger;
  private readonly observer: Observers;
  private made = 0;
  private draining: Promise<DrainReport> | undefined;

  constructor(origins: readonly BreakableOrigin[], ledger: Ledger, events: EventHub) {
    this.ledger = ledger;
    this.observer = new Observers(ledger, events);
    this.pairs = origins.map((origin, index) => new Pair(origin, this.make(origin, FIRST_PORT + index)));
  }

  private make(origin: BreakableOrigin, port: number): HopwiseProxy {
    const firstId = this.made++ * IDS_APART + 1;
    const options = { to: origin.url, port, maxConnections: CLIENTS_MAX };
    return createProxy(options, { observer: this.observer, firstId });
  }

  /** On the usual ports, or on any free ones where those are taken. */
  async listen(): Promise<void> {
    for (const pair of this.pairs) await this.open(pair);
  }

  private async open(pair: Pair): Promise<void> {
    try {
      pair.url = (await pair.proxy.listen()).url;
    } catch (error) {
      if (!(error instanceof HopwiseError) || error.code !== "address-in-use") throw error;
      pair.proxy = this.make(pair.origin, 0);
      pair.url = (await pair.proxy.listen()).url;
    }
    this.ledger.watch(pair.proxy.gateway);
  }

  /** All of them at once. Calling it again gives the same. */
  drain(): Promise<DrainReport> {
    this.draining ??= this.drainAll();
    return this.draining;
  }

  private async drainAll(): Promise<DrainReport> {
    this.state = "draining";
    const reports = await Promise.all(this.pairs.map(({ proxy }) => proxy.close()));
    this.state = "drained";
    return { cut: reports.reduce((cut, report) => cut + report.cut, 0) };
  }

  /** New ones at the same places, once the drain is over. @param follow is told each new one before it listens */
  async startAgain(follow: (pair: Pair) => void): Promise<void> {
    await this.draining;
    if (this.state !== "drained") return;
    this.state = "serving";
    this.draining = undefined;
    for (const pair of this.pairs) {
      this.ledger.unwatch(pair.proxy.gateway);
      pair.proxy = this.make(pair.origin, Number(new URL(pair.url).port));
      follow(pair);
      await this.open(pair);
    }
  }

  /** As `/config` of one proxy would say it: what listens where, and what each origin is called. */
  get config(): object {
    const listeners = this.pairs.flatMap(({ url }) => (url === "" ? [] : [{ http: new URL(url).host }]));
    const groups = this.pairs.map(({ origin: { name, url } }) => [name, { to: [{ url, weight: 1 }] }] as const);
    const { configVersion: version, configuredAt_ms } = this.ledger;
    const since = new Date(configuredAt_ms).toISOString();
    return { version, since, latestFailure: null, config: { listeners, groups: Object.fromEntries(groups) } };
  }

  /** The figures of all of them, with each origin under its name: an address alone tells nobody which one it is. */
  get source(): FigureSource {
    const source = sourceOf(this.ledger);
    const names = new Map(this.pairs.map(({ origin: { name, url } }) => [url, name]));
    const named = (endpoint: EndpointFigures): EndpointFigures => {
      const group = names.get(endpoint.endpoint);
      return group === undefined ? endpoint : { ...endpoint, group };
    };
    return {
      get isDraining() {
        return source.isDraining;
      },
      figures: async () => {
        const figures = await source.figures();
        return { ...figures, endpoints: figures.endpoints.map(named) };
      },
    };
  }

  cut(): void {
    for (const { proxy } of this.pairs) proxy.cut();
  }
}
