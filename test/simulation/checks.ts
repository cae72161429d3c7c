/**
 * What must hold at every moment, and what must be left when all is over.
 *
 * Deliberately absent: what is judged on the wires, see request-judge.ts and response-judge.ts.
 */

import type { ConnectionRecord, EndpointRecord } from "../../src/connection/connection-record.ts";
import type { Place } from "../../src/connection/fair-share.ts";
import { Exchange } from "../../src/exchange/exchange.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { GatewaySettings } from "../../src/exchange/settings.ts";
import { ByTarget } from "../../src/forward/forward-routing.ts";
import type { DownstreamConnection } from "../../src/gateway/downstream.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { Http2Connection } from "../../src/gateway/http2-connection.ts";
import type { Http2Exchange } from "../../src/gateway/http2-exchange.ts";
import type { VirtualClock } from "../../src/net/simulated/schedule.ts";
import type { Endpoint } from "../../src/pool/endpoint.ts";
import type { EndpointPlan } from "../../src/pool/group.ts";
import type { OriginAddress } from "../../src/pool/origin-address.ts";
import type { PooledConnection } from "../../src/pool/pooled-connection.ts";
import { http1Clients } from "../kit/http1-clients.ts";
import { fail } from "./failure.ts";
import type { SimNames } from "./names-world.ts";
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

interface Limits {
  readonly settings: GatewaySettings;
  readonly plans: ReadonlyMap<OriginAddress, EndpointPlan>;
  readonly atOnce: number | undefined;
}

export class Checks {
  private readonly gateway: Gateway;
  private readonly network: Network;
  private readonly clock: VirtualClock;
  private readonly observer: SimObserver;
  /** When each endpoint was last known to have said more than it was asked for. */
  private readonly surplusAt_ms = new Map<EndpointRecord, number>();

  /** Where endpoints are what a name leads to: what was told of it. */
  names: SimNames | undefined;
  /** What each endpoint still had to do that is not named any more. */
  private readonly leftToDo = new Map<Endpoint, number>();

  private limits: Limits | undefined;

  constructor(gateway: Gateway, network: Network, clock: VirtualClock, observer: SimObserver) {
    this.gateway = gateway;
    this.network = network;
    this.clock = clock;
    this.observer = observer;
    observer.onGaveWay = (record) => this.gaveWay(record);
    observer.onReused = (connection) => this.reused(connection);
    observer.onUpstreamClosed = ({ endpoint, closeReason }) => {
      if (endpoint !== undefined && closeReason === "unexpected-octets") this.surplusAt_ms.set(endpoint, clock.now());
    };
  }

  /** A client that has one place keeps it: no share is smaller. Limits of time are too short here for anybody to be slow. */
  private gaveWay({ downstream, target }: ExchangeRecord): void {
    const connections = [...this.gateway.clients.connections];
    // Requests that share a connection wait for room each by itself.
    const holders = connections.flatMap((one): { readonly place: Place | undefined }[] =>
      one instanceof Http2Connection ? exchangesOn(one) : [one],
    );
    const places = holders.flatMap(({ place }) => (place === undefined ? [] : [place]));
    const own = connections.find(({ record }) => record === downstream);
    // One that closes behind what is under way has no place among clients' connections.
    const client = own instanceof Http2Connection ? exchangesOn(own)[0]?.place?.client : own?.place?.client;
    const count = places.filter((place) => place.client === client).length;
    if (count < 2) fail("fair-share", `${target} of ${client} gave way, the only one of its client`);
  }

  private reused({ endpoint, id, openedAt_ms, idleSince_ms }: ConnectionRecord): void {
    if (endpoint === undefined) fail("one-reason-each", `connection ${id} is reused, and leads nowhere`);
    const age_ms = this.clock.now() - openedAt_ms;
    if (age_ms > this.gateway.context.settings.poolMaxAge_ms && !this.isMidway(id)) {
      fail("limits", `connection ${id} is used again ${age_ms} ms after it was opened`);
    }
    const distrusted_ms = idleSince_ms - (this.surplusAt_ms.get(endpoint) ?? Number.NEGATIVE_INFINITY);
    if (distrusted_ms > 0 && distrusted_ms < DISTRUSTED_MS) {
      const { name } = endpoint;
      fail("clean-reuse", `connection ${id} is used again, and ${name} said too much ${distrusted_ms} ms before`);
    }
  }

  /** Whether a client is in the middle of a handshake on this connection. */
  private isMidway(id: number): boolean {
    const all = this.gateway.routing.endpoints.flatMap(({ connections }) => [...connections]);
    return all.find((connection) => connection.id === id)?.binding?.isMidway === true;
  }

  /** What settings say of endpoints, and how many requests of a route may be under way. They are replaced as a whole. */
  private limitsOf(settings: GatewaySettings): Limits {
    if (this.limits?.settings === settings) return this.limits;
    const { groups = [], routes = [] } = settings.routes ?? {};
    const plans = new Map(groups.flatMap((group) => group.endpoints).map((plan) => [plan.origin, plan]));
    const atOnce = routes.find(({ policy }) => policy?.concurrency)?.policy?.concurrency?.max;
    this.limits = { settings, plans, atOnce };
    return this.limits;
  }

