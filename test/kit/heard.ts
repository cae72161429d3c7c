/**
 * What is heard at the two ends of a real connection: what a socket of the port says, and what the bare socket opposite gets.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket as RawSocket } from "node:net";
import { expect } from "vitest";
import type { SocketHandler } from "../../src/net/ports.ts";
import type { Octets } from "../../src/wire/octets.ts";

/** Of what arrives so much is kept as text. */
const TEXT_BYTES_MAX = 1_024;

/** What a socket said, in order; and whether it ever said something within a call to it. */
export class Heard implements SocketHandler {
  readonly said: string[] = [];
  readonly digest = createHash("sha256");
  receivedBytes = 0;
  text = "";
  isWithinCall = false;
  private waiting: (() => void)[] = [];

  onData(octets: Octets): void {
    this.receivedBytes += octets.length;
    this.digest.update(octets);
    if (this.text.length < TEXT_BYTES_MAX) this.text += octets.latin1Slice();
    this.note("data");
  }
  onEnd(): void {
    this.note("end");
  }
  onDrain(): void {
    this.note("drain");
  }
  onClose(fault: string | undefined): void {
    this.note(`close ${fault ?? "in order"}`);
  }

  private note(what: string): void {
    expect(this.isWithinCall).toBe(false);
    // Octets come in as many pieces as they like.
    if (what !== "data" || this.said.at(-1) !== "data") this.said.push(what);
    for (const wake of this.waiting.splice(0)) wake();
  }

  async until(isReached: () => boolean): Promise<void> {
    while (!isReached()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  hearing(what: string): Promise<void> {
    return this.until(() => this.said.includes(what));
  }
}

/** Everything a peer gets, to its end; rejects at a RST. */
export async function received(peer: RawSocket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  peer.on("data", (octets: Buffer) => pieces.push(octets)).resume();
  await once(peer, "end");
  return Buffer.concat(pieces);
}

/** Octets of which no part is like another: each is below 128. */
export function noise(seed: string, length: number): Octets {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = createHash("sha256").update(seed).digest().readUInt32LE();
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = (state ^ (state >>> 15)) & 0x7f7f7f7f;
  }
  return Buffer.from(words.buffer, 0, length) as unknown as Octets;
}

export function sha256(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}
