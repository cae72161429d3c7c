/**
 * A proxy between raw clients and a raw origin, on real sockets and the loopback interface.
 *
 * A stage owns the two listeners and is used again and again; each scene on it has a gateway, a clock and an observer of
 * its own. When a scene ends, everything in it must have come to an end: every connection told closed exactly once,
 * no connection, deadline or timer left. Deliberately absent: what is said on the wire.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, isIP, type Socket as RawSocket, type Server } from "node:net";
import type { RoutePlan } from "../../src/exchange/route-plan.ts";
import type { GatewaySettings } from "../../src/exchange/settings.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { EARLY_ANSWER_MS } from "../../src/http1/early-answers.ts";
import { DialGuard } from "../../src/net/dial-guard.ts";
import type { Address, Dialer, Listener } from "../../src/net/ports.ts";
import { dialer, guardedDialer, listen } from "../../src/net/runtime.ts";
import { type OriginAddress, parseOriginAddress } from "../../src/pool/origin-address.ts";
import { defaultHeadLimits } from "../../src/wire/head-reader.ts";
import { Bell } from "./bell.ts";
import { ManualClock } from "./manual-clock.ts";
import { Peer, WireError } from "./peer.ts";
import { RecordingObserver } from "./recording-observer.ts";
import { overTls, tlsTarget } from "./tls-peer.ts";
import { WatchedSocket, watchedDialer } from "./watched-socket.ts";

/** Whether gateways reach their origin over TLS (test/runtimes/ways.test.ts). Forward proxies do not: tunnels are bare. */
const isOverTls = process.env.TESTS_ORIGINS === "tls";

export const VIA_NAME = "hopwise-test";

export const baseSettings: Omit<GatewaySettings, "origins"> = {
  keepAliveTimeout_ms: 75_000,
  maxRequests: 0,
  maxConnections: 10_000,
  headTimeout_ms: 30_000,
  bodyTimeout_ms: 60_000,
  minRate: 0,
  http2: false,
  http2BytesMax: 268_435_456,
  clientClose: "probe",
  connectTimeout_ms: 5_000,
  responseTimeout_ms: 60_000,
  tunnelTimeout_ms: 3_600_000,
  poolIdleTimeout_ms: 60_000,
  poolMaxAge_ms: 3_600_000,
  poolSize: 1_024,
  headLimits: defaultHeadLimits,
  tolerates: new Set(),
  isTrusted: () => false,
  originHost: "keep",
  sendsForwarded: false,
  viaName: VIA_NAME,
  sendsVia: true,
};

/** Octets that may wait in the proxy for a slow peer: the high-water mark, a read's worth (512 KiB on Bun), and an answer. */
const UNSENT_BYTES_MAX = ("bun" in process.versions ? 768 : 512) * 1024;

/** Settings of a gateway that a scene may change. */
export type SceneSettings = Partial<Omit<GatewaySettings, "origins">>;

export class Stage {
  private scene: Scene | undefined;
  private listener: Listener | undefined;
  private readonly origin: Server;

  private constructor() {
    this.origin = createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
      const { scene } = this;
      if (scene === undefined) return raw.destroy();
      if (!scene.isOverTls) return scene.onOriginConnection(raw);
      const peer = overTls(raw);
      peer.on("error", () => undefined);
      return peer.once("secure", () => scene.onOriginConnection(peer, raw));
    });
  }

  static async open(): Promise<Stage> {
    const stage = new Stage();
    stage.origin.listen(0, "127.0.0.1");
    await once(stage.origin, "listening");
    stage.listener = await listen({
      host: "127.0.0.1",
      port: 0,
      onSocket: (socket) => {
        if (stage.scene === undefined) socket.destroy();
        else stage.scene.accept(socket);
      },
      onFault: () => undefined,
    });
    return stage;
  }

  begin(settings: SceneSettings = {}): Scene {
    if (this.scene !== undefined) throw new Error("the scene before has not ended");
    const { port } = this.origin.address() as AddressInfo;
    const clientPort = this.listener?.address.port ?? 0;
    const origin = originAt(port, isOverTls && settings.forward === undefined);
    const scene = new Scene(
      { ...baseSettings, ...settings, origins: [origin], ...routesTo(origin, settings.routes) },
      clientPort,
      () => {
        this.scene = undefined;
      },
      settings.forward === undefined ? dialer : forwardDialer(port),
    );
    this.scene = scene;
    return scene;
  }

  close(): void {
    this.scene?.abandon();
    this.listener?.close();
    this.origin.close();
  }
}

