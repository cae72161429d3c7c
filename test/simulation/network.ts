/**
 * The simulated network: connections with latency, jitter, windows and odd segments, and what befalls them.
 *
 * Deliberately absent: who talks; see clients.ts and origins.ts.
 */
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import { SimSocket } from "./socket.ts";
import type { Timeline } from "./timeline.ts";

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
}

/** Up to here everything may arrive octet by octet. */
const OCTETS_MAX = 400;

/** One connection between the proxy and a neighbour, on either hop. */
export class Link {
  readonly name: string;
  readonly traits: LinkTraits;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly proxyEnd: SimSocket;
  readonly peerEnd: SimSocket;
  /** Its client wants a tunnel in the end. */
  mayTunnel = false;
  /** Nothing arrives any more, and nobody is told. */
  isSevered = false;
  /** Something befell it that neither neighbour did. */
  isHurt = false;
  private readonly timeline: Timeline;

  constructor(name: string, traits: LinkTraits, number: number, network: Network) {
    this.name = name;
    this.traits = traits;
    this.schedule = network.schedule;
    this.random = network.random.fork();
    this.timeline = network.timeline;
    const proxyPort = 10_000 + number;
    const peerPort = 30_000 + number;
    this.proxyEnd = new SimSocket(this, "proxy", {
      remote: `192.0.2.${number % 250}`,
      remotePort: peerPort,
      localPort: proxyPort,
    });
    this.peerEnd = new SimSocket(this, "peer", { remote: "203.0.113.1", remotePort: proxyPort, localPort: peerPort });
  }

  delay_ms(): number {
    const { latency_ms, jitter_ms } = this.traits;
    return latency_ms + Math.round(this.random.unit() * jitter_ms * 1_000) / 1_000;
  }

  /** The neighbours' readers are simple; it is the proxy that must put up with any cut. */
  segments(from: SimSocket, octets: Buffer): Buffer[] {
    const { segmentation } = this.traits;
    if (segmentation === "whole" || octets.length < 2 || from.side === "proxy") return [octets];
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

  /** Ends the connection from outside: RST to both ends, each in its own time. */
  cut(): void {
    this.isHurt = true;
    this.timeline.note(this.name, "~~~~ the network cuts the connection");
    for (const end of [this.proxyEnd, this.peerEnd]) this.schedule.after(this.random.skewed(50), () => end.onReset());
  }

  /** From now on nothing arrives on either side, and no one is told. */
  sever(): void {
    this.isHurt = true;
    this.isSevered = true;
    this.timeline.note(this.name, "~~~~ the network loses everything from now on");
  }

  noteWrite(socket: SimSocket, octets: Buffer): void {
    if (this.timeline.isOn) this.timeline.noteOctets(this.label(socket), "writes", octets.toString("latin1"));
  }

  noteRead(socket: SimSocket, octets: Buffer): void {
    if (this.timeline.isOn) this.timeline.noteOctets(this.label(socket), "reads", octets.toString("latin1"));
  }

  note(socket: SimSocket, what: string): void {
    if (this.timeline.isOn) this.timeline.note(this.label(socket), what);
  }

  private label(socket: SimSocket): string {
    return socket.side === "proxy" ? `  proxy ${this.name}` : this.name;
  }
}

export class Network {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly links: Link[] = [];

  constructor(schedule: Schedule, random: Random, timeline: Timeline) {
    this.schedule = schedule;
    this.random = random;
    this.timeline = timeline;
  }

  connect(name: string, traits: LinkTraits): Link {
    const link = new Link(name, traits, this.links.length + 1, this);
    this.links.push(link);
    return link;
  }

  /** Connections that are open on both sides and not hurt yet. */
  healthy(): Link[] {
    return this.links.filter(({ isHurt, proxyEnd, peerEnd }) => !isHurt && !proxyEnd.isGone && !peerEnd.isGone);
  }
}

/** Traits of a connection that carries bodies of up to `bodyBytesMax`: mostly quick and roomy, sometimes anything but. */
export function randomTraits(random: Random, bodyBytesMax: number): LinkTraits {
  return {
    latency_ms: random.pick([0, 0, 1, 5, 20]),
    jitter_ms: random.pick([0, 1, 10]),
    windowBytes: Math.max(random.pick([64, 1_024, 16_384, 65_536, 262_144]), bodyBytesMax >> 5),
    highWaterBytes: random.pick([1, 512, 4_096, 16_384, 65_536]),
    readBytesMax: Math.max(random.pick([64, 4_096, 65_536, 65_536]), bodyBytesMax >> 6),
    segmentation: random.pick(["whole", "whole", "cut", "cut", "cut", "octets"]),
  };
}

/** Traits without any delay that a limit of time could notice. */
export function calmTraits(random: Random, bodyBytesMax: number): LinkTraits {
  const traits = randomTraits(random, bodyBytesMax);
  return { ...traits, latency_ms: random.pick([0, 1, 2]), jitter_ms: 1, windowBytes: 262_144 };
}
