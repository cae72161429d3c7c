/** A socket that tells the recorder what passes through it. Its owner notices nothing. */
import type { Socket, SocketHandler } from "../../net/ports.ts";
import type { Octets } from "../../wire/octets.ts";
import type { Hop, Recorder, Side } from "./recorder.ts";

const nobody: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
const otherSide = { from: "to", to: "from" } as const;

export interface RecordedSocketOptions {
  readonly recorder: Recorder;
  readonly hop: Hop;
  readonly side: Side;
  /** Why its owner closes it, if the owner has a word for it. */
  readonly reasonOf: (socket: Socket) => string | undefined;
}

export class RecordedSocket implements Socket, SocketHandler {
  handler: SocketHandler = nobody;
  remoteAddress: string;
  remotePort: number;
  readonly localPort: number;
  /** The connection's name in the play. */
  readonly connection: string;
  isClosed = false;
  private readonly inner: Socket;
  private readonly options: RecordedSocketOptions;

  constructor(inner: Socket, options: RecordedSocketOptions) {
    this.inner = inner;
    this.options = options;
    this.remoteAddress = inner.remoteAddress;
    this.remotePort = inner.remotePort;
    this.localPort = inner.localPort;
    this.connection = options.hop.connection.id;
    inner.handler = this;
  }

  get unsentBytes(): number {
    return this.inner.unsentBytes;
  }

  tookSome(): boolean {
    return this.inner.tookSome();
  }

  write(data: string | Octets): boolean {
    const { recorder, hop, side } = this.options;
    recorder.wrote(hop, side, typeof data === "string" ? data : data.latin1Slice());
    return this.inner.write(data);
  }

  cork(): void {
    this.inner.cork();
  }

  uncork(): void {
    this.inner.uncork();
  }

  end(): void {
    this.noteClose("FIN");
    this.inner.end();
  }

  reset(): void {
    this.noteClose("RST");
    this.leave();
    this.inner.reset();
  }

  destroy(): void {
    this.noteClose("FIN");
    this.leave();
    this.inner.destroy();
  }

  private leave(): void {
    const { recorder, hop, side } = this.options;
    recorder.gone(hop, side);
  }

  private noteClose(how: "FIN" | "RST"): void {
    const { recorder, hop, side, reasonOf } = this.options;
    if (!this.isClosed) recorder.closes(hop, side, how, reasonOf(this));
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }

  onData(octets: Octets): void {
    const { recorder, hop, side } = this.options;
    recorder.received(hop, side, octets.latin1Slice());
    this.handler.onData(octets);
  }

  onEnd(): void {
    const { recorder, hop, side } = this.options;
    recorder.closeSeen(hop, otherSide[side], "FIN");
    this.handler.onEnd();
  }

  onDrain(): void {
    this.handler.onDrain();
  }

  onClose(fault: string | undefined): void {
    const { recorder, hop, side } = this.options;
    if (fault !== undefined) recorder.closeSeen(hop, otherSide[side], "RST");
    this.isClosed = true;
    this.leave();
    this.handler.onClose(fault);
  }
}
