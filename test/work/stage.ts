/**
 * A proxy on a network in memory, for what its own code costs: nothing waits, and everything written is really copied.
 *
 * With figures and access log, as it is shipped. Deliberately absent: faults and backpressure; other suites have them.
 */
import { scryptSync } from "node:crypto";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { GatewaySettings } from "../../src/exchange/settings.ts";
import type { Clock, Dialer, DialHandler, GiveUp, Socket, SocketHandler } from "../../src/net/ports.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { toleranceKinds } from "../../src/wire/tolerance.ts";
import {
  BasicAuthentication,
  EntryMaker,
  EventHub,
  Gateway,
  Ledger,
  lineOf,
  Observers,
  QuietObserver,
  readGatewayConfig,
  readProxyOptions,
} from "./compiled.ts";
import type { Play } from "./inputs.ts";

/**
 * `gateway`: its clients are trusted neighbours, its origin gets their Host. `strangers' gateway`: they are not, the origin gets
 * its own Host, and whatever can be tolerated of it is.
 */
export type Mode = "gateway" | "strangers' gateway" | "forward" | "forward, with users" | "gateway with routes";

/** The origin of both gateways, as it names itself. */
export const ORIGIN = "http://127.0.0.1:1";

const NOTHING = () => {};
const deaf: SocketHandler = { onData: NOTHING, onEnd: NOTHING, onDrain: NOTHING, onClose: NOTHING };

class MemorySocket implements Socket {
  handler = deaf;
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  readonly localPort = 8080;
  readonly unsentBytes = 0;
  isPaused = false;
  /** The last thing written. */
  written: Uint8Array = Buffer.alloc(0);
  writes = 0;
  private readonly onWrite: () => void;

  constructor(onWrite = NOTHING) {
    this.onWrite = onWrite;
  }

  /** Text becomes octets, as on its way into a system call: a rope of many pieces costs what it costs there. */
  write(data: string | Octets): boolean {
    this.written = typeof data === "string" ? Buffer.from(data, "latin1") : data;
    this.writes++;
    this.onWrite();
    return true;
  }

  tookSome(): boolean {
    return false;
  }
  cork(): void {}
  uncork(): void {}
  end(): void {}
  reset(): void {}
  destroy(): void {}

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

class MemoryDialer implements Dialer {
  readonly sockets: MemorySocket[] = [];
  /** The connection to an origin that was written to last: it is this one that owes something. */
  latest: MemorySocket | undefined;
  private asked: DialHandler[] = [];

  dial(_address: unknown, handler: DialHandler): GiveUp {
    this.asked.push(handler);
    return () => undefined;
  }

  /** Opens what was asked for: a port's handlers are never called from within a call to it. */
  connect(): boolean {
    const { asked } = this;
    this.asked = [];
    for (const handler of asked) {
      const socket: MemorySocket = new MemorySocket(() => {
        this.latest = socket;
      });
      this.sockets.push(socket);
      handler.onConnected(socket);
    }
    return asked.length > 0;
  }
}

/** No time passes. */
class StillClock implements Clock {
  private waiting: (() => void)[] = [];

  now(): number {
    return 0;
  }

  date(): number {
    return 784_111_777_000;
  }

  after(): () => void {
    return NOTHING;
  }

  afterArrivals(callback: () => void): void {
    this.waiting.push(callback);
  }

  goOn(): boolean {
    const { waiting } = this;
    this.waiting = [];
    for (const callback of waiting) callback();
    return waiting.length > 0;
  }
}

/** Writes the access log's lines, to nowhere. */
class Log extends QuietObserver {
  line = "";
  private readonly entries: InstanceType<typeof EntryMaker>;

  constructor(clock: Clock) {
    super();
    this.entries = new EntryMaker(clock);
  }

