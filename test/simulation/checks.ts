/**
 * What must hold at every moment, and what must be left when all is over.
 *
 * Deliberately absent: what is judged on the wires, see request-judge.ts and response-judge.ts.
 */

import { Exchange } from "../../src/exchange/exchange.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import { ByTarget } from "../../src/forward/forward-routing.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import type { VirtualClock } from "../../src/net/simulated/schedule.ts";
import type { Endpoint } from "../../src/pool/endpoint.ts";
import type { PooledConnection } from "../../src/pool/pooled-connection.ts";
import { fail } from "./failure.ts";
import type { Network } from "./network.ts";
import type { SimObserver } from "./observer.ts";

/** Connections beyond the limit that may be open until their request is heard. */
const SURPLUS_MAX = 64;
/** One read, of the largest size. */
const READ_BYTES = 64 * 1024;
/** What the proxy documents to hold of a body or of pipelined requests, and the read that goes beyond it. */
const HELD_BYTES_MAX = 64 * 1024 + READ_BYTES;
/** So long an endpoint is not trusted that said more than it was asked for; the word of it comes a little later. */
const DISTRUSTED_MS = 55_000;
/** How long a handshake keeps others waiting, with the step of deadlines. */
const HANDSHAKE_MS_MAX = 1_000 + 100;
/** Heads and chunk framing that are written around it. */
const SLACK_BYTES = 16 * 1024;

export class Checks {
  private readonly gateway: Gateway;
  private readonly network: Network;
  private readonly clock: VirtualClock;
  private readonly observer: SimObserver;
  /** When each endpoint was last known to have said more than it was asked for. */
  private readonly surplusAt_ms = new Map<Endpoint, number>();

  constructor(gateway: Gateway, network: Network, clock: VirtualClock, observer: SimObserver) {
    this.gateway = gateway;
    this.network = network;
    this.clock = clock;
    this.observer = observer;
    observer.onGaveWay = (record) => this.gaveWay(record);
    observer.onReused = (connection) => this.reused(connection);
    observer.onUpstreamClosed = ({ endpoint, life }) => {
      if (life.closeReason === "unexpected-octets") this.surplusAt_ms.set(endpoint, clock.now());
    };
  }

  /** A client that has one place keeps it: no share is smaller. Limits of time are too short here for anybody to be slow. */
  private gaveWay({ downstream, target }: ExchangeRecord): void {
    const connections = [...this.gateway.clients.connections];
    const places = connections.flatMap(({ place }) => (place === undefined ? [] : [place]));
    const client = connections.find(({ id }) => id === downstream.id)?.place?.client;
    const count = places.filter((place) => place.client === client).length;
    if (count < 2) fail("fair-share", `${target} of ${client} gave way, the only one of its client`);
  }

  private reused({ endpoint, id, openedAt_ms, idleSince_ms, binding }: PooledConnection): void {
    const age_ms = this.clock.now() - openedAt_ms;
    if (age_ms > this.gateway.context.settings.poolMaxAge_ms && !binding?.isMidway) {
      fail("limits", `connection ${id} is used again ${age_ms} ms after it was opened`);
    }
    const distrusted_ms = idleSince_ms - (this.surplusAt_ms.get(endpoint) ?? Number.NEGATIVE_INFINITY);
    if (distrusted_ms > 0 && distrusted_ms < DISTRUSTED_MS) {
      const { name } = endpoint.origin;
      fail("clean-reuse", `connection ${id} is used again, and ${name} said too much ${distrusted_ms} ms before`);
    }
  }

  /** After every event. */
  always(): void {
    const { clients, context, routing } = this.gateway;
    const { maxConnections, poolSize } = context.settings;
    if (clients.open > maxConnections + SURPLUS_MAX) fail("limits", `${clients.open} client connections are open`);
    if (clients.open < 0) fail("limits", `${clients.open} client connections are open`);
    for (const endpoint of routing.endpoints) {
      const size = endpoint.connections.size + endpoint.dialing;
      if (size > poolSize) fail("limits", `${size} connections to ${endpoint.origin.name}`);
      if (endpoint.inUse < 0 || endpoint.dialing < 0) fail("limits", "a count has become negative");
    }
    const idle = routing.endpoints.reduce((sum, it) => sum + it.idleCount + it.idleBoundCount, 0);
    const { idleMax = Number.POSITIVE_INFINITY, originsMax = 0 } = context.settings.forward ?? {};
    // biome-ignore lint/complexity/useLiteralKeys: in brackets, what is private has a type, and a renamed field does not compile
    const origins = routing instanceof ByTarget ? routing["directory"]["entries"].size : 0;
    if (origins > originsMax) fail("limits", `${origins} origins have a pool`);
    if (idle > idleMax) fail("limits", `${idle} connections idle in all`);
    if (routing.waiting > 0 && routing.endpoints.length === 1) this.nobodyIdles();
    if (routing.endpoints.some(({ idleBoundCount }) => idleBoundCount > 0)) this.everyBoundOneHasItsClient();
    this.everythingHasLeft();
  }

