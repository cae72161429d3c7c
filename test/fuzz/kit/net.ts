/**
 * Sockets and dialing in memory: tests say what the peer does, and see what our side did.
 *
 * As the ports demand, a handler is never called from within a call to the port: what a socket has to say waits until
 * `settle`. Deliberately absent: a network between two of them.
 */
import type { Address, Dialer, DialHandler, DialStage, GiveUp, Socket, SocketHandler } from "../../../src/net/ports.ts";
import type { Octets } from "../../../src/wire/octets.ts";
import { octets } from "./octets.ts";

const nobody: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** What is yet to be said, in order. */
export class Later {
  private readonly queue: (() => void)[] = [];

  push(say: () => void): void {
    this.queue.push(say);
  }

  settle(): void {
    for (let say = this.queue.shift(); say !== undefined; say = this.queue.shift()) say();
  }
}

export class FakeSocket implements Socket {
  handler: SocketHandler = nobody;
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort = 80;
  readonly localPort = 50_000;
  unsentBytes = 0;
  /** What the next writes return. */
  takesMore = true;
  /** Whether the system took some since it was asked last. */
  hasTaken = false;
  /** One entry a write to the system; what is corked is one. */
  readonly writes: string[] = [];
  /** What our side did, other than writing. */
  readonly acts: ("cork" | "uncork" | "end" | "reset" | "destroy" | "pause" | "resume")[] = [];
  isClosed = false;
  private corked: string[] | undefined;
  private readonly later: Later;

  constructor(later: Later = new Later()) {
    this.later = later;
  }

  tookSome(): boolean {
    const took = this.hasTaken;
    this.hasTaken = false;
    return took;
  }

  write(data: string | Octets): boolean {
    const text = typeof data === "string" ? data : data.latin1Slice();
    if (this.corked === undefined) this.writes.push(text);
    else this.corked.push(text);
    return this.takesMore;
  }

  cork(): void {
    this.acts.push("cork");
    this.corked = [];
  }

  uncork(): void {
    this.acts.push("uncork");
    this.writes.push((this.corked ?? []).join(""));
    this.corked = undefined;
  }

  end(): void {
    this.acts.push("end");
  }

  reset(): void {
    this.acts.push("reset");
    this.closeLater(undefined);
  }

  destroy(): void {
    this.acts.push("destroy");
    this.closeLater(undefined);
  }

  pause(): void {
    this.acts.push("pause");
  }

  resume(): void {
    this.acts.push("resume");
  }

  // What the peer does.

  sends(text: string): void {
    if (!this.isClosed) this.handler.onData(octets(text));
  }

  /** FIN. */
  closesItsSide(): void {
    if (!this.isClosed) this.handler.onEnd();
  }

  /** RST, or another fault of the transport. */
  fails(code = "ECONNRESET"): void {
    this.closeLater(code);
    this.later.settle();
  }

  private closeLater(fault: string | undefined): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.later.push(() => this.handler.onClose(fault));
  }
}

interface Dial {
  readonly address: Address;
  readonly handler: DialHandler;
}

export class FakeDialer implements Dialer {
  /** Every dial so far, as `host:port`. */
  readonly dialed: string[] = [];
  /** Every socket that was opened. */
  readonly sockets: FakeSocket[] = [];
  /** On whose behalf each was. */
  readonly clients: string[] = [];
  /** What a dial that is given up has waited for. */
  waitsFor: DialStage = "connection";
  private readonly pending: Dial[] = [];
  private readonly later: Later;

  constructor(later: Later) {
    this.later = later;
  }

  dial(address: Address, handler: DialHandler, client = ""): GiveUp {
    const dial = { address, handler };
    this.dialed.push(address.kind === "tcp" ? `${address.host}:${address.port}` : address.path);
    this.clients.push(client);
    this.pending.push(dial);
    return () => {
      const index = this.pending.indexOf(dial);
      if (index >= 0) this.pending.splice(index, 1);
      return this.waitsFor;
    };
  }

  get pendingCount(): number {
    return this.pending.length;
  }

  /** The oldest pending dial succeeds. */
  connects(): FakeSocket {
    const socket = new FakeSocket(this.later);
    this.sockets.push(socket);
    this.take().handler.onConnected(socket);
    this.later.settle();
    return socket;
  }

  /** The address of the oldest pending dial has answered, and its TLS handshake begins. */
  reaches(): void {
    this.pending[0]?.handler.onReached?.();
  }

  /** The oldest pending dial fails. */
  refuses(fault = "ECONNREFUSED"): void {
    this.take().handler.onFailed(fault);
    this.later.settle();
  }

  private take(): Dial {
    const dial = this.pending.shift();
    if (dial === undefined) throw new Error("nothing is being dialed");
    return dial;
  }
}
