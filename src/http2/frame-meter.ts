/**
 * What a client's HTTP/2 connection is used for, by the heads of its frames: so that frames which ask for nothing do not keep us busy.
 *
 * The runtime reads the frames and tells little of them; of a stream that is opened and reset at once it tells the reset last.
 * Each kind of frame has a budget that fills again with time, as large as the liveliest honest client needs (RFC 9113 section
 * 10.5 names the kinds). Deliberately absent: what the frames say, and whether they may be said.
 */
import type { Octets } from "../wire/octets.ts";

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

const FRAME_HEAD_BYTES = 9;
const [DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION] = [0, 1, 2, 3, 4, 6, 8, 9];
const END_STREAM = 0x1;
/** A head of 64 KiB has four frames of the size that clients use. With one more than this the runtime ends the connection, and says nothing of it. */
const CONTINUATIONS_MAX = 8;
/** Clients say for every few KiB that they have taken them, twice: for the stream and for the connection. */
const BYTES_PER_WINDOW_UPDATE = 512;

interface Budget {
  readonly atOnce: number;
  readonly perSecond: number;
}

const budgets: Readonly<Record<Exclude<Flood, "continuations">, Budget>> = {
  // A page that is left resets all that it has asked for, which is 100 at most.
  resets: { atOnce: 200, perSecond: 50 },
  settings: { atOnce: 20, perSecond: 1 },
  // gRPC measures with them how much is under way.
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

  give(count: number): void {
    this.left += count;
  }
}

export class FrameMeter {
  private readonly head = new Uint8Array(FRAME_HEAD_BYTES);
  private headBytes = 0;
  /** Bytes to go of what is not looked at: the preface, or a frame's content. */
  private skip: number;
  private continuations = 0;
  private readonly tokens = new Map<Flood, Tokens>();
  private sent_bytes = 0;
  private readonly takenBack = new Set<number>();

  /** @param preface_bytes how long what stands before the first frame is */
  constructor(preface_bytes: number) {
    this.skip = preface_bytes;
  }

  /** Bytes went to the client: it will say that it has taken them. */
  noteSent(bytes: number): void {
    this.sent_bytes += bytes;
  }

  /** Whether a stream was reset in what was read last: what opens and resets it at once asks for nothing. */
  isTakenBack(stream: number | undefined): boolean {
    return this.takenBack.size > 0 && this.takenBack.has(stream ?? 0);
  }

  /** @returns what there is too much of; nothing: undefined */
  read(octets: Octets, now: number): Flood | undefined {
    if (this.takenBack.size > 0) this.takenBack.clear();
    for (let at = 0; at < octets.length; ) {
      if (this.skip > 0) {
        const step = Math.min(this.skip, octets.length - at);
        this.skip -= step;
        at += step;
        continue;
      }
      this.head[this.headBytes++] = octets[at++] as number;
      if (this.headBytes < FRAME_HEAD_BYTES) continue;
      this.headBytes = 0;
      const flood = this.onFrame(now);
      if (flood !== undefined) return flood;
    }
    return undefined;
  }

  private onFrame(now: number): Flood | undefined {
    const [high = 0, middle = 0, low = 0, type = 0, flags = 0] = this.head;
    const length = (high << 16) | (middle << 8) | low;
    this.skip = length;
    switch (type) {
      case HEADERS:
        this.continuations = 0;
        return undefined;
      case CONTINUATION:
        return ++this.continuations > CONTINUATIONS_MAX ? "continuations" : undefined;
      case DATA:
        return length > 0 || (flags & END_STREAM) !== 0 ? undefined : this.spend("empty-data", now);
      case PRIORITY:
        return this.spend("priorities", now);
      case RST_STREAM:
        this.takenBack.add(this.stream);
        return this.spend("resets", now);
      case SETTINGS:
        return this.spend("settings", now);
      case PING:
        return this.spend("pings", now);
      case WINDOW_UPDATE:
        return this.spend("window-updates", now);
      default:
        return this.spend("other-frames", now);
    }
  }

  /** The frame's stream; its highest bit says nothing (RFC 9113 section 4.1). */
  private get stream(): number {
    const [, , , , , high = 0, second = 0, third = 0, low = 0] = this.head;
    return ((high & 0x7f) << 24) | (second << 16) | (third << 8) | low;
  }

  private spend(kind: Exclude<Flood, "continuations">, now: number): Flood | undefined {
    let tokens = this.tokens.get(kind);
    if (tokens === undefined) {
      tokens = new Tokens(budgets[kind], now);
      this.tokens.set(kind, tokens);
    }
    if (kind === "window-updates") {
      tokens.give(this.sent_bytes / BYTES_PER_WINDOW_UPDATE);
      this.sent_bytes = 0;
    }
    return tokens.take(now) ? undefined : kind;
  }
}

const GOAWAY = 7;
const GOAWAY_BYTES = 17;

/** Whether what is written ends with a GOAWAY that says that something was wrong. */
export function endsWithFault(written: Buffer): boolean {
  const at = written.length - GOAWAY_BYTES;
  if (at < 0 || written[at + 3] !== GOAWAY || written.readUIntBE(at, 3) !== GOAWAY_BYTES - FRAME_HEAD_BYTES)
    return false;
  return written.readUInt32BE(at + 5) === 0 && written.readUInt32BE(at + 13) !== 0;
}
