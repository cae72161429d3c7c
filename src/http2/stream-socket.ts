/**
 * A stream of HTTP/2 as a socket, for the tunnel that it has become (RFC 9113 section 8.5): its END_STREAM is a FIN, RST_STREAM an RST, and
 * so is the end of its connection.
 *
 * Deliberately absent: the connection that the stream is on.
 */
import type { Socket, SocketHandler } from "../net/ports.ts";
import { nobody } from "../net/socket-options.ts";
import type { Octets } from "../wire/octets.ts";
import { codes, isBrokenOff, type ServerHttp2Stream } from "./session.ts";
import { SmallPieces } from "./small-pieces.ts";

/** Who has the stream. */
export interface StreamTold {
  /** Something lies in it that was not taken. */
  onHeld(): void;
  /** What has left on it since it became a socket. */
  sentBytes(): number;
}

export class StreamSocket implements Socket {
  handler: SocketHandler = nobody;
  readonly isSecure: boolean;
  remoteAddress: string;
  remotePort: number;
  readonly localPort: number;
  private readonly stream: ServerHttp2Stream;
  private unsentMark = 0;
  private hasBeenReset = false;
  private readonly pieces = new SmallPieces((piece) => this.handler.onData(piece as unknown as Octets));

  private sentMark = 0;
  private readonly told: StreamTold;

  private readonly resetCode: number;

  /**
   * @param below the socket of the connection that it is on
   * @param resetCode what an RST is there: CONNECT_ERROR for CONNECT (RFC 9113 section 8.5), CANCEL for a protocol (RFC 8441 section 5)
   */
  constructor(stream: ServerHttp2Stream, below: Socket, resetCode: number, told: StreamTold) {
    this.stream = stream;
    this.resetCode = resetCode;
    this.told = told;
    this.isSecure = below.isSecure === true;
    this.remoteAddress = below.remoteAddress;
    this.remotePort = below.remotePort;
    this.localPort = below.localPort;
    stream.on("data", (octets: Buffer) => this.pieces.add(octets));
    stream.on("end", () => this.onEnd());
    // Nothing but bytes belongs there.
    stream.on("trailers", () => stream.close(codes.protocol));
    stream.on("drain", () => this.handler.onDrain());
    stream.on("close", () => this.onClose());
  }

  /**
   * The client has reset the stream, or its connection is gone. The runtime tells that once what came before has been read, and while a
   * client does not take what was written to others it reads no further.
   */
  noteReset(): void {
    this.hasBeenReset = true;
    this.pieces.drop();
    this.stream.removeAllListeners("data");
    this.stream.resume();
    this.onClose();
  }

  private get wasReset(): boolean {
    return this.hasBeenReset || isBrokenOff(this.stream);
  }

  /** The runtime ends what was broken off, too. */
  private onEnd(): void {
    if (this.wasReset) return;
    this.pieces.flush();
    this.handler.onEnd();
  }

  /** Told once. */
  private onClose(): void {
    const { handler } = this;
    this.handler = nobody;
    handler.onClose(this.wasReset ? "ECONNRESET" : undefined);
  }

  get unsentBytes(): number {
    return this.stream.writableLength;
  }

  tookSome(): boolean {
    const { unsentBytes: mark } = this;
    // A piece counts as unsent until all of it has left.
    const sent_bytes = this.told.sentBytes();
    const took = mark !== this.unsentMark || sent_bytes !== this.sentMark;
    this.unsentMark = mark;
    this.sentMark = sent_bytes;
    return took;
  }

  write(data: string | Octets): boolean {
    if (!this.stream.writable) return true;
    // The bytes lie where the next read goes.
    const takesMore = this.stream.write(typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data));
    this.told.onHeld();
    return takesMore;
  }

  cork(): void {
    this.stream.cork();
  }

  uncork(): void {
    this.stream.uncork();
  }

  end(): void {
    this.stream.end();
  }

  reset(): void {
    this.stream.close(this.resetCode);
  }

  destroy(): void {
    this.stream.close(codes.cancel);
  }

  pause(): void {
    this.stream.pause();
    this.told.onHeld();
  }

  resume(): void {
    this.stream.resume();
  }
}