  /** Between events nothing waits to be handed to a socket. */
  private everythingHasLeft(): void {
    const { clients, routing } = this.gateway;
    const upstream = routing.endpoints.flatMap(({ connections }) => [...connections]);
    for (const { hop, id, life, outbox } of [...clients.connections, ...upstream]) {
      if (!life.isEnding && !outbox.isEmpty) fail("nothing-left", `bytes are left in the outbox of ${hop} ${id}`);
    }
  }

  /** What authentication has bound to a client's connection does not outlive that. */
  private everyBoundOneHasItsClient(): void {
    const { clients, routing } = this.gateway;
    const serving = new Set([...clients.connections].filter(({ life }) => !life.isEnding).map(({ id }) => id));
    for (const { connections } of routing.endpoints) {
      for (const { life, binding, id } of connections) {
        if (binding === undefined || life.state !== "idle" || serving.has(binding.owner.clientId)) continue;
        fail("bound-to-client", `connection ${id} idles, bound to ${binding.owner.clientId}, which is gone`);
      }
    }
  }

  /** Nobody waits for room beside a connection that nobody uses, unless one is closing for it, settles, or is in a handshake. */
  private nobodyIdles(): void {
    for (const { connections } of this.gateway.routing.endpoints) {
      if ([...connections].some(({ isSettling }) => isSettling)) continue;
      const now = this.clock.now();
      const isInHandshake = ({ binding }: PooledConnection) =>
        binding?.isMidway && now - binding.since_ms < HANDSHAKE_MS_MAX;
      const all = [...connections];
      const idles = all.some((it) => it.life.state === "idle" && !isInHandshake(it));
      if (idles && !all.some(({ life }) => life.state === "closing")) {
        fail("liveness", `${this.gateway.routing.waiting} requests wait for room while a connection idles`);
      }
    }
  }

  /** Now and then: what is held for each connection is bounded. */
  buffers(): void {
    for (const connection of this.gateway.clients.connections) {
      // biome-ignore lint/complexity/useLiteralKeys: in brackets, what is private has a type, and a renamed field does not compile
      const exchange = connection["exchange"];
      const held = exchange instanceof Exchange ? (exchange.request.lengthHeld ?? 0) : 0;
      // biome-ignore lint/complexity/useLiteralKeys: the same
      const pipelined = connection["pipelined"].length;
      if (held > HELD_BYTES_MAX || pipelined > HELD_BYTES_MAX) {
        fail("limits", `${held} octets of a body and ${pipelined} of pipelined requests are held`);
      }
    }
  }

  /** Every connection that was ever open has had at most so much unsent. */
  unsent(): void {
    for (const { proxyEnd, traits, name } of this.network.links) {
      if (proxyEnd.unsentBytesMax > traits.highWaterBytes + HELD_BYTES_MAX + SLACK_BYTES) {
        fail("limits", `${proxyEnd.unsentBytesMax} octets were unsent on ${name}`);
      }
    }
  }

  /** When all is over. */
  nothingLeft(pendingDials: number): void {
    const left = this.leftovers(pendingDials);
    if (left !== "") fail("nothing-left", `when all was over, these were left: ${left}`);
    if (this.observer.drainedWith === undefined) fail("nothing-left", "the drain never ended");
  }

  /** Everything that the proxy still has, in words. */
  leftovers(pendingDials: number): string {
    const { gateway, network, clock, observer } = this;
    const left: string[] = [];
    const count = (what: string, size: number) => {
      if (size !== 0) left.push(`${size} ${what}`);
    };
    count("client connections", gateway.clients.connections.size);
    count("open client connections by count", gateway.clients.open);
    count("clients in the list of idle ones", gateway.clients.idle.size);
    count("clients in the list of those that send a head", gateway.clients.reading.size);
    count("clients in the list of closing ones", gateway.clients.lingering.size);
    for (const endpoint of gateway.routing.endpoints) {
      count(`connections of ${endpoint.origin.name}`, endpoint.connections.size);
      count(`counted dials of ${endpoint.origin.name}`, endpoint.dialing);
      count(`exchanges of ${endpoint.origin.name}`, endpoint.inUse);
      count(`idle connections of ${endpoint.origin.name}`, endpoint.idleCount + endpoint.idleBoundCount);
    }
    count("requests in line", gateway.routing.waiting);
    count("deadlines", gateway.context.deadlines.size);
    count("timers", clock.pending);
    count("dials that go on", pendingDials);
    count("connections not told closed", observer.open.size);
    const sockets = network.links.filter(({ proxyEnd }) => !proxyEnd.isClosedTold);
    count(`sockets (${sockets.map(({ name }) => name).join(", ")})`, sockets.length);
    return left.join("; ");
  }
}