/** Whatever their groups name, they lead to the stage's origin. */
function routesTo(origin: OriginAddress, routes: RoutePlan | undefined): Pick<GatewaySettings, "routes"> {
  if (routes === undefined) return {};
  const groups = routes.groups.map((group) => ({
    ...group,
    endpoints: group.endpoints.slice(0, 1).map((endpoint) => ({ ...endpoint, origin })),
  }));
  return { routes: { ...routes, groups } };
}

function originAt(port: number, isTls: boolean): OriginAddress {
  const origin = parseOriginAddress(`${isTls ? "https" : "http"}://127.0.0.1:${port}`);
  return isTls ? { ...origin, address: { ...origin.address, tls: tlsTarget } as Address } : origin;
}

/** Where a forward proxy of a scene listens, as far as its guard knows. */
export const OWN_ADDRESS = { host: "198.51.100.1", port: 8443 };

/**
 * For a forward proxy every name is the origin's, but `refusing` where nobody listens and `silent` from where nothing comes.
 * Addresses that are written out are dialed as they are, with the guard's leave.
 */
function forwardDialer(originPort: number): Dialer {
  const guard = new DialGuard({ allowsPrivate: false });
  guard.noteOwn("proxy", OWN_ADDRESS.host, OWN_ADDRESS.port);
  const guarded = guardedDialer(guard);
  return {
    dial(address, handler, client) {
      if (address.kind !== "tcp" || isIP(address.host) !== 0) return guarded.dial(address, handler, client);
      if (address.host === "silent") return () => "connection";
      if (address.host === "refusing") return dialer.dial({ ...address, host: "127.0.0.1", port: 1 }, handler);
      return dialer.dial({ ...address, host: "127.0.0.1", port: originPort }, handler);
    },
  };
}

export class Scene {
  /** A large body that waits for a word of its origin, over TLS alone, goes on by itself: no case is about that. */
  readonly clock = new ManualClock(...(isOverTls ? [EARLY_ANSWER_MS] : []));
  readonly gateway: Gateway;
  readonly observer: RecordingObserver;
  readonly clients: Peer[] = [];
  readonly origins: Peer[] = [];
  /** `host:port` of the origin. */
  readonly originAuthority: string;
  readonly isOverTls: boolean;
  private readonly bell = new Bell();
  private readonly port: number;
  private readonly onEnded: () => void;
  /** The proxy's ends: of clients' connections by the client's port, of the origin's by the proxy's own port. */
  private readonly accepted = new Map<number, WatchedSocket>();
  private readonly dialed = new Map<number, WatchedSocket>();

  constructor(settings: GatewaySettings, port: number, onEnded: () => void, ways: Dialer = dialer) {
    this.port = port;
    this.onEnded = onEnded;
    const [origin] = settings.origins;
    this.originAuthority = origin?.authority ?? "";
    this.isOverTls = origin?.address.kind === "tcp" && origin.address.tls !== undefined;
    this.observer = new RecordingObserver(this.bell);
    const dialer = watchedDialer(ways, this.bell, (socket) => {
      this.dialed.set(socket.localPort, socket);
      this.bell.ring();
    });
    this.gateway = new Gateway(settings, { clock: this.clock, dialer, observer: this.observer });
    this.bell.begin();
  }

  /** @internal */
  accept(socket: ConstructorParameters<typeof WatchedSocket>[0]): void {
    const watched = new WatchedSocket(socket, this.bell);
    this.accepted.set(socket.remotePort, watched);
    this.gateway.accept(watched);
    this.bell.ring();
  }

  /** @internal */
  onOriginConnection(raw: RawSocket, transport = raw): void {
    const { remotePort } = transport;
    const far = () => this.dialed.get(remotePort ?? 0);
    this.origins.push(new Peer(`origin ${this.origins.length + 1}`, raw, this.bell, far, transport));
    this.bell.ring();
  }

  /** Opens a client's connection, and waits until the proxy has it. */
  async connect(): Promise<Peer> {
    const raw = connect({ host: "127.0.0.1", port: this.port, allowHalfOpen: true });
    await once(raw, "connect");
    const { localPort } = raw;
    const client = new Peer(`client ${this.clients.length + 1}`, raw, this.bell, () =>
      this.accepted.get(localPort ?? 0),
    );
    this.clients.push(client);
    await this.bell.until(
      () => this.accepted.has(localPort ?? 0),
      () => client.error("the proxy did not accept this connection"),
    );
    return client;
  }

