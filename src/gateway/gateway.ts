/**
 * The gateway: is given accepted connections (proxy/listeners.ts), makes a downstream.ts or http2-connection.ts of each, and drains
 * them. Where their requests go its routing says; as a forward proxy it is the same, but for that.
 *
 * The way of one request in HTTP/1: the client's socket (net/node-handles/handle-socket.ts), its connection (downstream.ts), its head
 * (wire/request-head.ts), whether it may be forwarded (exchange/admission.ts), what it begins (exchange/begin-exchange.ts), the exchange
 * (exchange/exchange.ts), the origin's side (http1/http1-origin-side.ts), which has routing name a pool (pool/pool.ts) and the pool find
 * a connection (pool/pooled-connection.ts). The response comes back by the same ones and leaves by http1/http1-client-side.ts and net/outbox.ts.
 *
 * Deliberately absent: flags and files (config), figures and logs (ledger).
 */

import type { CloseReason } from "../connection/reasons.ts";
import { ProxyContext } from "../exchange/context.ts";
import type { HookSettings } from "../exchange/hooks.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import { OuterRateStore, type SharedRateStore } from "../exchange/outer-rate-store.ts";
import type { RateStore } from "../exchange/rate-store.ts";
import { OwnOrigins, type Routing } from "../exchange/routing.ts";
import type { ForwardSettings, GatewaySettings } from "../exchange/settings.ts";
import { Workings } from "../exchange/workings.ts";
import { ByTarget } from "../forward/forward-routing.ts";
import { http1Checks } from "../http1/health-check.ts";
import { openHttp1Origin } from "../http1/http1-origin-side.ts";
import type { Clock, Dialer, Socket } from "../net/ports.ts";
import type { Names } from "../net/resolving.ts";
import { Sweeper } from "../net/sweeper.ts";
import { PoolDirectory } from "../pool/directory.ts";
import { plainGroup } from "../pool/group.ts";
import { OriginPools } from "../pool/origin-pools.ts";
import type { PoolLimits, PoolOptions } from "../pool/pool.ts";
import { ByRoute } from "../routes/by-route.ts";
import { RouteFinder } from "../routes/route-finder.ts";
import { ClientTable, DRAIN_IDLE_GRACE_MS } from "./client-table.ts";
import { DownstreamConnection } from "./downstream.ts";
import type { DrainReport } from "./drain-report.ts";
import { type Entrance, openEntrance } from "./entrance.ts";
import { ProxyHeaderWait } from "./proxy-header-wait.ts";
import type { TableClient } from "./table-client.ts";

/** Behind a drain's deadline: how long last answers may take to leave, and how long what was cut may take to be gone. */
export const LAST_WORDS_MS = 500;

export interface GatewayPorts {
  readonly clock: Clock;
  readonly dialer: Dialer;
  readonly observer: ProxyObserver;
  readonly hooks?: HookSettings | undefined;
  /** What names of endpoints mean, where groups have them looked up; nobody knows: absent. */
  readonly names?: Names | undefined;
  /** From 0 to 1, for what should not happen everywhere at once. */
  readonly random?: () => number;
  /** Connections are numbered from here on, and so are exchanges. Default: 1. */
  readonly firstId?: number;
  /** Where the tokens of rate limits are counted. Default: here. */
  readonly rateStore?: SharedRateStore | undefined;
}

type Pooling = Omit<PoolOptions, "group">;

/** Over the pools that there are, which are changed only once nothing can fail any more. @throws PatternError for routes that cannot be */
function ownRouting({ origins, routes }: GatewaySettings, pools: OriginPools, limits: PoolLimits): Routing {
  if (routes === undefined) return new OwnOrigins(pools, pools.update([plainGroup("", origins)], limits).get(""));
  const finder = new RouteFinder(routes.routes);
  return new ByRoute(finder, pools, pools.update(routes.groups, limits));
}

function ratesOf({ rateStore, clock, observer }: GatewayPorts): RateStore | undefined {
  if (rateStore === undefined) return undefined;
  return new OuterRateStore(rateStore, clock, (fault) => observer.hookFailed("rateStore", fault));
}

function limitsIn(settings: GatewaySettings): PoolLimits {
  return {
    size: settings.poolSize,
    idleLimit_ms: settings.poolIdleTimeout_ms,
    maxAge_ms: settings.poolMaxAge_ms,
    connectTimeout_ms: settings.connectTimeout_ms,
  };
}

