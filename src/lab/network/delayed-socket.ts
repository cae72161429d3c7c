/**
 * A real socket at the end of a longer wire: what is written leaves at once and reaches the system half a round trip later.
 *
 * Towards a foreign neighbour, which delays nothing itself, what arrives is held for half a round trip, too. FIN and RST
 * travel in their order like octets do. Deliberately absent: bandwidth and loss.
 */
import type { Socket, SocketHandler } from "../../net/ports.ts";
import type { Octets } from "../../wire/octets.ts";
import { DelayLine } from "./delay-line.ts";

/** Octets on the wire at which a writer is asked to wait. */
const WINDOW_BYTES = 128 * 1024;

const nobody: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

export interface Delays {
  /** Half a round trip. */
  readonly outgoing_ms: number;
  /** Half a round trip towards a foreign neighbour; otherwise 0. */
  readonly incoming_ms: number;
  /** Nothing arrives earlier, by `performance.now()`: the handshake is still under way. */
  readonly notBefore_ms: number;
}

export class DelayedSocket implements Socket, SocketHandler {
  handler: SocketHandler = nobody;
  remoteAddress: string;
  remotePort: number;
  readonly localPort: number;
  private readonly inner: Socket;
  private readonly delays: Delays;
  private readonly outgoing = new DelayLine();
  private readonly incoming = new DelayLine();
  /** What has arrived while paused. */
  private held: (() => void)[] = [];
  private onWireBytes = 0;
  private needsDrain = false;
  private hasTakenSome = false;
  private isPaused = false;
  private isEnding = false;
  /** `destroy` or `reset` was called: the program is gone, the connection perhaps not yet. */
  private isGone = false;
  private isCloseTold = false;

  constructor(inner: Socket, delays: Delays) {
    this.inner = inner;
    this.delays = delays;
    this.remoteAddress = inner.remoteAddress;
    this.remotePort = inner.remotePort;
    this.localPort = inner.localPort;
    inner.handler = this;
  }

  get unsentBytes(): number {
    return this.inner.unsentBytes;
  }

  tookSome(): boolean {
    const took = this.hasTakenSome;
    this.hasTakenSome = false;
    return this.inner.tookSome() || took;
  }

  write(data: string | Octets): boolean {
    if (this.isEnding || this.isGone) return true;
    const octets = typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data);
    this.onWireBytes += octets.length;
    this.outgoing.send(this.delays.outgoing_ms, () => {
      this.onWireBytes -= octets.length;
      this.hasTakenSome = true;
      this.inner.write(octets as unknown as Octets);
      this.checkDrained();
    });
    const mayGoOn = this.onWireBytes + this.inner.unsentBytes < WINDOW_BYTES;
    if (!mayGoOn) this.needsDrain = true;
    return mayGoOn;
  }

  private checkDrained(): void {
    if (!this.needsDrain || this.onWireBytes > 0 || this.inner.unsentBytes > 0 || this.isGone) return;
    this.needsDrain = false;
    this.handler.onDrain();
  }

  /** Every piece travels alone. */
  cork(): void {}
  uncork(): void {}

  end(): void {
    if (this.isEnding || this.isGone) return;
    this.isEnding = true;
    this.outgoing.send(this.delays.outgoing_ms, () => this.inner.end());
  }

  reset(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.outgoing.send(this.delays.outgoing_ms, () => this.inner.reset());
    this.tellCloseSoon();
  }

  destroy(): void {
    if (this.isGone) return;
    this.isGone = true;
    const hasUnread = this.held.length > 0;
    const { isPaused } = this;
    this.outgoing.send(this.delays.outgoing_ms, () => {
      if (hasUnread) this.inner.reset();
      // The system knows whether it still holds something unread, and says RST then.
      else if (isPaused) this.inner.destroy();
      else this.inner.end();
    });
    this.tellCloseSoon();
  }

  pause(): void {
    this.isPaused = true;
    this.inner.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    setImmediate(() => this.release());
  }

  private release(): void {
    while (!this.isPaused && this.held.length > 0) this.held.shift()?.();
    if (!this.isPaused) this.inner.resume();
  }

  // What the inner socket says.

  onData(octets: Octets): void {
    if (this.isGone) {
      // The program is gone: the answer to octets is RST.
      this.outgoing.send(this.delays.outgoing_ms, () => this.inner.reset());
      return;
    }
    const { incoming_ms, notBefore_ms } = this.delays;
    const isLate = performance.now() >= notBefore_ms;
    if (incoming_ms === 0 && isLate && this.held.length === 0) return this.handler.onData(octets);
    const copy = Buffer.from(octets) as unknown as Octets;
    this.arriveLater(() => this.handler.onData(copy));
  }

  onEnd(): void {
    if (this.isGone) {
      this.outgoing.send(this.delays.outgoing_ms, () => this.inner.destroy());
      return;
    }
    this.arriveLater(() => this.handler.onEnd());
  }

  onDrain(): void {
    this.checkDrained();
  }

  onClose(fault: string | undefined): void {
    this.outgoing.drop();
    if (this.isGone) return;
    this.arriveLater(() => this.tellClose(fault), fault !== undefined);
  }

  private arriveLater(arrive: () => void, isUrgent = false): void {
    const { incoming_ms, notBefore_ms } = this.delays;
    const deliver = () => {
      if (this.isGone) return;
      if (this.isPaused && !isUrgent) this.held.push(arrive);
      else arrive();
    };
    if (incoming_ms === 0 && performance.now() >= notBefore_ms) deliver();
    else this.incoming.send(incoming_ms, deliver, notBefore_ms);
  }

  private tellCloseSoon(): void {
    setImmediate(() => this.tellClose(undefined));
  }

  private tellClose(fault: string | undefined): void {
    if (this.isCloseTold) return;
    this.isCloseTold = true;
    this.isGone = true;
    this.handler.onClose(fault);
  }
}