  /** After every event. */
  always(): void {
    const { clients, context, routing } = this.gateway;
    const { maxConnections, poolSize } = context.settings;
    const { plans, atOnce } = this.limitsOf(context.settings);
    // Each asking makes a new list.
    const { endpoints } = routing;
    if (clients.open > maxConnections + SURPLUS_MAX) fail("limits", `${clients.open} client connections are open`);
    if (clients.open < 0) fail("limits", `${clients.open} client connections are open`);
    if (atOnce !== undefined) {
      // A tunnel that both sides have closed is over, also while what is unsent still leaves towards the origin.
      const underWay = ({ life }: { readonly life: ConnectionRecord }) =>
        life.state === "active" || life.state === "tunnel";
      const inUse = endpoints.reduce((sum, endpoint) => sum + [...endpoint.connections].filter(underWay).length, 0);
      if (inUse > atOnce) fail("limits", `${inUse} requests of a route are under way, of ${atOnce}`);
    }
    for (const endpoint of endpoints) {
      const size = endpoint.connections.size + endpoint.dialing;
      const { weight = 1, maxConnections: sizeMax = poolSize } = plans.get(endpoint.origin) ?? {};
      if (size > sizeMax) fail("limits", `${size} connections to ${endpoint.origin.name}`);
      // No client has a cookie that could lead it there.
      if (weight === 0 && size > 0) fail("weights", `${endpoint.origin.name} has weight 0, and a connection`);
      if (endpoint.inUse < 0 || endpoint.dialing < 0) fail("limits", "a count has become negative");
    }
    const idle = endpoints.reduce((sum, it) => sum + it.idleCount + it.idleBoundCount, 0);
    const { idleMax = Number.POSITIVE_INFINITY, originsMax = 0 } = context.settings.forward ?? {};
    // biome-ignore lint/complexity/useLiteralKeys: in brackets, what is private has a type, and a renamed field does not compile
    const origins = routing instanceof ByTarget ? routing["directory"]["entries"].size : 0;
    if (origins > originsMax) fail("limits", `${origins} origins have a pool`);
    if (idle > idleMax) fail("limits", `${idle} connections idle in all`);
    if (endpoints.length === 1 && routing.waiting > 0) this.nobodyIdles();
    if (endpoints.some(({ idleBoundCount }) => idleBoundCount > 0)) this.everyBoundOneHasItsClient();
    this.everythingHasLeft(endpoints);
    this.whatHasLeftDrains(endpoints);
    this.names?.judge(endpoints);
  }

  /** An endpoint that is not named any more gets nothing new to do, and has nothing that idles. */
  private whatHasLeftDrains(endpoints: readonly Endpoint[]): void {
    const { context } = this.gateway;
    if (context.settings.forward !== undefined) return;
    const named = this.names?.named ?? new Set(context.settings.origins.map(({ name }) => name));
    for (const endpoint of endpoints) {
      const { name } = endpoint.origin;
      if (named.has(name)) {
        this.leftToDo.delete(endpoint);
        continue;
      }
      const outstanding = endpoint.inUse + endpoint.dialing;
      if (outstanding > (this.leftToDo.get(endpoint) ?? outstanding))
        fail("left-drains", `${name} has left, and gets more to do`);
      this.leftToDo.set(endpoint, outstanding);
      if ([...endpoint.connections].some(({ life }) => life.state === "idle"))
        fail("left-drains", `${name} has left, and is kept`);
    }
  }

  /** Between events nothing waits to be handed to a socket. */
  private everythingHasLeft(endpoints: readonly Endpoint[]): void {
    for (const client of http1Clients(this.gateway)) this.hasLeft(client);
    for (const { connections } of endpoints) {
      for (const connection of connections) this.hasLeft(connection);
    }
  }

  private hasLeft({ record, life, outbox }: DownstreamConnection | PooledConnection): void {
    if (!life.isEnding && !outbox.isEmpty) {
      fail("nothing-left", `bytes are left in the outbox of ${record.hop} ${record.id}`);
    }
  }

  /** What authentication has bound to a client's connection does not outlive that. */
  private everyBoundOneHasItsClient(): void {
    const { routing } = this.gateway;
    const serving = new Set(
      http1Clients(this.gateway)
        .filter(({ life }) => !life.isEnding)
        .map(({ record }) => record.id),
    );
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
    for (const connection of http1Clients(this.gateway)) {
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

  /** The same of each stream. */
  streams(): void {
    for (const connection of this.gateway.clients.connections) {
      if (!(connection instanceof Http2Connection)) continue;
      for (const exchange of exchangesOn(connection)) {
        // biome-ignore lint/complexity/useLiteralKeys: in brackets, what is private has a type, and a renamed field does not compile
        const { unsentBytes } = exchange["writer"];
        if (unsentBytes > HELD_BYTES_MAX) fail("limits", `${unsentBytes} bytes of a response are held for one stream`);
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
    count("places among the requests of a route", gateway.context.lines.size);
    count("bytes of bodies that are counted as buffered", gateway.context.workings.buffers.bytes);
    count("deadlines", gateway.context.deadlines.size);
    count("timers", clock.pending);
    count("dials that go on", pendingDials);
    count("connections not told closed", observer.open.size);
    count("exchanges not told ended", observer.judge.inProgress);
    const sockets = network.links.filter(({ proxyEnd }) => !proxyEnd.isClosedTold);
    count(`sockets (${sockets.map(({ name }) => name).join(", ")})`, sockets.length);
    return left.join("; ");
  }
}

function exchangesOn(connection: Http2Connection): Http2Exchange[] {
  // biome-ignore lint/complexity/useLiteralKeys: in brackets, what is private has a type, and a renamed field does not compile
  return [...connection["exchanges"]];
}
