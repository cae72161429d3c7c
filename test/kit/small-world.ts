/**
 * A gateway between raw clients and an origin of one answer, on a simulated network under virtual time.
 *
 * For what real sockets cannot show to the octet: how much a client has taken, and what happens in one moment. Deliberately
 * absent: random faults; the simulation has them.
 */

import type { HookSettings } from "../../src/exchange/hooks.ts";
import { type Entrance, openEntrance } from "../../src/gateway/entrance.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { Socket } from "../../src/net/ports.ts";
import type { LinkTraits } from "../../src/net/simulated/link.ts";
import { SimulatedNetwork } from "../../src/net/simulated/network.ts";
import { Schedule } from "../../src/net/simulated/schedule.ts";
import { parseOriginAddress } from "../../src/pool/origin-address.ts";
import { Bell } from "./bell.ts";
import { RecordingObserver } from "./recording-observer.ts";
import { baseSettings, type SceneSettings } from "./stage.ts";

/** Octets that the systems hold for somebody who does not read. */
export const WINDOW_BYTES = 32 * 1024;

const traits: LinkTraits = {
  latency_ms: 1,
  jitter_ms: 0,
  windowBytes: WINDOW_BYTES,
  highWaterBytes: 16 * 1024,
  readBytesMax: 64 * 1024,
  segmentation: "whole",
  rstHarm: 0,
};

export class SmallClient {
  received = "";
  /** How the proxy ended its side. */
  ended: "FIN" | "RST" | undefined;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.handler = {
      onData: (octets) => {
        this.received += octets.latin1Slice();
      },
      onEnd: () => {
        this.ended ??= "FIN";
      },
      onDrain: () => undefined,
      onClose: (fault) => {
        this.ended ??= fault === undefined ? "FIN" : "RST";
      },
    };
  }
}

export class SmallWorld {
  readonly schedule = new Schedule();
  readonly observer = new RecordingObserver(new Bell());
  readonly gateway: Gateway;
  /** What arrived at the origin, all connections together. */
  asked = "";
  /** How the proxy ended its connections to the origin, in the order they were gone. */
  readonly originEnds: ("FIN" | "RST")[] = [];
  /** The origin's ends of its connections. */
  readonly origins: Socket[] = [];
  /** Where clients come in. */
  entrance: Entrance = openEntrance;
  private readonly network = new SimulatedNetwork(this.schedule, traits);
  private readonly port: number;

  /** @param answer what the origin says to each read, or does; undefined: nothing */
  constructor(
    settings: SceneSettings,
    answer: string | ((socket: Socket, asked: string) => void) | undefined,
    hooks?: HookSettings,
  ) {
    const origin = this.network.listen((socket) => {
      this.origins.push(socket);
      socket.handler = {
        onData: (octets) => {
          const asked = octets.latin1Slice();
          this.asked += asked;
          if (typeof answer === "string") socket.write(answer);
          else answer?.(socket, asked);
        },
        onEnd: () => socket.end(),
        onDrain: () => undefined,
        onClose: (fault) => this.originEnds.push(fault === undefined ? "FIN" : "RST"),
      };
    });
    const { clock, dialer } = this.network;
    const origins = [parseOriginAddress(`http://${origin.address.host}:${origin.address.port}`)];
    this.gateway = new Gateway(
      { ...baseSettings, ...settings, origins },
      {
        ...{ clock, dialer, observer: this.observer, hooks },
      },
    );
    this.port = this.network.listen((socket) => this.gateway.accept(socket, this.entrance)).address.port;
  }

  connect(): SmallClient {
    let client: SmallClient | undefined;
    this.network.dialer.dial(
      { kind: "tcp", host: "127.0.0.1", port: this.port },
      {
        onConnected: (socket) => {
          client = new SmallClient(socket);
        },
        onFailed: (fault) => {
          throw new Error(`the gateway cannot be reached: ${fault}`);
        },
      },
    );
    this.pass(10);
    if (client === undefined) throw new Error("the gateway did not accept in time");
    return client;
  }

  /** Lets time pass, with everything that happens in it. */
  pass(ms: number): void {
    const until_ms = this.schedule.now_ms + ms;
    while (this.schedule.step(until_ms));
  }

  /** Why clients' connections closed, in the order they were opened; open: undefined. */
  get clientCloses() {
    return this.observer.downstream.map(({ closes }) => closes[0]);
  }

  /** The same of the origin's. */
  get originCloses() {
    return this.observer.upstream.map(({ closes }) => closes[0]);
  }
}
