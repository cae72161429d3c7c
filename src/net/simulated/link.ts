/**
 * One simulated connection: latency, jitter, windows, odd segments, and a loss that nobody is told of.
 *
 * Whoever wants to see what goes over it makes a subclass that listens to the notes. Deliberately absent: who talks, and
 * who dials whom; see network.ts.
 */
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import { SimSocket } from "./socket.ts";

export interface LinkTraits {
  readonly latency_ms: number;
  /** Up to this much is added for each segment. */
  readonly jitter_ms: number;
  /** Octets that the systems between two programs hold: sent, and not read yet. */
  readonly windowBytes: number;
  /** Unsent octets at which a writer is asked to wait. */
  readonly highWaterBytes: number;
  readonly readBytesMax: number;
  /** How what is sent is cut: not, at random places, or octet by octet as long as it is short. */
  readonly segmentation: "whole" | "cut" | "octets";
  /**
   * How likely RST does what it may: takes octets with it that are on their way or not read yet, and is told at once. 0 is
   * what Linux does: RST comes in its order, and what has arrived can be read.
   */
  readonly rstHarm: number;
}

/** Which end of a link a socket is. What the ends stand for is up to whoever makes the link. */
export type LinkSide = "near" | "far";

export interface LinkEnd {
  readonly address: string;
  readonly port: number;
}

export interface LinkOptions {
  readonly name: string;
  readonly traits: LinkTraits;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly near: LinkEnd;
  readonly far: LinkEnd;
}

/** Up to here everything may arrive octet by octet. */
const OCTETS_MAX = 400;

export class Link {
  readonly name: string;
  readonly traits: LinkTraits;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly near: SimSocket;
  readonly far: SimSocket;
  /** Nothing arrives any more, and nobody is told. */
  isSevered = false;

  constructor({ name, traits, schedule, random, near, far }: LinkOptions) {
    this.name = name;
    this.traits = traits;
    this.schedule = schedule;
    this.random = random;
    this.near = new SimSocket(this, "near", { remote: far.address, remotePort: far.port, localPort: near.port });
    this.far = new SimSocket(this, "far", { remote: near.address, remotePort: near.port, localPort: far.port });
  }

  delay_ms(): number {
    const { latency_ms, jitter_ms } = this.traits;
    return latency_ms + Math.round(this.random.unit() * jitter_ms * 1_000) / 1_000;
  }

  /** The segments in which octets travel. */
  segments(_from: SimSocket, octets: Buffer): Buffer[] {
    const { segmentation } = this.traits;
    if (segmentation === "whole" || octets.length < 2) return [octets];
    const isOctets = segmentation === "octets" && octets.length <= OCTETS_MAX;
    const pieces: Buffer[] = [];
    const longest = Math.max(8, octets.length >> 1);
    for (let start = 0; start < octets.length; ) {
      const end = isOctets ? start + 1 : start + this.random.between(1, longest);
      pieces.push(octets.subarray(start, end));
      start = end;
    }
    return pieces;
  }

  noteWrite(_socket: SimSocket, _octets: Buffer): void {}

  noteRead(_socket: SimSocket, _octets: Buffer): void {}

  note(_socket: SimSocket, _what: string): void {}
}
