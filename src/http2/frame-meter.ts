/**
 * What a client's HTTP/2 connection is used for, by the heads of its frames: so that frames which ask for nothing do not keep us busy.
 *
 * The runtime reads the frames and tells little of them; of a stream that is opened and reset at once it tells the reset last.
 * Each kind of frame has a budget that fills again with time, as large as the liveliest honest client needs (RFC 9113 section
 * 10.5 names the kinds). Pieces of bodies have none, however small they are: what one read brings of them goes on as one
 * (small-pieces.ts). Deliberately absent: what the frames say, and whether they may be said.
 */
import type { Octets } from "../wire/octets.ts";
import { FrameScanner, frameTypes } from "./frame-scanner.ts";

/** What a client does too much of. */
export type Flood =
  | "resets"
  | "settings"
  | "pings"
  | "priorities"
  | "window-updates"
  | "empty-data"
  | "continuations"
  | "other-frames";

const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
/** A head of 64 KiB has four frames of the size that clients use. With one more than this the runtime ends the connection, and says nothing of it. */
const CONTINUATIONS_MAX = 8;
/** Clients say for every few KiB that they have taken them, twice: for the stream and for the connection. */
const BYTES_PER_WINDOW_UPDATE = 512;
/** Some say it for each frame, however small it is. */
const WINDOW_UPDATES_PER_PART = 2;

interface Budget {
  readonly atOnce: number;
  readonly perSecond: number;
}

type Budgeted = Exclude<Flood, "continuations">;

const budgets: Readonly<Record<Budgeted, Budget>> = {
  // A page that is left resets all that it has asked for, which is 100 at most.
  resets: { atOnce: 200, perSecond: 50 },
  settings: { atOnce: 20, perSecond: 1 },
  // Those of gRPC measure with one for each burst of a response how much is under way: what was sent lets them.
  pings: { atOnce: 100, perSecond: 20 },
  // Browsers say how urgent each request is, and change their mind.
  priorities: { atOnce: 500, perSecond: 200 },
  "window-updates": { atOnce: 1_000, perSecond: 200 },
  "empty-data": { atOnce: 50, perSecond: 10 },
  "other-frames": { atOnce: 200, perSecond: 100 },
};

class Tokens {
  private left: number;
  private at_ms: number;
  private readonly budget: Budget;

  constructor(budget: Budget, now: number) {
    this.budget = budget;
    this.left = budget.atOnce;
    this.at_ms = now;
  }

  /** False: there is none. */
  take(now: number): boolean {
    this.left = Math.min(this.budget.atOnce, this.left + ((now - this.at_ms) * this.budget.perSecond) / 1_000);
    this.at_ms = now;
    if (this.left < 1) return false;
    this.left--;
    return true;
  }

  /** Never more than at once. */
  give(count: number): void {
    this.left = Math.min(this.budget.atOnce, this.left + count);
  }
}

export class FrameMeter extends FrameScanner {
  /** Of bodies, as their frames say, since this was set to 0. */
  received_bytes = 0;
  /** Heads that have begun. */
  heads = 0;
  /** The last stream that the client has begun; none: 0. */
  lastStream = 0;
  /** The client has said that it leaves. */
  hasGoaway = false;
  /** The head that came last goes on in another frame. */
  private isHeadContinued = false;
  private isHeadFrame = false;
  private continuations = 0;
  private readonly tokens = new Map<Flood, Tokens>();
  private readonly takenBack = new Set<number>();
  /** Streams whose request has not ended. */
  private readonly unended = new Set<number>();
  private now = 0;
  private flood: Flood | undefined;

  /** Bytes went to the client: it will say that it has taken them. @param parts of responses among them, which it may answer by a ping */
  noteSent(bytes: number, parts: number): void {
    this.tokensOf("window-updates").give(bytes / BYTES_PER_WINDOW_UPDATE + parts * WINDOW_UPDATES_PER_PART);
    this.tokensOf("pings").give(parts);
  }

