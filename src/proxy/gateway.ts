/**
 * The gateway: listens for clients, forwards to one origin, drains. As a forward proxy it is the same, but for its routing.
 *
 * A way through, without back and forth: listener, client connection, exchange, pool, origin connection, exchange, client
 * connection. Deliberately absent: flags and files (config), figures and logs (ledger).
 */

import type { Clock, Dialer, Socket } from "../net/ports.ts";
import { Sweeper } from "../net/sweeper.ts";
import { PoolDirectory } from "../pool/directory.ts";
import { Pool, type PoolOptions } from "../pool/pool.ts";
import { ClientTable } from "./client-table.ts";
import { ProxyContext } from "./context.ts";
import { DownstreamConnection, DRAIN_IDLE_GRACE_MS } from "./downstream.ts";
import { ByTarget } from "./forward-routing.ts";
import type { ProxyObserver } from "./observer.ts";
import { OneOrigin, type Routing } from "./routing.ts";
import type { GatewaySettings } from "./settings.ts";

export interface GatewayPorts {
  readonly clock: Clock;
  readonly dialer: Dialer;
  readonly observer: ProxyObserver;
  /** Connections are numbered from here on. Default: 1. */
  readonly firstConnectionId?: number;
}

export interface DrainReport {
  /** Exchanges and tunnels that were cut at the deadline. */
  readonly cut: number;
}

function routingFor({ forward, origins }: GatewaySettings, pooling: Omit<PoolOptions, "origins">): Routing {
  if (forward === undefined) return new OneOrigin(new Pool({ ...pooling, origins }));
  const { originsMax: poolsMax, idleMax, mayConnectTo } = forward;
  return new ByTarget(new PoolDirectory({ ...pooling, poolsMax, idleMax }), mayConnectTo);
}

export class Gateway {
  readonly routing: Routing;
  readonly clients: ClientTable;
  readonly context: ProxyContext;
  private readonly ports: GatewayPorts;
  private nextId: number;
  private drained: (() => void) | undefined;
  private isDrainAnnounced = false;

  constructor(settings: GatewaySettings, ports: GatewayPorts) {
    this.ports = ports;
    this.nextId = ports.firstConnectionId ?? 1;
    const deadlines = new Sweeper(ports.clock);
    const pooling = {
      size: settings.poolSize,
      idleLimit_ms: settings.poolIdleTimeout_ms,
      connectTimeout_ms: settings.connectTimeout_ms,
      dialer: ports.dialer,
      clock: ports.clock,
      deadlines,
      observer: ports.observer,
      nextId: () => this.nextId++,
    };
    this.routing = routingFor(settings, pooling);
    this.context = new ProxyContext(settings, this.routing, ports.clock, deadlines, ports.observer);
    this.clients = new ClientTable(settings.maxConnections, settings.keepAliveTimeout_ms, (connection) => {
      ports.observer.downstreamClosed(connection);
      this.checkDrained();
    });
  }

  get isDraining(): boolean {
    return this.isDrainAnnounced || this.clients.isDraining;
  }

  /** Takes a client's connection. */
  accept(socket: Socket): void {
    const { clients } = this;
    clients.makeRoom(this.ports.clock.now());
    const { isFull, isOverfull } = clients;
    const connection = new DownstreamConnection(this.nextId++, socket, this.context, clients);
    connection.isSurplus = isFull;
    clients.add(connection);
    this.ports.observer.downstreamOpened(connection);
    // Not even room to hear the request.
    if (isOverfull) connection.refuse("overloaded", "overloaded");
  }

  /** A connection could not be accepted; where it is for want of file descriptors, others give way. */
  onAcceptFault(fault: string): void {
    this.ports.observer.acceptFailed(fault);
    if (fault === "EMFILE" || fault === "ENFILE") this.clients.shrink();
  }

  /**
   * Finishes what is in flight, starts nothing new; to be called when nobody can connect any more. Idle clients get a
   * moment to be heard once more, tunnels and exchanges get `grace_ms`.
   */
  drain(grace_ms: number): Promise<DrainReport> {
    const { clients, ports, routing } = this;
    const { clock, observer } = ports;
    return new Promise((resolve) => {
      const done = (cut: number) => {
        stopIdle();
        stopAll();
        routing.drain(() => {
          observer.drainEnded(cut);
          resolve({ cut });
        });
      };
      const stopIdle = clock.after(Math.min(DRAIN_IDLE_GRACE_MS, grace_ms), () => this.closeIdle());
      const stopAll = clock.after(grace_ms, () => {
        this.drained = undefined;
        let cut = 0;
        for (const connection of [...clients.connections]) if (connection.cut()) cut++;
        done(cut);
      });
      this.drained = () => done(0);
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

  private closeIdle(): void {
    for (const node of this.clients.idle) node.owner.close("drained");
    for (const node of this.clients.reading) if (node.owner.life.state === "idle") node.owner.close("drained");
  }

  private checkDrained(): void {
    if (this.drained === undefined || this.clients.connections.size > 0) return;
    const { drained } = this;
    this.drained = undefined;
    drained();
  }
}