function clientsRouting(forward: ForwardSettings, pooling: Pooling): Routing {
  const { originsMax: poolsMax, idleMax } = forward;
  return new ByTarget(new PoolDirectory({ ...pooling, poolsMax, idleMax }), forward);
}

export class Gateway {
  /** A forward proxy has none: its clients name its origins. */
  private readonly pools: OriginPools | undefined;
  readonly clients: ClientTable;
  private readonly ports: GatewayPorts;
  private nextId: number;
  private drained: (() => void) | undefined;
  private isDrainAnnounced = false;
  /** Connections that others have not been told of: it is not known yet whose they are. */
  private readonly unnamed = new Set<TableClient>();
  /** Exchanges and tunnels that somebody cut who did not wait for the drain. */
  private cutEarly = 0;

  constructor(settings: GatewaySettings, ports: GatewayPorts) {
    this.ports = ports;
    this.nextId = ports.firstId ?? 1;
    const deadlines = new Sweeper(ports.clock);
    const pooling: Pooling = {
      ...limitsIn(settings),
      dialer: ports.dialer,
      clock: ports.clock,
      deadlines,
      observer: ports.observer,
      nextId: () => this.newId(),
      check: http1Checks({
        ...{ clock: ports.clock, dialer: ports.dialer, limits: settings },
        internalError: (fault) => ports.observer.internalError(fault),
      }),
      random: ports.random ?? Math.random,
    };
    const { forward } = settings;
    this.pools = forward === undefined ? new OriginPools({ ...pooling, names: ports.names }) : undefined;
    const { clock, observer, hooks } = ports;
    const workings = new Workings(clock, deadlines, observer, openHttp1Origin, ports.firstId, ratesOf(ports));
    const routing = forward === undefined ? this.ownRouting(settings) : clientsRouting(forward, pooling);
    const context = new ProxyContext({ settings, routing, hooks }, workings);
    this.clients = new ClientTable(context, (connection) => {
      if (this.unnamed.size > 0) this.tellOpened(connection);
      ports.observer.connectionClosed(connection.record);
      this.checkDrained();
    });
  }

  /** The plan for what begins from now on. */
  get context(): ProxyContext {
    return this.clients.context;
  }

  get isDraining(): boolean {
    return this.isDrainAnnounced || this.clients.isDraining;
  }

  /** Begins what goes on by itself: health checks. They end with the drain. */
  start(): void {
    if (!this.isDraining) this.routing.start?.();
  }

  /** The number of another connection: over both hops each has its own. */
  newId(): number {
    return this.nextId++;
  }

  /** @throws PatternError for routes that cannot be; then nothing has changed */
  private ownRouting(settings: GatewaySettings): Routing {
    const { pools } = this;
    if (pools === undefined) throw new Error("a forward proxy has no origins of its own");
    return ownRouting(settings, pools, limitsIn(settings));
  }

  /** Where requests go from now on. */
  get routing(): Routing {
    return this.context.routing;
  }

  /**
   * Goes on with other settings: for what begins from now on, while what has begun goes on as it began. Connections to endpoints that
   * are named still are kept, with what is known of them; the others drain.
   *
   * @throws PatternError for routes that cannot be; then nothing has changed
   */
  reload(settings: GatewaySettings, hooks?: HookSettings): void {
    if (this.clients.isDraining) throw new Error("it drains, and what drains is given nothing new");
    const routing = this.ownRouting(settings);
    const { workings } = this.context;
    this.clients.plan(new ProxyContext({ settings, routing, hooks }, workings));
    workings.notePlan();
    for (const connection of this.clients.connections) {
      connection.isTrusted = settings.isTrusted(connection.socket.remoteAddress);
    }
  }

  /** Nobody can come in there any more: who did is served on, and told to come back elsewhere. */
  closeEntrance(entrance: Entrance): void {
    entrance.isClosed = true;
    for (const connection of this.clients.connections)
      if (connection.leaving === "listener-left") connection.announceLeave();
    this.ports.clock.after(DRAIN_IDLE_GRACE_MS, () => {
      this.finish("listener-left", ({ leaving }) => leaving === "listener-left");
    });
  }

