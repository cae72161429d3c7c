/**
 * hopwise itself among the actors: the real gateway, on whatever network is played on.
 *
 * What it decides by itself (why it closes, evicts, learns) becomes part of the play. Deliberately absent: any setting of
 * the lab's own; the defaults are those of the command line.
 */
import { readProxyOptions } from "../../config/options.ts";
import type { ProxyOptions } from "../../config/public-options.ts";
import type { ConnectionRecord } from "../../connection/connection-record.ts";
import type { ProxyObserver } from "../../exchange/observer.ts";
import { Gateway } from "../../gateway/gateway.ts";
import type { Clock, Dialer, Socket } from "../../net/ports.ts";

export interface HopwiseHooks {
  learned?(lifetime_ms: number): void;
}

export class HopwiseActor {
  readonly gateway: Gateway;
  private readonly records = new WeakMap<object, ConnectionRecord>();
  /** The socket that is being handed to the gateway: within that call it tells of the connection. */
  private arriving: Socket | undefined;

  constructor(
    ports: { readonly clock: Clock; readonly dialer: Dialer },
    options: ProxyOptions,
    hooks: HopwiseHooks = {},
  ) {
    const observer: ProxyObserver = {
      connectionOpened: (record) => {
        if (this.arriving !== undefined) this.records.set(this.arriving, record);
      },
      connectionClosed: () => {},
      connectionReused: () => {},
      reuseRefused: () => {},
      exchangeEnded: () => {},
      lifetimeLearned: (_endpoint, lifetime_ms) => {
        if (lifetime_ms !== undefined) hooks.learned?.(lifetime_ms);
      },
      endpointFailed: () => {},
      endpointRecovered: () => {},
      acceptFailed: () => {},
      internalError: () => {},
      hookFailed: () => {},
      drainBegan: () => {},
      drainEnded: () => {},
    };
    const dialer: Dialer = {
      dial: (address, handler, client) =>
        ports.dialer.dial(
          address,
          { ...handler, onConnected: (socket) => this.arrives(socket, () => handler.onConnected(socket)) },
          client,
        ),
    };
    const { clock } = ports;
    const { gateway } = readProxyOptions({ via: "hopwise", ...options });
    this.gateway = new Gateway(gateway, { clock, dialer, observer });
  }

  accept(socket: Socket): void {
    this.arrives(socket, () => this.gateway.accept(socket));
  }

  /** Its word for why it closes this connection. */
  reasonOf(socket: Socket): string | undefined {
    return this.records.get(socket)?.closeReason;
  }

  private arrives(socket: Socket, hand: () => void): void {
    this.arriving = socket;
    hand();
    this.arriving = undefined;
  }
}
