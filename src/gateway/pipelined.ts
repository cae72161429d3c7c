/**
 * What a client sent before its turn: requests behind the one in progress, or what it means for a tunnel.
 *
 * However small the segments and however many the requests, each octet is copied a bounded number of times on average: what
 * is held has room to grow, and what goes on waiting when a request was read stays where it is. Deliberately absent: pausing
 * the client, see downstream.ts.
 */
import type { Octets } from "../wire/octets.ts";

/** Octets that are kept while an exchange is in progress; then the client is not read from. */
const PIPELINED_BYTES_MAX = 64 * 1024;

const NOTHING = Buffer.alloc(0) as unknown as Octets;

export class Pipelined {
  private store = NOTHING;
  private start = 0;
  private end = 0;
  /** What was handed out to be read, until it is known what of it goes on waiting. */
  private taken: Octets | undefined;

  get length(): number {
    return this.end - this.start;
  }

  get isEmpty(): boolean {
    return this.start === this.end;
  }

  get isFull(): boolean {
    return this.length > PIPELINED_BYTES_MAX;
  }

  /** Keeps `octets` from `from` on, behind what is kept already. They are copied unless they were taken from here. */
  keep(octets: Octets, from: number): void {
    const added = octets.length - from;
    if (octets === this.taken) {
      this.taken = undefined;
      this.start = this.end - added;
      return;
    }
    if (this.store.length - this.end < added) this.grow(added);
    this.store.set(from === 0 ? octets : octets.subarray(from), this.end);
    this.end += added;
  }

  private grow(added: number): void {
    const kept = this.end - this.start;
    const store = Buffer.allocUnsafe(Math.max(kept + added, 2 * kept)) as unknown as Octets;
    store.set(this.store.subarray(this.start, this.end));
    this.store = store;
    this.start = 0;
    this.end = kept;
  }

  /** All of it, to be read now; `keep` takes back what has to go on waiting, `letGo` says that nothing has. */
  take(): Octets {
    if (this.isEmpty) return NOTHING;
    this.taken = this.store.subarray(this.start, this.end);
    this.start = this.end;
    return this.taken;
  }

  /** Frees what is not kept: a connection that idles holds no store. */
  letGo(): void {
    this.taken = undefined;
    if (!this.isEmpty) return;
    this.store = NOTHING;
    this.start = 0;
    this.end = 0;
  }
}

/** Shared by all connections that never sent anything before its turn: it stays empty. */
export const nothingPipelined = new Pipelined();