  /** Streams were reset for what the client sent: that is its doing, too. @returns what there is too much of; nothing: undefined */
  noteFaults(count: number, now: number): Flood | undefined {
    let flood: Flood | undefined;
    for (let i = 0; i < count; i++) flood ??= this.spend("resets", now);
    return flood;
  }

  /** A stream was reset by us: the end of its request may come still, or never. */
  noteReset(stream: number): void {
    this.unended.delete(stream);
  }

  /** Whether any stream was reset in what was read last. */
  get hasResets(): boolean {
    return this.takenBack.size > 0;
  }

  /** Whether a stream was reset in what was read last: what opens and resets it at once asks for nothing. */
  isTakenBack(stream: number | undefined): boolean {
    return this.takenBack.size > 0 && this.takenBack.has(stream ?? 0);
  }

  /** @returns what there is too much of; nothing: undefined */
  read(octets: Octets, now: number): Flood | undefined {
    if (this.takenBack.size > 0) this.takenBack.clear();
    this.now = now;
    this.flood = undefined;
    this.scan(octets);
    return this.flood;
  }

  /** How much of a DATA frame is padding. */
  protected override contentBytes(type: number): number {
    return type === frameTypes.data && (this.flags & PADDED) !== 0 ? 1 : 0;
  }

  protected override onFrame(): boolean {
    this.flood = this.floodOf(this.now);
    return this.flood === undefined;
  }

  /** A head has begun that has not ended: nothing else may come before it has (RFC 9113 section 4.3). */
  get isWithinHead(): boolean {
    return this.isHeadContinued || (this.isHeadFrame && this.isWithinFrame);
  }

  private floodOf(now: number): Flood | undefined {
    this.isHeadFrame = this.type === frameTypes.headers || this.type === frameTypes.continuation;
    if (this.isHeadFrame) this.isHeadContinued = (this.flags & END_HEADERS) === 0;
    switch (this.type) {
      case frameTypes.headers:
        this.heads++;
        this.continuations = 0;
        return this.noteHead() ? undefined : this.spend("resets", now);
      case frameTypes.continuation:
        return ++this.continuations > CONTINUATIONS_MAX ? "continuations" : undefined;
      case frameTypes.data:
        this.received_bytes += this.length;
        if ((this.flags & END_STREAM) !== 0) this.unended.delete(this.stream);
        return this.hasContent || (this.flags & END_STREAM) !== 0 ? undefined : this.spend("empty-data", now);
      case frameTypes.priority:
        return this.spend("priorities", now);
      case frameTypes.reset:
        this.takenBack.add(this.stream);
        this.unended.delete(this.stream);
        return this.spend("resets", now);
      case frameTypes.settings:
        return this.spend("settings", now);
      case frameTypes.ping:
        return this.spend("pings", now);
      case frameTypes.windowUpdate:
        return this.spend("window-updates", now);
      case frameTypes.goaway:
        this.hasGoaway = true;
        return this.spend("other-frames", now);
      default:
        return this.spend("other-frames", now);
    }
  }

  /** @returns whether it asks for something, or ends what did: others the runtime reads, and leaves them alone (RFC 9113 section 5.1) */
  private noteHead(): boolean {
    const { stream } = this;
    const ends = (this.flags & END_STREAM) !== 0;
    if (stream <= this.lastStream) return ends && this.unended.delete(stream);
    this.lastStream = stream;
    if (!ends) this.unended.add(stream);
    return true;
  }

  /** Beside padding. */
  private get hasContent(): boolean {
    const { length } = this;
    return (this.flags & PADDED) === 0 ? length > 0 : length > 1 + this.byteIn(0);
  }

  private spend(kind: Budgeted, now: number): Flood | undefined {
    return this.tokensOf(kind).take(now) ? undefined : kind;
  }

  private tokensOf(kind: Budgeted): Tokens {
    let tokens = this.tokens.get(kind);
    if (tokens === undefined) {
      tokens = new Tokens(budgets[kind], this.now);
      this.tokens.set(kind, tokens);
    }
    return tokens;
  }
}
