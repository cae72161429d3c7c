/**
 * A raw neighbour of the proxy on a real socket: a client or an origin that sends exact octets and awaits exact ones.
 *
 * Text stands for octets as latin1. Every error shows what had arrived. Deliberately absent: HTTP.
 */
import type { Socket as RawSocket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Bell } from "./bell.ts";
import type { WatchedSocket } from "./watched-socket.ts";

/** A wire that has taken nothing for so long is full. */
const FULL_MS = 50;

/** How the other side ended its sending: `FIN` in order, `RST` at once. */
export type WireEnd = "FIN" | "RST";

export class WireError extends Error {
  override readonly name = "WireError";
}

/**
 * Looks at the octets that have arrived and were not taken yet. @returns how many of them are what was expected,
 * `undefined` when more are needed, or a sentence that says what is wrong.
 */
export type Matcher = (arrived: string, hasEnded: boolean) => number | undefined | string;

export class Peer {
  /** `client 1`, `origin 2`. */
  readonly name: string;
  /** How the proxy ended its side. */
  ended: WireEnd | undefined;
  /** What has arrived and was not taken yet. */
  arrived = "";
  /** Everything that has arrived. */
  history = "";
  private isClosed = false;
  private hasReset = false;
  private sentBytes = 0;
  private readonly raw: RawSocket;
  /** The proxy's end of this connection. */
  private readonly far: () => WatchedSocket | undefined;
  private readonly bell: Bell;
  /** What can be reset: the socket itself, or what is below its TLS. */
  private readonly transport: RawSocket;

  constructor(name: string, raw: RawSocket, bell: Bell, far: () => WatchedSocket | undefined, transport = raw) {
    this.name = name;
    this.raw = raw;
    this.transport = transport;
    this.bell = bell;
    this.far = far;
    raw.setNoDelay(true);
    raw.on("data", (octets: Buffer) => {
      const text = octets.toString("latin1");
      this.history += text;
      this.arrived += text;
      bell.ring();
    });
    raw.on("end", () => {
      this.ended ??= "FIN";
      bell.ring();
    });
    raw.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") this.ended ??= "RST";
      bell.ring();
    });
    raw.on("close", () => {
      this.isClosed = true;
      bell.ring();
    });
  }

  /** Sends each piece in a segment of its own: the next one only after the proxy has read the one before. */
  async send(...pieces: string[]): Promise<void> {
    for (const piece of pieces) {
      if (this.isClosed || this.raw.writableEnded) return;
      this.raw.write(piece, "latin1");
      this.sentBytes += piece.length;
      await this.until("the proxy reads what was sent", () => this.far()?.hasRead(this.sentBytes) === true);
    }
  }

  /** Sends before the proxy runs again, which reads it behind what happens in `standStill`. */
  async sendMeanwhile(text: string, standStill: () => void): Promise<void> {
    this.raw.write(text, "latin1");
    this.sentBytes += text.length;
    standStill();
    await this.until("the proxy reads what was sent", () => this.far()?.hasRead(this.sentBytes) === true);
  }

  /** Closes our side with FIN; what the proxy still sends is read. */
  async end(): Promise<void> {
    this.raw.end();
    await this.until("the proxy sees our FIN", () => this.isClosed || this.far()?.hasNoticedEnd() === true);
  }

  /** Ends both sides at once with RST. */
  async reset(): Promise<void> {
    this.hasReset = true;
    this.transport.resetAndDestroy();
    await this.until("the proxy sees our RST", () => this.far()?.isClosed === true);
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.raw.pause();
  }

  resume(): void {
    this.raw.resume();
  }

  /** Waits until the proxy has more for us than the wire takes, and the wire takes no more of it. */
  async proxyIsBlocked(): Promise<void> {
    let before: number | undefined;
    do {
      await this.until("the wire takes no more", () => this.far()?.isFull === true);
      before = this.far()?.unsentBytes;
      // The buffers of the system grow while they are filled, and say so by nothing but taking more.
      await pause(FULL_MS);
    } while (this.far()?.isFull !== true || this.far()?.unsentBytes !== before);
    // Over TLS the system takes what was written a turn later, which is not its peer's doing.
    if (this.transport !== this.raw) this.far()?.tookSome();
  }

  /** Takes what `matcher` expects from what arrives. */
  async receive(what: string, matcher: Matcher): Promise<string> {
    let taken = 0;
    await this.until(`${what} arrives`, () => {
      const verdict = matcher(this.arrived, this.ended !== undefined || this.isClosed);
      if (typeof verdict === "string") throw this.error(`expected ${what}, but ${verdict}`);
      taken = verdict ?? 0;
      return verdict !== undefined;
    });
    const text = this.arrived.slice(0, taken);
    this.arrived = this.arrived.slice(taken);
    return text;
  }

  /** Waits until the proxy ends its side; what arrives before that is unexpected. After our own reset nothing arrives. */
  async seeEnd(expected: WireEnd | "either"): Promise<void> {
    if (this.hasReset) return;
    await this.until("the proxy ends its side", () => {
      if (this.arrived !== "") throw this.error("more arrived than was expected");
      return this.ended !== undefined;
    });
    // The proxy's TLS sockets have no RST: they close without an alert, which a peer's stream does not tell from one with.
    const isTold = expected !== "either" && !(expected === "RST" && this.transport !== this.raw);
    if (isTold && this.ended !== expected) {
      throw this.error(`the proxy was to end this with ${expected}, it ended with ${this.ended}`);
    }
  }

  /** Nothing has arrived that was not taken, and the proxy has not closed its side. */
  assertOpen(): void {
    if (this.arrived !== "") throw this.error("more arrived than was expected");
    if (this.ended !== undefined || this.far()?.hasEnded === true) {
      throw this.error("the proxy closed this connection, which was to persist");
    }
  }

  destroy(): void {
    this.raw.destroy();
  }

  error(what: string): WireError {
    return new WireError(
      `${this.name}: ${what}\n  not taken yet: ${visible(this.arrived)}\n  arrived in all: ${visible(this.history)}` +
        (this.ended === undefined ? "" : `, then ${this.ended}`),
    );
  }

  private until(what: string, isReached: () => boolean): Promise<void> {
    return this.bell.until(isReached, () => this.error(`waited too long until ${what}`));
  }
}

/** Octets as people can read them. */
export function visible(octets: string): string {
  if (octets === "") return "nothing";
  return JSON.stringify(octets.length > 1_000 ? `${octets.slice(0, 500)} … ${octets.slice(-400)}` : octets);
}
