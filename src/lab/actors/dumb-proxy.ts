/**
 * The dumb proxy of the 1990s: a blind relay that does not know what `Connection` means.
 *
 * It opens a connection to the server for each client's connection, relays octets as they are, and knows only one end of a
 * response: the server closes. Until then what the client sends is none of its business. It is written to be exactly as
 * wrong as those were; on purpose there is no limit of time in it.
 */
import type { Address, Dialer, Socket, SocketHandler } from "../../net/ports.ts";
import type { Octets } from "../../wire/octets.ts";
import { RequestReader } from "./message-reader.ts";

export interface DumbProxyHooks {
  /** The client has sent something that nobody reads. */
  ignored?(octets: string): void;
}

export class DumbProxy {
  private readonly dialer: Dialer;
  private readonly upstream: Address;
  private readonly hooks: DumbProxyHooks;

  constructor(dialer: Dialer, upstream: Address, hooks: DumbProxyHooks = {}) {
    this.dialer = dialer;
    this.upstream = upstream;
    this.hooks = hooks;
  }

  accept(client: Socket): void {
    new DumbRelay(client, this.dialer, this.upstream, this.hooks);
  }
}

class DumbRelay implements SocketHandler {
  private readonly client: Socket;
  private readonly hooks: DumbProxyHooks;
  private server: Socket | undefined;
  private early: string[] = [];
  private hasWholeRequest = false;
  private readonly stopDialing: () => void;
  private readonly reader = new RequestReader({
    onMessage: () => this.onWholeRequest(),
    onFault: () => this.onWholeRequest(),
  });

  constructor(client: Socket, dialer: Dialer, upstream: Address, hooks: DumbProxyHooks) {
    this.client = client;
    this.hooks = hooks;
    client.handler = this;
    this.stopDialing = dialer.dial(upstream, {
      onConnected: (server) => this.onConnected(server),
      onFailed: () => client.destroy(),
    });
  }

  private onWholeRequest(): void {
    this.hasWholeRequest = true;
    this.reader.stop();
  }

  private onConnected(server: Socket): void {
    this.server = server;
    server.handler = {
      onData: (octets) => {
        if (!this.client.write(octets)) server.pause();
      },
      // The end of the response, as it knows it: now its work is done.
      onEnd: () => {
        server.end();
        this.client.end();
      },
      onDrain: () => this.client.resume(),
      onClose: (fault) => {
        if (fault !== undefined) this.client.destroy();
      },
    };
    for (const octets of this.early) server.write(octets);
    this.early = [];
  }

  onData(octets: Octets): void {
    if (this.hasWholeRequest) return this.hooks.ignored?.(octets.latin1Slice());
    this.reader.read(octets);
    if (this.server === undefined) this.early.push(octets.latin1Slice());
    else if (!this.server.write(octets)) this.client.pause();
  }

  onEnd(): void {
    if (this.hasWholeRequest) return;
    this.client.end();
    this.server?.destroy();
    this.stopDialing();
  }

  onDrain(): void {
    this.server?.resume();
  }

  onClose(): void {
    this.stopDialing();
    this.server?.destroy();
  }
}