  /** Client `number` (from 1 on), connecting as many as it takes. */
  async client(number: number): Promise<Peer> {
    while (this.clients.length < number) await this.connect();
    return this.clients[number - 1] as Peer;
  }

  /** The origin's connection `number` (from 1 on), once the proxy has opened it. */
  async origin(number: number): Promise<Peer> {
    await this.bell.until(
      () => this.origins.length >= number,
      () =>
        new WireError(
          `origin ${number}: the proxy opened no such connection, only ${this.origins.length}\n` +
            this.clients.map((client) => client.error("so far").message).join("\n"),
        ),
    );
    return this.origins[number - 1] as Peer;
  }

  /** Whichever of `peers` receives something first. */
  async firstToReceive(peers: readonly Peer[]): Promise<Peer> {
    const hasReceived = () => peers.find((peer) => peer.arrived !== "");
    await this.bell.until(
      () => hasReceived() !== undefined,
      () => new WireError(`nothing arrived at any of ${peers.map(({ name }) => name).join(", ")}`),
    );
    return hasReceived() as Peer;
  }

  /** The proxy's end of a neighbour's connection `number` (from 1 on), in the order in which the proxy got them. */
  farEnd(role: "client" | "origin", number: number): WatchedSocket | undefined {
    return [...(role === "client" ? this.accepted : this.dialed).values()][number - 1];
  }

  /** Closes what is open and checks that nothing is left. */
  async end(): Promise<void> {
    for (const client of this.clients) await client.end();
    for (const origin of this.origins) await origin.end();
    await this.bell.until(
      () => this.observer.allAreClosed && this.gateway.clients.connections.size === 0,
      () => new WireError(`some connections never ended: ${this.stillOpen()}`),
    );
    this.assertNothingIsLeft();
    this.leave();
  }

  /** Ends at once, whatever the state: after a failure. */
  abandon(): void {
    this.leave();
    for (const socket of [...this.accepted.values(), ...this.dialed.values()]) socket.destroy();
  }

  private leave(): void {
    this.bell.stop();
    for (const peer of [...this.clients, ...this.origins]) peer.destroy();
    this.onEnded();
  }

  private stillOpen(): string {
    return [...this.observer.downstream, ...this.observer.upstream]
      .filter(({ closes }) => closes.length === 0)
      .map(({ connection }) => `${connection.hop} (${connection.state}, ${connection.closeReason ?? "-"})`)
      .join(", ");
  }

  private assertNothingIsLeft(): void {
    const { gateway, observer } = this;
    const left: string[] = [];
    for (const { connection, closes } of [...observer.downstream, ...observer.upstream]) {
      if (closes.length !== 1 || closes[0] === undefined) {
        left.push(`a ${connection.hop} connection was told closed ${closes.length} times: ${closes.join(", ")}`);
      }
    }
    if (gateway.clients.connections.size > 0) left.push(`${gateway.clients.connections.size} client connections`);
    if (gateway.clients.open !== 0) left.push(`a count of ${gateway.clients.open} open client connections`);
    for (const endpoint of gateway.routing.endpoints) {
      if (endpoint.size !== 0) left.push(`${endpoint.size} connections of ${endpoint.origin.name}`);
      if (endpoint.inUse !== 0) left.push(`${endpoint.inUse} connections in use of ${endpoint.origin.name}`);
    }
    if (gateway.routing.waiting !== 0) left.push(`${gateway.routing.waiting} searches in line`);
    const { size } = gateway.context.lines;
    if (size !== 0) left.push(`${size} places among the requests of a route`);
    const { bytes } = gateway.context.workings.buffers;
    if (bytes !== 0) left.push(`${bytes} bytes of bodies that are counted as buffered`);
    if (gateway.context.deadlines.size !== 0) left.push(`${gateway.context.deadlines.size} deadlines`);
    const unsentBytes = Math.max(
      ...[...this.accepted.values(), ...this.dialed.values()].map((socket) => socket.unsentBytesMax),
    );
    if (unsentBytes > UNSENT_BYTES_MAX) left.push(`no bound: ${unsentBytes} octets once waited for one peer`);
    if (left.length > 0) throw new WireError(`when all was over, these were left: ${left.join("; ")}`);
  }
}
