/**
 * hopwise itself among the actors: the real gateway, on whatever network is played on.
 *
 * What it decides by itself (why it closes, evicts, learns) becomes part of the play. Deliberately absent: any setting of
 * the lab's own; the defaults are those of the command line.
 */
import { readProxyOptions } from "../../config/options.ts";
import type { ProxyOptions } from "../../config/public-options.ts";
import type { Life } from "../../connection/life.ts";
import type { ProxyObserver } from "../../exchange/observer.ts";
import { Gateway } from "../../gateway/gateway.ts";
import type { Clock, Dialer, Socket } from "../../net/ports.ts";

export interface HopwiseHooks {
  learned?(lifetime_ms: number): void;
}

type Owner = { readonly socket: object; readonly life: Life };

export class HopwiseActor {
  readonly gateway: Gateway;
  private readonly lives = new WeakMap<object, Life>();

  constructor(
    ports: { readonly clock: Clock; readonly dialer: Dialer },
    options: ProxyOptions,
    hooks: HopwiseHooks = {},
  ) {
    const observer: ProxyObserver = {
      downstreamOpened: (connection) => this.watch(connection),
      upstreamOpened: (connection) => this.watch(connection),
      downstreamClosed: () => {},
      upstreamClosed: () => {},
      upstreamReused: () => {},
      reuseRefused: () => {},
      exchangeEnded: () => {},
      lifetimeLearned: ({ lifetime }) => {
        if (lifetime.estimate_ms !== undefined) hooks.learned?.(lifetime.estimate_ms);
      },
      endpointFailed: () => {},
      endpointRecovered: () => {},
      acceptFailed: () => {},
      internalError: () => {},
      hookFailed: () => {},
      drainBegan: () => {},
      drainEnded: () => {},
    };
    this.gateway = new Gateway(readProxyOptions({ via: "hopwise", ...options }).gateway, { ...ports, observer });
  }

  accept(socket: Socket): void {
    this.gateway.accept(socket);
  }

  /** Its word for why it closes this connection. */
  reasonOf(socket: Socket): string | undefined {
    return this.lives.get(socket)?.closeReason;
  }

  private watch({ socket, life }: Owner): void {
    this.lives.set(socket, life);
  }
}
