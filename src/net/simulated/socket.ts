/**
 * One end of a simulated connection: the socket port, as strict as a system may be.
 *
 * Octets are handed over in one shared buffer that is scribbled over afterwards, handlers are never called from within a
 * call, a paused socket delivers nothing, RST may take undelivered octets with it (see `LinkTraits.rstHarm`). What
 * `writtenBytes`, `deliveredBytes` and `writes` say is for checks only.
 */
import type { Octets } from "../../wire/octets.ts";
import type { Socket, SocketHandler } from "../ports.ts";
import type { Link, LinkSide } from "./link.ts";

const nobody: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** Where every read goes: its contents are gone when the handler returns. */
const READ_BYTES_MAX = 64 * 1024;
const shared = Buffer.alloc(READ_BYTES_MAX);
const SCRIBBLE = 0xee;

interface Segment {
  readonly kind: "data" | "fin" | "rst";
  readonly octets: Buffer | undefined;
  isLost: boolean;
}

/** The state of the other direction at the moment of a write. */
export interface WriteMark {
  readonly from: number;
  /** Since when nothing more has been delivered. */
  readonly quietSince_ms: number;
  readonly at_ms: number;
  readonly deliveredBytes: number;
  readonly endWasDelivered: boolean;
}

export class SimSocket implements Socket {
  handler: SocketHandler = nobody;
  readonly link: Link;
  readonly side: LinkSide;
  remoteAddress: string;
  remotePort: number;
  readonly localPort: number;

  unsentBytes = 0;
  unsentBytesMax = 0;
  writtenBytes = 0;
  deliveredBytes = 0;
  readonly writes: WriteMark[] = [];
  private delivered_ms = 0;
  /** Nothing is sent or delivered any more; at most `onClose` is still to be told. */
  isGone = false;
  isClosedTold = false;
  isPaused = false;
  /** `end` was called. */
  isEnding = false;
  endIsDelivered = false;

  private queue: Buffer[] = [];
  private isCorked = false;
  private needsDrain = false;
  private finIsSent = false;
  private takenBytes = 0;
  private takenMark = 0;
  /** Sent, and not yet read by the other side. */
  private outstandingBytes = 0;
  private lastArrival_ms = 0;
  private readonly inFlight: Segment[] = [];

  private arrived: Buffer[] = [];
  private arrivedBytes = 0;
  private finHasArrived = false;
  private resetHasArrived = false;
  private deliveryIsDue = false;
  private closeIsDue = false;

  constructor(link: Link, side: LinkSide, address: { remote: string; remotePort: number; localPort: number }) {
    this.link = link;
    this.side = side;
    this.remoteAddress = address.remote;
    this.remotePort = address.remotePort;
    this.localPort = address.localPort;
  }

  get name(): string {
    return this.link.name;
  }

  private get other(): SimSocket {
    return this.side === "near" ? this.link.far : this.link.near;
  }

  // Sending.