  override exchangeEnded(record: ExchangeRecord): void {
    this.line = lineOf(this.entries.exchange(record));
  }
}

const salt = Buffer.alloc(8);
/** A hash that costs nothing: how slow hashing is has nothing to do with what is sent. */
const hash = { ln: 1, r: 1, p: 1, salt, hash: scryptSync("secret", salt, 32, { N: 2, r: 1, p: 1 }) };

function settingsOf(mode: Mode): GatewaySettings {
  const { gateway } = readProxyOptions({ to: ORIGIN, admin: false });
  const settings: GatewaySettings = { ...gateway, viaName: "a", isTrusted: () => true, sendsForwarded: true };
  if (mode === "gateway") return settings;
  if (mode === "gateway with routes") return { ...settings, ...routesSettings() };
  if (mode === "strangers' gateway") {
    return { ...settings, isTrusted: () => false, originHost: "origin", tolerates: new Set(toleranceKinds) };
  }
  const authentication = mode === "forward" ? undefined : new BasicAuthentication(new Map([["somebody", hash]]));
  const anyPort = () => true;
  const forward = { mayConnectTo: anyPort, mayRequestFrom: anyPort, authentication, originsMax: 8, idleMax: 8 };
  return { ...settings, origins: [], forward };
}

/** One route judges and changes all that a route can, one has users. */
function routesSettings(): Pick<GatewaySettings, "origins" | "routes"> {
  const routes = [
    {
      ...{ match: { path: "/x/*" }, to: ORIGIN, stripPrefix: "/x", addPrefix: "/y" },
      cookieDomain: { "*": "a.test" },
      deny: ["192.0.2.0/24"],
      rateLimit: { requests: 1_000_000, by: { field: "X-Unknown" } },
    },
    { match: { path: "/in" }, to: ORIGIN },
    { to: ORIGIN },
  ];
  const { config } = readGatewayConfig({ routes }, "/", 10_000);
  const plan = config?.gateway.routes;
  if (config === undefined || plan === undefined) throw new Error("a configuration is not what it should be");
  const credentials = { authentication: new BasicAuthentication(new Map([["somebody", hash]])), realm: "a" };
  const all = plan.routes.map((route) =>
    route.match.path?.includes("/in") === true ? { ...route, policy: { words: [], credentials } } : route,
  );
  return { origins: config.gateway.origins, routes: { ...plan, routes: all } };
}

/** What came of a play. */
export interface Played {
  /** The start of what the client was sent last. */
  readonly client: string;
  /** The start of what an origin was sent last. */
  readonly origin: string;
  /** How often the client was sent something. */
  readonly answers: number;
}

export class WorkStage {
  private readonly clock = new StillClock();
  private readonly dialer = new MemoryDialer();
  private readonly gateway: InstanceType<typeof Gateway>;

  constructor(mode: Mode) {
    const { clock, dialer } = this;
    const observer = new Observers(new Ledger(clock), new EventHub(clock), new Log(clock));
    this.gateway = new Gateway(settingsOf(mode), { clock, dialer, observer });
  }

  /** One client sends pieces as long as it is read from, the origins that they lead to send theirs, and all are gone. */
  play({ request, response, late = [] }: Play): Played {
    const { dialer } = this;
    const client = new MemorySocket();
    dialer.latest = undefined;
    this.gateway.accept(client);
    let sent = 0;
    const send = () => {
      for (; sent < request.length && !client.isPaused; sent++) client.handler.onData(request[sent] as Octets);
      this.settle();
    };
    send();
    for (const piece of late) client.handler.onData(piece);
    for (const piece of response) {
      this.originAsked?.handler.onData(piece);
      this.settle();
      if (sent < request.length) send();
    }
    client.handler.onClose(undefined);
    for (const { handler } of dialer.sockets.splice(0)) handler.onClose(undefined);
    this.settle();
    const startOf = (socket: MemorySocket | undefined) =>
      Buffer.from(socket?.written.subarray(0, 200) ?? []).toString("latin1");
    return { client: startOf(client), origin: startOf(this.originAsked), answers: client.writes };
  }

  private get originAsked(): MemorySocket | undefined {
    return this.dialer.latest;
  }

  private settle(): void {
    while (this.dialer.connect() || this.clock.goOn());
  }
}
