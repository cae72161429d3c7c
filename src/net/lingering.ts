/**
 * The graceful end of a connection on the server's side (RFC 9112 section 9.6).
 *
 * Half-close once everything written has left, read on and discard within limits until the peer closes too, then close.
 * So the last response is not lost to a RST. Deliberately absent: answering what arrives meanwhile.
 */
import { Deadline, type Deadlines } from "../connection/deadlines.ts";
import type { Clock, Socket, SocketHandler } from "./ports.ts";

/** Silence after which the peer is taken to have everything (nginx: lingering_timeout). */
const SILENCE_MS_MAX = 5_000;
/** Time after which a peer that never stops sending is cut off (nginx: lingering_time). */
const LINGER_MS_MAX = 30_000;

export interface LingeringOptions {
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  /** How long a peer may take nothing of what is still unsent. */
  readonly writeTimeout_ms: number;
  /** The socket is gone. */
  readonly onClosed: (fault: string | undefined) => void;
}

export class Lingering implements SocketHandler {
  private readonly socket: Socket;
  private readonly options: LingeringOptions;
  private readonly deadline = new Deadline(() => this.onDeadline());
  private readonly endsAt_ms: number;

  constructor(socket: Socket, options: LingeringOptions) {
    this.socket = socket;
    this.options = options;
    this.endsAt_ms = options.clock.now() + LINGER_MS_MAX;
    socket.handler = this;
    socket.end();
    socket.resume();
    this.arm();
  }

  /** Ends it now. What the peer has not taken yet is lost. */
  cut(): void {
    this.options.deadlines.clear(this.deadline);
    this.socket.destroy();
  }

  onData(): void {
    if (this.options.clock.now() >= this.endsAt_ms) this.cut();
    else this.arm();
  }

  onEnd(): void {}
  onDrain(): void {}

  onClose(fault: string | undefined): void {
    this.options.deadlines.clear(this.deadline);
    this.options.onClosed(fault);
  }

  private arm(): void {
    const { deadlines, clock, writeTimeout_ms } = this.options;
    deadlines.set(this.deadline, this.socket.unsentBytes > 0 ? writeTimeout_ms : SILENCE_MS_MAX, clock.now());
  }

  private onDeadline(): void {
    if (this.socket.unsentBytes > 0 && this.socket.tookSome()) this.arm();
    else this.cut();
  }
}
