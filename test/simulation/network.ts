/**
 * The proxy's connections in a simulated world, and what befalls them.
 *
 * Deliberately absent: who talks; see clients.ts and origins.ts.
 */
import { type LinkTraits, Link as SimulatedLink } from "../../src/net/simulated/link.ts";
import type { Random } from "../../src/net/simulated/random.ts";
import type { Schedule } from "../../src/net/simulated/schedule.ts";
import type { SimSocket } from "../../src/net/simulated/socket.ts";
import type { Timeline } from "./timeline.ts";

/** RST does all that it may, half of the time. */
const RST_HARM = 0.5;

/** Of the neighbours: each connection's has one of its own. */
const FIRST_PORT = 30_001;

/** One connection between the proxy and a neighbour, on either hop. */
export class Link extends SimulatedLink {
  /** Something befell it that neither neighbour did. */
  isHurt = false;
  private readonly timeline: Timeline;
  readonly network: Network;

  constructor(name: string, traits: LinkTraits, number: number, network: Network) {
    super({
      name,
      traits,
      schedule: network.schedule,
      random: network.random.fork(),
      near: { address: "203.0.113.1", port: 10_000 + number },
      far: { address: network.addressOf(number), port: FIRST_PORT + number - 1 },
    });
    this.timeline = network.timeline;
    this.network = network;
  }

  get proxyEnd(): SimSocket {
    return this.near;
  }

  get peerEnd(): SimSocket {
    return this.far;
  }

  /** The neighbours' readers are simple; it is the proxy that must put up with any cut. */
  override segments(from: SimSocket, octets: Buffer): Buffer[] {
    return from === this.proxyEnd ? [octets] : super.segments(from, octets);
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

  override noteWrite(socket: SimSocket, octets: Buffer): void {
    this.network.activity++;
    if (this.timeline.isOn) this.timeline.noteOctets(this.label(socket), "writes", octets.toString("latin1"));
  }

  override noteRead(socket: SimSocket, octets: Buffer): void {
    this.network.activity++;
    if (this.timeline.isOn) this.timeline.noteOctets(this.label(socket), "reads", octets.toString("latin1"));
  }

  override note(socket: SimSocket, what: string): void {
    if (this.timeline.isOn) this.timeline.note(this.label(socket), what);
  }

  private label(socket: SimSocket): string {
    return socket === this.proxyEnd ? `  proxy ${this.name}` : this.name;
  }
}

export class Network {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly links: Link[] = [];
  /** How often anything was written or read, or a client heard something. */
  activity = 0;
  /** Whether each connection is of a client of its own. Otherwise most are one client's, and some are of others. */
  private readonly areStrangers: boolean;

  constructor(schedule: Schedule, random: Random, timeline: Timeline, areStrangers = false) {
    this.areStrangers = areStrangers;
    this.schedule = schedule;
    this.random = random;
    this.timeline = timeline;
  }

  addressOf(number: number): string {
    return `192.0.2.${this.areStrangers ? number % 250 : Math.max(1, (number % 5) - 1)}`;
  }

  /** The connection whose neighbour has this port. */
  linkAt(port: number): Link | undefined {
    return this.links[port - FIRST_PORT];
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
    rstHarm: RST_HARM,
  };
}

/** Traits without any delay that a limit of time could notice. */
export function calmTraits(random: Random, bodyBytesMax: number): LinkTraits {
  const traits = randomTraits(random, bodyBytesMax);
  return { ...traits, latency_ms: random.pick([0, 1, 2]), jitter_ms: 1, windowBytes: 262_144 };
}
