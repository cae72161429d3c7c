/** A client's end of a simulated connection as a stream of the runtime's, for its HTTP/2. */
import { Duplex } from "node:stream";
import type { SocketHandler } from "../../src/net/ports.ts";
import type { SimSocket } from "../../src/net/simulated/socket.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { FramesSeen } from "./frames-seen.ts";

type Done = (error?: Error | null) => void;

/** Bytes of "PRI * HTTP/2.0" and what belongs to it. */
const PREFACE_BYTES = 24;

export class LinkStream extends Duplex implements SocketHandler {
  /** What the proxy has said, as far as it has arrived, and what the client has. */
  readonly heard = new FramesSeen(0);
  readonly said = new FramesSeen(PREFACE_BYTES);
  /** The proxy said nothing more, or the connection is gone. */
  hasHeardEnd = false;
  /** Turned away before its first words were whole: it is answered as one of HTTP/1. */
  isTakenForHttp1 = false;
  private readonly link: SimSocket;
  private readonly onGone: () => void;
  private waiting: Done | undefined;
  private hasHeard = false;

  constructor(link: SimSocket, onGone: () => void) {
    super({ allowHalfOpen: true });
    this.link = link;
    this.onGone = onGone;
    link.handler = this;
  }

  onData(octets: Octets): void {
    if (!this.hasHeard) this.isTakenForHttp1 = octets.latin1Slice(0, Math.min(octets.length, 5)) === "HTTP/";
    this.hasHeard = true;
    if (!this.isTakenForHttp1) this.heard.read(octets);
    if (this.destroyed) return;
    // They are valid during this call only.
    if (!this.push(Buffer.from(octets))) this.link.pause();
  }

  onEnd(): void {
    this.hasHeardEnd = true;
    if (!this.destroyed) this.push(null);
    this.link.end();
  }

  onDrain(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }

  onClose(): void {
    this.waiting = undefined;
    this.hasHeardEnd = true;
    this.destroy();
    this.onGone();
  }

  override _read(): void {
    this.link.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.said.read(chunk);
    if (this.link.write(chunk as unknown as Octets)) done();
    else this.waiting = done;
  }

  override _final(done: Done): void {
    this.link.end();
    done();
  }

  override _destroy(fault: Error | null, done: Done): void {
    this.link.end();
    // The end of the other side is still to be heard.
    this.link.resume();
    done(fault);
  }
}
