/**
 * What is used of Bun's own sockets, and whether this runtime has them.
 *
 * Declared here, since the type definitions of Bun would redefine those of Node for all files. As documented by Bun 1.4,
 * and where it documents nothing, as observed (test/runtimes/port.test.ts).
 */
import type { Octets } from "../wire/octets.ts";

export interface BunRawSocket<Data> {
  /** What belongs to it: one slot, of whatever kind. */
  data: Data;
  /** The number of its file descriptor: the lowest that was free. */
  readonly fd: number;
  /** Undefined on Unix sockets, and when it is closed. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localPort: number | undefined;
  /** Returns how many octets the system took; if not all, `drain` follows. Negative: it takes no more, ever. */
  write(octets: Uint8Array): number;
  /** Without an encoding a text is written as UTF-8. */
  write(text: string, encoding?: "latin1"): number;
  /** FIN; reading goes on. When the peer's FIN comes, or came before, `close` follows without `end`. */
  shutdown(): void;
  /** Closes the descriptor. Calls `close` before it returns. */
  close(): void;
  /** The same with RST, where there is such a thing. */
  terminate(): void;
  pause(): void;
  resume(): void;
  /** SO_KEEPALIVE. */
  setKeepAlive(isOn: boolean, initialDelay_ms: number): boolean;
}

export interface BunEvents<Data> {
  open?(socket: BunRawSocket<Data>): void;
  /** `octets` lie in memory of their own. */
  data(socket: BunRawSocket<Data>, octets: Octets): void;
  end(socket: BunRawSocket<Data>): void;
  /** `error`: what the system said while reading; none: closed by us, or FIN from both sides. */
  close(socket: BunRawSocket<Data>, error: NodeJS.ErrnoException | undefined): void;
  /** It can be written to, again or still: Bun says so unasked, too. */
  drain(socket: BunRawSocket<Data>): void;
  connectError?(socket: BunRawSocket<Data>, error: NodeJS.ErrnoException): void;
  readonly binaryType: "buffer";
}

interface SocketOptions<Data> {
  readonly socket: BunEvents<Data>;
  readonly data: Data;
  readonly allowHalfOpen: true;
}

interface TcpPlace {
  readonly hostname: string;
  readonly port: number;
}

export interface BunListener {
  readonly port: number;
  /** Accepts no more; open connections stay. */
  stop(): void;
}

export interface BunApi {
  /** @throws the system's error */
  listen<Data>(
    options: SocketOptions<Data> & TcpPlace & { readonly reusePort: boolean; readonly ipv6Only: boolean },
  ): BunListener;
  /** Settles the promise after `open` or `connectError`, either of which it may call before it returns. */
  connect<Data>(options: SocketOptions<Data> & (TcpPlace | { readonly unix: string })): Promise<unknown>;
}

/** Bun's sockets; on another runtime: undefined. */
export const bun: BunApi | undefined = (globalThis as { readonly Bun?: BunApi }).Bun;
