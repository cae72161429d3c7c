/**
 * A simulated network under virtual time: whoever listens can be dialed, and a handshake takes a round trip.
 *
 * Ports are numbered, so that the same conversation has the same ports each time. Deliberately absent: names, routes and
 * faults; all of it is one machine, and a port that nobody listens on refuses.
 */
import type { Address, Dialer, DialHandler, GiveUp, Listener, Socket } from "../ports.ts";
import { Link, type LinkTraits } from "./link.ts";
import { Random } from "./random.ts";
import { type Schedule, VirtualClock } from "./schedule.ts";

const HOST = "127.0.0.1";
const FIRST_LISTENING_PORT = 8_001;
const FIRST_DIALING_PORT = 50_001;

export class SimulatedNetwork {
  readonly schedule: Schedule;
  readonly clock: VirtualClock;
  readonly dialer: Dialer;
  private readonly traits: LinkTraits;
  private readonly random: Random;
  private readonly listeners = new Map<number, (socket: Socket) => void>();
  private nextListeningPort = FIRST_LISTENING_PORT;
  private nextDialingPort = FIRST_DIALING_PORT;

  constructor(schedule: Schedule, traits: LinkTraits, seed = 1) {
    this.schedule = schedule;
    this.clock = new VirtualClock(schedule);
    this.traits = traits;
    this.random = new Random(seed);
    this.dialer = { dial: (address, handler) => this.dial(address, handler) };
  }

  listen(onSocket: (socket: Socket) => void): Listener {
    const port = this.nextListeningPort++;
    this.listeners.set(port, onSocket);
    return { address: { host: HOST, port }, close: () => void this.listeners.delete(port) };
  }

  private dial(address: Address, handler: DialHandler): GiveUp {
    const { schedule, traits } = this;
    let isGivenUp = false;
    // SYN, and SYN-ACK or RST. The accepting side waits for one flight more: the ACK, or the first octets with it.
    schedule.after(traits.latency_ms * 2, () => {
      if (isGivenUp) return;
      const onSocket = address.kind === "tcp" ? this.listeners.get(address.port) : undefined;
      if (onSocket === undefined || address.kind !== "tcp") return handler.onFailed("ECONNREFUSED");
      const near = { address: HOST, port: this.nextDialingPort++ };
      const far = { address: HOST, port: address.port };
      const name = `${near.port}-${far.port}`;
      const link = new Link({ name, traits, schedule, random: this.random.fork(), near, far });
      schedule.after(traits.latency_ms, () => onSocket(link.far));
      if (address.preamble !== undefined) link.near.write(address.preamble);
      handler.onConnected(link.near);
    });
    return () => {
      isGivenUp = true;
      return "connection";
    };
  }
}
