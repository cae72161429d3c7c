/**
 * The graceful end of a connection on the server's side (RFC 9112 section 9.6).
 *
 * Half-close once everything written has left, read on and discard within limits until the peer closes too, then close.
 * So the last response is not lost to a RST. Where only the end would show that a response is complete, and it is not, RST
 * stands in place of FIN, but only once what there is of it has left. Deliberately absent: answering what arrives meanwhile.
 */
import { Deadline, type Deadlines } from "../connection/deadlines.ts";
import type { Clock, Socket, SocketHandler } from "./ports.ts";

/** Silence after which the peer is taken to have everything (nginx: lingering_timeout). */
const SILENCE_MS_MAX = 5_000;
/** Time after which a peer that never stops sending is cut off (nginx: lingering_time). */
const LINGER_MS_MAX = 30_000;
/** From the last octet of a truncated response to its RST, which makes systems drop what is still on its way. */
const TRUNCATED_MS = 500;

export interface LingeringOptions {
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  /** How long a peer may take nothing of what is still unsent. */
  readonly writeTimeout_ms: number;
  /** Silence after which the peer is taken to have everything, if not the usual. */
  readonly silence_ms?: number;
  /** What was sent last is not complete, and nothing but RST shows that. */
  readonly isTruncated?: boolean;
  /** The socket is gone. */
  readonly onClosed: (fault: string | undefined) => void;
}

export class Lingering implements SocketHandler {
  private readonly socket: Socket;
  private readonly options: LingeringOptions;
  private readonly deadline = new Deadline(this);
  /** When a peer that goes on sending is cut off; unknown while it has not been sent everything. */
  private endsAt_ms: number | undefined;

  constructor(socket: Socket, options: LingeringOptions) {
    this.socket = socket;
    this.options = options;
    socket.handler = this;
    if (!options.isTruncated) socket.end();
    socket.resume();
    if (socket.unsentBytes > 0) this.awaitDeparture();
    else this.awaitSilence();
  }

  /** Ends it now. What the peer has not taken yet is lost, and RST says so. */
  cut(): void {
    this.options.deadlines.clear(this.deadline);
    if (this.socket.unsentBytes > 0 || this.options.isTruncated) this.socket.reset();
    else this.socket.destroy();
  }

  onData(): void {
    if (this.options.isTruncated) return;
    if (this.endsAt_ms === undefined) {
      if (this.socket.unsentBytes === 0) this.awaitSilence();
    } else if (this.options.clock.now() >= this.endsAt_ms) {
      this.cut();
    } else {
      this.arm(this.options.silence_ms ?? SILENCE_MS_MAX);
    }
  }

  onEnd(): void {}

  onDrain(): void {
    if (this.endsAt_ms === undefined && this.socket.unsentBytes === 0) this.awaitSilence();
  }

  onClose(fault: string | undefined): void {
    this.options.deadlines.clear(this.deadline);
    this.options.onClosed(fault);
  }

  private awaitDeparture(): void {
    this.socket.tookSome();
    this.arm(this.options.writeTimeout_ms);
  }

  /** Everything has left: now the peer has time to read it, and to stop sending. */
  private awaitSilence(): void {
    const { clock, isTruncated, silence_ms = SILENCE_MS_MAX } = this.options;
    this.endsAt_ms = clock.now() + LINGER_MS_MAX;
    this.arm(isTruncated ? TRUNCATED_MS : silence_ms);
  }

  private arm(delay_ms: number): void {
    this.options.deadlines.set(this.deadline, delay_ms, this.options.clock.now());
  }

  /** @internal */
  onDeadline(): void {
    if (this.endsAt_ms !== undefined) this.cut();
    else if (this.socket.unsentBytes === 0) this.awaitSilence();
    else if (this.socket.tookSome()) this.arm(this.options.writeTimeout_ms);
    else this.cut();
  }
}
