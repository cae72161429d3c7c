/**
 * One process accepts, and hands each connection to a worker, in turn.
 *
 * Persistent connections stay where they were first put, so what counts is that each worker gets as many as the others:
 * workers that accept from one shared listener divide 64 connections that come together into 15 and 49. Handing one over
 * costs about 0.1 ms of processor time, once in its life. It is closed here when it has been sent; what a worker that is
 * gone was not sent goes to the others. Deliberately absent: knowing what becomes of a connection.
 */
import { createServer, type Server } from "node:net";
import { BACKLOG, INHERITED_BACKLOG } from "../net/node/node-listener.ts";
import { acceptHandles, keepAccepted, type SocketHandle } from "../net/node-handles/accepting.ts";

/** Connections that wait while no worker is there; as many as the system lets wait. */
const WAITING_MAX = BACKLOG;
/**
 * Connections that the runtime has in hand for one worker. It sends one when the one before was received, and until then nothing else that
 * is said to that worker: a reload would wait behind all clients that a worker is too busy to take.
 */
const IN_HAND_MAX = 2;

export type ListenPlace =
  | { readonly host: string; readonly port: number; readonly ipv6Only?: boolean }
  | { readonly fd: number };

/** A worker, as far as it takes connections. */
export interface Taker {
  /** Sends a connection. `done`: it was sent, or it could not be. */
  take(handle: SocketHandle, done: (error: Error | null) => void): void;
}

export class Dispatcher {
  readonly address: { readonly host: string; readonly port: number };
  private readonly server: Server;
  /** Each with the connections that are not sent yet: the runtime sends the next when the last was received. */
  private readonly takers = new Map<Taker, Set<SocketHandle>>();
  /** Those that are given nothing for now. */
  private readonly suspended = new Map<Taker, Set<SocketHandle>>();
  private readonly waiting: SocketHandle[] = [];
  private isClosed = false;

  private constructor(server: Server, onFault: (code: string) => void) {
    this.server = server;
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("a TCP listener has an address");
    this.address = { host: bound.address, port: bound.port };
    server.on("error", (error: NodeJS.ErrnoException) => onFault(error.code ?? error.message));
    keepAccepted(server);
    if (!acceptHandles(server, (handle) => this.give(handle), onFault)) throw new Error("see canHandOver");
  }

  /** Listens, at an address or on a socket that this process was given. @throws the system's error */
  static listen(where: ListenPlace, onFault: (code: string) => void): Promise<Dispatcher> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ ...where, backlog: "fd" in where ? INHERITED_BACKLOG : BACKLOG }, () => {
        server.removeListener("error", reject);
        resolve(new Dispatcher(server, onFault));
      });
    });
  }

  /** Connections that were accepted, and not sent to anybody yet. */
  get unsent(): number {
    const inHand = [...this.takers.values(), ...this.suspended.values()];
    return inHand.reduce((sum, { size }) => sum + size, this.waiting.length);
  }

  add(taker: Taker): void {
    this.include(taker, new Set());
  }

  /** It is given nothing more for now. What waits to be sent to it waits on: the runtime has it in hand, and may send it. */
  suspend(taker: Taker): void {
    const unsent = this.takers.get(taker);
    if (unsent === undefined) return;
    this.takers.delete(taker);
    this.suspended.set(taker, unsent);
  }

  resume(taker: Taker): void {
    const unsent = this.suspended.get(taker);
    if (unsent === undefined) return;
    this.suspended.delete(taker);
    this.include(taker, unsent);
  }

  private include(taker: Taker, unsent: Set<SocketHandle>): void {
    this.takers.set(taker, unsent);
    for (const handle of this.waiting.splice(0)) this.give(handle);
  }

  /** It takes no more; what it was not sent yet goes to the others. */
  remove(taker: Taker): void {
    const unsent = this.takers.get(taker) ?? this.suspended.get(taker) ?? [];
    this.takers.delete(taker);
    this.suspended.delete(taker);
    for (const handle of unsent) this.give(handle);
  }

  /** Accepts no more. What was accepted is still handed over. */
  close(): void {
    this.isClosed = true;
    this.server.close();
    const waiting = this.waiting.splice(0);
    if (this.takers.size === 0) for (const handle of waiting) handle.close();
    // Now, in front of the word that nobody comes any more.
    else for (const handle of waiting) this.give(handle);
  }

  private give(handle: SocketHandle): void {
    const [taker, unsent] = this.next() ?? [];
    if (taker === undefined || unsent === undefined) {
      if (this.isClosed || this.waiting.length >= WAITING_MAX) handle.close();
      else this.waiting.push(handle);
      return;
    }
    if (unsent.size >= IN_HAND_MAX && !this.isClosed) {
      this.waiting.push(handle);
      return;
    }
    unsent.add(handle);
    taker.take(handle, (error) => {
      // Otherwise it was taken away meanwhile.
      if (!unsent.delete(handle)) return;
      if (error === null) {
        handle.close();
        return this.giveNext();
      }
      // It is gone, and this is heard of before its end is: asking it again would fail again.
      this.remove(taker);
      this.give(handle);
    });
  }

  /** One that waited for a worker to have taken another. */
  private giveNext(): void {
    const next = this.waiting.shift();
    if (next !== undefined) this.give(next);
  }

  /** Whoever waits for least; among those who wait for the same, in turn. */
  private next(): [Taker, Set<SocketHandle>] | undefined {
    let best: [Taker, Set<SocketHandle>] | undefined;
    for (const entry of this.takers) if (best === undefined || entry[1].size < best[1].size) best = entry;
    if (best === undefined) return undefined;
    this.takers.delete(best[0]);
    this.takers.set(best[0], best[1]);
    return best;
  }
}
