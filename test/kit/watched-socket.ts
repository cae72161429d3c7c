/**
 * The proxy's end of a connection, watched: how many octets it has read, whether it saw the peer's close.
 *
 * A test that writes in pieces waits here until the proxy has read each of them, so every piece really is a segment of
 * its own, without sleeping. Deliberately absent: any change of what passes.
 */
import type { Address, Dialer, Socket, SocketHandler } from "../../src/net/ports.ts";
import type { Octets } from "../../src/wire/octets.ts";
import type { Bell } from "./bell.ts";

export class WatchedSocket implements Socket, SocketHandler {
  handler: SocketHandler;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readBytes = 0;
  sawEnd = false;
  isClosed = false;
  /** The proxy has closed its side, or all of it. */
  hasEnded = false;
  isPaused = false;
  /** The most octets that ever waited in the proxy for this peer to take them. */
  unsentBytesMax = 0;
  /** The proxy was asked to wait for its writes to leave. */
  isFull = false;
  private readonly inner: Socket;
  private readonly bell: Bell;

  constructor(inner: Socket, bell: Bell) {
    this.inner = inner;
    this.bell = bell;
    this.handler = inner.handler;
    this.remoteAddress = inner.remoteAddress;
    this.remotePort = inner.remotePort;
    this.localPort = inner.localPort;
    inner.handler = this;
  }

  /** Whether the proxy has read `count` octets, or reads no more, or not for now. */
  hasRead(count: number): boolean {
    return this.readBytes >= count || this.isPaused || this.isClosed;
  }

  /** Whether the proxy has noticed that its peer sends no more, or cannot notice for now. */
  hasNoticedEnd(): boolean {
    return this.sawEnd || this.isPaused || this.isClosed;
  }

  // What the socket says to the proxy.

  onData(octets: Octets): void {
    this.readBytes += octets.length;
    this.handler.onData(octets);
    this.bell.ring();
  }

  onEnd(): void {
    this.sawEnd = true;
    this.handler.onEnd();
    this.bell.ring();
  }

  onDrain(): void {
    this.isFull = false;
    this.handler.onDrain();
    this.bell.ring();
  }

  onClose(fault: string | undefined): void {
    this.isClosed = true;
    this.handler.onClose(fault);
    this.bell.ring();
  }

  // What the proxy asks of the socket.

  get unsentBytes(): number {
    return this.inner.unsentBytes;
  }

  tookSome(): boolean {
    return this.inner.tookSome();
  }

  write(data: string | Octets): boolean {
    const mayGoOn = this.inner.write(data);
    this.isFull = !mayGoOn;
    this.unsentBytesMax = Math.max(this.unsentBytesMax, this.inner.unsentBytes);
    if (this.isFull) this.bell.ring();
    return mayGoOn;
  }

  cork(): void {
    this.inner.cork();
  }

  uncork(): void {
    this.inner.uncork();
  }

  end(): void {
    this.hasEnded = true;
    this.inner.end();
  }

  reset(): void {
    this.hasEnded = true;
    this.inner.reset();
  }

  destroy(): void {
    this.hasEnded = true;
    this.inner.destroy();
  }

  pause(): void {
    this.isPaused = true;
    this.inner.pause();
    this.bell.ring();
  }

  resume(): void {
    this.isPaused = false;
    this.inner.resume();
  }
}

/** A dialer whose sockets are watched. */
export function watchedDialer(dialer: Dialer, bell: Bell, onDialed: (socket: WatchedSocket) => void): Dialer {
  return {
    dial: (address: Address, handler, client) =>
      dialer.dial(
        address,
        {
          onConnected: (socket) => {
            const watched = new WatchedSocket(socket, bell);
            onDialed(watched);
            handler.onConnected(watched);
          },
          onFailed: (fault) => handler.onFailed(fault),
        },
        client,
      ),
  };
}
