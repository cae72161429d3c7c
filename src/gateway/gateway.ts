/**
 * The gateway: listens for clients, forwards to one origin, drains. As a forward proxy it is the same, but for its routing.
 *
 * A way through, without back and forth: listener, client's connection (downstream.ts), exchange (exchange/exchange.ts), origin side
 * (http1/http1-origin-side.ts), pool, origin's connection, and back to the client's. Deliberately absent: flags and files (config), figures and logs (ledger).
 */

import { ProxyContext } from "../exchange/context.ts";
import type { HookSettings } from "../exchange/hooks.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import { OneOrigin, type Routing } from "../exchange/routing.ts";
import type { GatewaySettings } from "../exchange/settings.ts";
import { ByTarget } from "../forward/forward-routing.ts";
import { openHttp1Origin } from "../http1/http1-origin-side.ts";
import type { Clock, Dialer, Socket } from "../net/ports.ts";
import { Sweeper } from "../net/sweeper.ts";
import { PoolDirectory } from "../pool/directory.ts";
import { Pool, type PoolOptions } from "../pool/pool.ts";
import { ClientTable, DRAIN_IDLE_GRACE_MS } from "./client-table.ts";
import { DownstreamConnection } from "./downstream.ts";
import type { DrainReport } from "./drain-report.ts";

/** Behind a drain's deadline: how long last answers may take to leave, and how long what was cut may take to be gone. */
export const LAST_WORDS_MS = 500;

/** Origins with a pool at once that an application chooses in `onRequest`: tenants of a large site; the rest come and go. */
const CHOSEN_ORIGINS_MAX = 1_024;
/** Idle connections to all of them. */
const CHOSEN_IDLE_MAX = 1_024;

export interface GatewayPorts {
  readonly clock: Clock;
  readonly dialer: Dialer;
  readonly observer: ProxyObserver;
  readonly hooks?: HookSettings | undefined;
  /** Connections are numbered from here on. Default: 1. */
  readonly firstConnectionId?: number;
}

function routingFor({ forward, origins }: GatewaySettings, pooling: Omit<PoolOptions, "origins">): Routing {
  if (forward === undefined) {
    const chosen = { poolsMax: CHOSEN_ORIGINS_MAX, idleMax: CHOSEN_IDLE_MAX };
    return new OneOrigin(new Pool({ ...pooling, origins }), () => new PoolDirectory({ ...pooling, ...chosen }));
  }
  const { originsMax: poolsMax, idleMax } = forward;
  return new ByTarget(new PoolDirectory({ ...pooling, poolsMax, idleMax }), forward);
}

export class Gateway {
  readonly routing: Routing;
  readonly clients: ClientTable;
  readonly context: ProxyContext;
  private readonly ports: GatewayPorts;
  private nextId: number;
  private drained: (() => void) | undefined;
  private isDrainAnnounced = false;
  /** Exchanges and tunnels that somebody cut who did not wait for the drain. */
  private cutEarly = 0;

  constructor(settings: GatewaySettings, ports: GatewayPorts) {
    this.ports = ports;
    this.nextId = ports.firstConnectionId ?? 1;
    const deadlines = new Sweeper(ports.clock);
    const pooling = {
      size: settings.poolSize,
      idleLimit_ms: settings.poolIdleTimeout_ms,
      maxAge_ms: settings.poolMaxAge_ms,
      connectTimeout_ms: settings.connectTimeout_ms,
      dialer: ports.dialer,
      clock: ports.clock,
      deadlines,
      observer: ports.observer,
      nextId: () => this.newId(),
    };
    this.routing = routingFor(settings, pooling);
    this.context = new ProxyContext(
      settings,
      this.routing,
      ports.clock,
      deadlines,
      ports.observer,
      openHttp1Origin,
      ports.hooks,
    );
    this.clients = new ClientTable(settings.maxConnections, settings.keepAliveTimeout_ms, (connection) => {
      ports.observer.downstreamClosed(connection);
      this.checkDrained();
    });
  }

  get isDraining(): boolean {
    return this.isDrainAnnounced || this.clients.isDraining;
  }

  /** The number of another connection: over both hops each has its own. */
  newId(): number {
    return this.nextId++;
  }

  /** Takes a client's connection. */
  accept(socket: Socket): void {
    const { clients } = this;
    clients.makeRoom(this.ports.clock.now());
    const { isFull, isOverfull } = clients;
    const connection = new DownstreamConnection(this.newId(), socket, this.context, clients);
    connection.isSurplus = isFull;
    clients.add(connection);
    this.ports.observer.downstreamOpened(connection);
    // Not even room to hear the request.
    if (isOverfull) connection.refuse("overloaded", "overloaded");
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
    const { clients, ports, routing } = this;
    const { clock, observer } = ports;
    return new Promise((resolve) => {
      const ended = new Set<DownstreamConnection>();
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
        for (const connection of [...clients.connections]) if (connection.onDrainDeadline()) ended.add(connection);
        cut = ended.size;
        if (clients.connections.size === 0) return cutTheRest();
        stopDeadline = clock.after(LAST_WORDS_MS, cutTheRest);
      });
      const stopIdle = clock.after(Math.min(DRAIN_IDLE_GRACE_MS, grace_ms), () => this.closeIdle());
      this.drained = () => {
        this.drained = undefined;
        stopIdle();
        // Its deadline runs on: what closes towards origins has the same.
        routing.drain(() => {
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
  }

  /** Ends all clients' connections, and all tunnels, before it returns. @returns how many origins are not sent the rest of one */
  cut(): number {
    for (const connection of [...this.clients.connections]) connection.cut();
    return this.routing.endpoints.reduce((unsent, endpoint) => unsent + endpoint.cut(), 0);
  }

  /** The same for somebody who does not wait for the end of a drain: what was in progress counts as cut by it. */
  cutNow(): void {
    const { connections } = this.clients;
    const isBusy = ({ life: { state } }: DownstreamConnection) => state === "active" || state === "tunnel";
    if (this.isDraining) this.cutEarly += [...connections].filter(isBusy).length;
    this.cut();
  }

  private closeIdle(): void {
    for (const node of this.clients.idle) node.owner.close("drained");
    for (const node of this.clients.reading) if (node.owner.life.state === "idle") node.owner.close("drained");
  }

  private checkDrained(): void {
    if (this.drained === undefined || this.clients.connections.size > 0) return;
    this.drained();
  }
}