  /** Takes a client's connection. @param cameBy where it came in */
  accept(socket: Socket, cameBy: Entrance = openEntrance): void {
    if (cameBy.redirectPort !== undefined) socket.redirectPort = cameBy.redirectPort;
    const { clients } = this;
    clients.makeRoom(this.ports.clock.now());
    const { isFull, isOverfull } = clients;
    const connection = new DownstreamConnection(this.newId(), socket, clients, cameBy);
    connection.isSurplus = isFull;
    clients.add(connection);
    if (!isOverfull && cameBy.isBalancer?.(socket.remoteAddress)) this.awaitName(connection);
    else this.ports.observer.connectionOpened(connection.record);
    // Not even room to hear the request.
    if (isOverfull) connection.refuse("overloaded", "overloaded");
  }

  /** Whose the connection is comes first. */
  private awaitName(connection: DownstreamConnection): void {
    this.unnamed.add(connection);
    new ProxyHeaderWait(connection, () => this.tellOpened(connection));
  }

  private tellOpened(connection: TableClient): void {
    if (this.unnamed.delete(connection)) this.ports.observer.connectionOpened(connection.record);
  }

  /** A connection could not be accepted; where it is for want of file descriptors, others give way. */
  onAcceptFault(fault: string): void {
    this.ports.observer.acceptFailed(fault);
    if (fault === "EMFILE" || fault === "ENFILE") this.clients.shrink(this.ports.clock.now());
  }

  /**
   * Finishes what is in flight, starts nothing new; to be called when nobody can connect any more. Idle clients get a
   * moment to be heard once more, tunnels and exchanges get `grace_ms`. Then who waits for a response is told that there will
   * be none, for `LAST_WORDS_MS`, and everything else is cut.
   *
   * @param cutBefore what of this drain was cut elsewhere
   */
  drain(grace_ms: number, cutBefore = 0): Promise<DrainReport> {
    const { clients, ports } = this;
    const { clock, observer } = ports;
    return new Promise((resolve) => {
      const ended = new Set<TableClient>();
      let cut = 0;
      const cutTheRest = () => {
        // Who has not taken all of a response by now loses the rest, though its exchange is over.
        for (const connection of clients.connections) if (connection.socket.unsentBytes > 0) ended.add(connection);
        // No client may be left, and an origin not have taken the rest of a tunnel.
        cut = ended.size + this.cut();
        // Every connection tells that it is gone, and is logged, before the drain is over.
        stopDeadline = clock.after(LAST_WORDS_MS, () => this.drained?.());
        this.checkDrained();
      };
      let stopDeadline = clock.after(grace_ms, () => {
        clients.isPastDeadline = true;
        for (const connection of [...clients.connections]) if (connection.onDrainDeadline()) ended.add(connection);
        cut = ended.size;
        if (clients.connections.size === 0) return cutTheRest();
        stopDeadline = clock.after(LAST_WORDS_MS, cutTheRest);
      });
      const stopIdle = clock.after(Math.min(DRAIN_IDLE_GRACE_MS, grace_ms), () => this.finish("drained"));
      this.drained = () => {
        this.drained = undefined;
        stopIdle();
        // Its deadline runs on: what closes towards origins has the same.
        this.routing.drain(() => {
          stopDeadline();
          const all = cut + this.cutEarly + cutBefore;
          observer.drainEnded(all);
          resolve({ cut: all });
        });
      };
      this.checkDrained();
    });
  }

  /** Readiness turns false; everybody is served as before. */
  announceDrain(): void {
    if (this.isDraining) return;
    this.isDrainAnnounced = true;
    this.ports.observer.drainBegan();
  }

  /** From now on responses say `close`; connections are still served. */
  beginDrain(): void {
    this.announceDrain();
    this.clients.isDraining = true;
    for (const connection of this.clients.connections) connection.announceLeave();
  }

  /** Ends all clients' connections, and all tunnels, before it returns. @returns how many origins are not sent the rest of one */
  cut(): number {
    for (const connection of [...this.clients.connections]) connection.cut();
    return this.routing.endpoints.reduce((unsent, endpoint) => unsent + endpoint.cut(), 0);
  }

  /** The same for somebody who does not wait for the end of a drain: what was in progress counts as cut by it. */
  cutNow(): void {
    const { connections } = this.clients;
    const isBusy = ({ record: { state } }: TableClient) => state === "active" || state === "tunnel";
    if (this.isDraining) this.cutEarly += [...connections].filter(isBusy).length;
    this.cut();
  }

  private finish(reason: CloseReason, concerns = (_: TableClient) => true): void {
    for (const connection of [...this.clients.connections]) if (concerns(connection)) connection.finish(reason);
  }

  private checkDrained(): void {
    if (this.drained === undefined || this.clients.connections.size > 0) return;
    this.drained();
  }
}