  write(data: string | Octets): boolean {
    if (this.isEnding || this.isGone) return true;
    if (this.resetHasArrived) {
      this.tellClose("EPIPE");
      return true;
    }
    const octets = typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data);
    this.link.noteWrite(this, octets);
    this.writes.push({
      at_ms: this.link.schedule.now_ms,
      quietSince_ms: this.delivered_ms,
      from: this.writtenBytes,
      deliveredBytes: this.deliveredBytes,
      endWasDelivered: this.endIsDelivered,
    });
    this.writtenBytes += octets.length;
    this.queue.push(octets);
    this.unsentBytes += octets.length;
    const mayGoOn = this.unsentBytes < this.link.traits.highWaterBytes;
    if (!mayGoOn) this.needsDrain = true;
    if (!this.isCorked) this.pump();
    if (this.unsentBytes > this.unsentBytesMax) this.unsentBytesMax = this.unsentBytes;
    return mayGoOn;
  }

  cork(): void {
    this.isCorked = true;
  }

  uncork(): void {
    this.isCorked = false;
    if (!this.isGone) this.pump();
  }

  tookSome(): boolean {
    const took = this.takenBytes !== this.takenMark;
    this.takenMark = this.takenBytes;
    return took;
  }

  end(): void {
    if (this.isEnding || this.isGone) return;
    this.isEnding = true;
    if (!this.isCorked) this.pump();
  }

  /** Hands to the system what it takes. */
  private pump(): void {
    if (this.isGone || this.resetHasArrived) return;
    const { windowBytes } = this.link.traits;
    while (this.unsentBytes > 0 && this.outstandingBytes < windowBytes) {
      const head = this.queue[0] as Buffer;
      const length = Math.min(head.length, windowBytes - this.outstandingBytes);
      if (length === head.length) this.queue.shift();
      else this.queue[0] = head.subarray(length);
      this.unsentBytes -= length;
      this.takenBytes += length;
      this.outstandingBytes += length;
      for (const piece of this.link.segments(this, head.subarray(0, length))) this.transmit("data", piece);
    }
    if (this.unsentBytes > 0) return;
    if (this.isEnding) this.sendFin();
    else if (this.needsDrain) this.link.schedule.after(0, () => this.drain());
  }

  private drain(): void {
    if (this.isGone || this.isEnding || !this.needsDrain || this.unsentBytes > 0) return;
    this.needsDrain = false;
    this.handler.onDrain();
  }

  private sendFin(): void {
    if (this.finIsSent) return;
    this.finIsSent = true;
    this.link.note(this, "FIN");
    this.transmit("fin", undefined);
    this.checkBothEnded();
  }

  private transmit(kind: Segment["kind"], octets: Buffer | undefined): void {
    const { link } = this;
    const segment: Segment = { kind, octets, isLost: false };
    this.inFlight.push(segment);
    this.lastArrival_ms = Math.max(this.lastArrival_ms, link.schedule.now_ms + link.delay_ms());
    link.schedule.at(this.lastArrival_ms, () => {
      this.inFlight.shift();
      if (!segment.isLost && !link.isSevered) this.other.arrive(segment);
    });
  }

  // Receiving.

  private arrive(segment: Segment): void {
    if (segment.kind === "rst") return this.onReset();
    if (this.isGone) {
      if (segment.kind === "data") this.sendReset("gets octets and is gone: RST");
      return;
    }
    if (this.resetHasArrived) return;
    if (segment.octets === undefined) this.finHasArrived = true;
    else {
      this.arrived.push(segment.octets);
      this.arrivedBytes += segment.octets.length;
    }
    if (!this.deliveryIsDue) this.deliver();
  }

  /** RST has arrived: now, or when somebody next looks at the connection. */
  onReset(): void {
    if (this.isGone || this.resetHasArrived) return;
    this.resetHasArrived = true;
    const hadUnsent = this.unsentBytes > 0;
    this.dropUnsent();
    const { rstHarm } = this.link.traits;
    if (this.link.random.chance(rstHarm)) {
      this.arrived = [];
      this.arrivedBytes = 0;
      this.finHasArrived = false;
    }
    // A system that does no harm lets what has arrived be read before the failure of the next write is told.
    if (hadUnsent && (this.isPaused || rstHarm > 0)) this.tellClose("ECONNRESET");
    else if (!this.isPaused) this.deliverSoon();
    else if (this.link.random.chance(rstHarm)) this.tellClose("ECONNRESET");
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.deliverSoon();
  }

  private deliverSoon(): void {
    if (this.deliveryIsDue) return;
    this.deliveryIsDue = true;
    this.link.schedule.after(0, () => {
      this.deliveryIsDue = false;
      this.deliver();
    });
  }

  /** Hands over one read's worth, or the end. */
  private deliver(): void {
    if (this.isPaused || this.isGone) return;
    if (this.arrivedBytes > 0) {
      const length = this.takeArrived();
      this.other.onRead(length);
      const octets = shared.subarray(0, length);
      this.link.noteRead(this, octets);
      this.handler.onData(octets as unknown as Octets);
      shared.fill(SCRIBBLE, 0, length);
      if (this.arrivedBytes > 0 || this.finHasArrived || this.resetHasArrived) this.deliverSoon();
    } else if (this.finHasArrived && !this.endIsDelivered) {
      this.endIsDelivered = true;
      this.link.note(this, "is told FIN");
      this.handler.onEnd();
      if (this.resetHasArrived) this.deliverSoon();
      this.checkBothEnded();
    } else if (this.resetHasArrived) {
      this.tellClose("ECONNRESET");
    }
  }

  /** Moves octets into the shared buffer; returns how many. */
  private takeArrived(): number {
    const max = Math.min(READ_BYTES_MAX, this.link.traits.readBytesMax);
    let length = 0;
    while (length < max && this.arrived.length > 0) {
      const head = this.arrived[0] as Buffer;
      const part = Math.min(head.length, max - length);
      head.copy(shared, length, 0, part);
      length += part;
      if (part === head.length) this.arrived.shift();
      else this.arrived[0] = head.subarray(part);
    }
    this.arrivedBytes -= length;
    this.deliveredBytes += length;
    this.delivered_ms = this.link.schedule.now_ms;
    return length;
  }

  /** The other side has read: there is room again, once it hears of it. */
  private onRead(length: number): void {
    this.outstandingBytes -= length;
    if (this.unsentBytes > 0 && !this.link.isSevered) {
      this.link.schedule.after(this.link.traits.latency_ms, () => this.pump());
    }
  }

  // Closing.

  destroy(): void {
    if (this.isGone) return;
    this.isGone = true;
    const cutsOff = this.arrivedBytes > 0;
    if (cutsOff) this.sendReset("closes with unread octets: RST");
    else if (!this.finIsSent) {
      this.finIsSent = true;
      this.link.note(this, this.unsentBytes > 0 ? `closes, dropping ${this.unsentBytes} unsent: FIN` : "closes: FIN");
      this.transmit("fin", undefined);
    }
    this.dropUnsent();
    this.tellClose(undefined);
  }

  reset(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.sendReset("RST");
    this.dropUnsent();
    this.tellClose(undefined);
  }

  /** RST takes with it what has not arrived yet, all of it or its later part or nothing. */
  private sendReset(what: string): void {
    this.link.note(this, what);
    const { random, traits } = this.link;
    if (random.chance(traits.rstHarm)) {
      const kept = random.below(this.inFlight.length + 1);
      for (const segment of this.inFlight.slice(kept)) segment.isLost = true;
    }
    this.transmit("rst", undefined);
  }

  private dropUnsent(): void {
    this.queue = [];
    this.unsentBytes = 0;
  }

  private checkBothEnded(): void {
    if (this.finIsSent && this.endIsDelivered && !this.isGone) this.tellClose(undefined);
  }

  private tellClose(fault: string | undefined): void {
    if (this.closeIsDue) return;
    this.closeIsDue = true;
    this.isGone = true;
    this.link.schedule.after(0, () => {
      this.isClosedTold = true;
      this.link.note(this, `is told the close${fault === undefined ? "" : `: ${fault}`}`);
      this.handler.onClose(fault);
    });
  }
}
