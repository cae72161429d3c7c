/**
 * A connection as a stream of the runtime's, for its HTTP/2 (`node:http2`), over the socket port: so a connection is counted, limited and
 * closed by the same means whatever is spoken on it.
 *
 * Deliberately absent: the end of the connection. The runtime says that it has nothing more to say (`onFinished`); how the connection
 * closes then is its owner's.
 */
import { Duplex } from "node:stream";
import type { Socket, SocketHandler } from "../net/ports.ts";
import type { Octets } from "../wire/octets.ts";

export interface SocketStreamOwner {
  /** What came. False: it goes no further. */
  onOctets(octets: Octets): boolean;
  onWritten(octets: Buffer): void;
  /** The client has closed its side. */
  onPeerEnd(): void;
  /** Nothing more is to be written. */
  onFinished(): void;
  /** The socket is gone. */
  onSocketClose(fault: string | undefined): void;
}

type Done = (error?: Error | null) => void;

export class SocketStream extends Duplex implements SocketHandler {
  private readonly socket: Socket;
  private readonly owner: SocketStreamOwner;
  /** Who waits for the socket to take more. */
  private waiting: Done | undefined;

  constructor(socket: Socket, owner: SocketStreamOwner) {
    super({ allowHalfOpen: true });
    this.socket = socket;
    this.owner = owner;
    socket.handler = this;
  }

  onData(octets: Octets): void {
    if (this.destroyed || !this.owner.onOctets(octets)) return;
    // They are valid during this call only.
    if (!this.push(Buffer.from(octets))) this.socket.pause();
  }

  onEnd(): void {
    this.owner.onPeerEnd();
    this.push(null);
  }

  onDrain(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }

  onClose(fault: string | undefined): void {
    this.waiting = undefined;
    this.destroy();
    this.owner.onSocketClose(fault);
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.owner.onWritten(chunk);
    if (this.socket.write(chunk as unknown as Octets)) done();
    else this.waiting = done;
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    const whole = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this._write(whole, "latin1", done);
  }

  override _final(done: Done): void {
    done();
    this.owner.onFinished();
  }
}
