/**
 * A stream of HTTP/2 as a socket, for the tunnel that it has become (RFC 9113 section 8.5): its END_STREAM is a FIN, RST_STREAM an RST.
 *
 * Deliberately absent: the connection that the stream is on.
 */
import type { Socket, SocketHandler } from "../net/ports.ts";
import { nobody } from "../net/socket-options.ts";
import type { Octets } from "../wire/octets.ts";
import { codes, type ServerHttp2Stream } from "./session.ts";

export class StreamSocket implements Socket {
  handler: SocketHandler = nobody;
  readonly isSecure: boolean;
  remoteAddress: string;
  remotePort: number;
  readonly localPort: number;
  private readonly stream: ServerHttp2Stream;
  private unsentMark = 0;
  private fault: string | undefined;

  /** Something lies in it that was not taken. */
  private readonly onHeld: () => void;

  /** @param below the socket of the connection that it is on */
  constructor(stream: ServerHttp2Stream, below: Socket, onHeld: () => void) {
    this.stream = stream;
    this.onHeld = onHeld;
    this.isSecure = below.isSecure === true;
    this.remoteAddress = below.remoteAddress;
    this.remotePort = below.remotePort;
    this.localPort = below.localPort;
    stream.on("data", (octets: Buffer) => this.handler.onData(octets as unknown as Octets));
    stream.on("end", () => this.handler.onEnd());
    stream.on("drain", () => this.handler.onDrain());
    stream.on("close", () => this.onClose());
  }

  private onClose(): void {
    const { rstCode } = this.stream;
    const wasReset = rstCode !== codes.none;
    this.handler.onClose(this.fault ?? (wasReset ? "ECONNRESET" : undefined));
  }

  get unsentBytes(): number {
    return this.stream.writableLength;
  }

  tookSome(): boolean {
    const mark = this.unsentBytes;
    const took = mark !== this.unsentMark;
    this.unsentMark = mark;
    return took;
  }

  write(data: string | Octets): boolean {
    if (!this.stream.writable) return true;
    // The bytes lie where the next read goes.
    const takesMore = this.stream.write(typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data));
    this.onHeld();
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
    this.stream.close(codes.connect);
  }

  destroy(): void {
    this.stream.close(codes.cancel);
  }

  pause(): void {
    this.stream.pause();
    this.onHeld();
  }

  resume(): void {
    this.stream.resume();
  }
}
