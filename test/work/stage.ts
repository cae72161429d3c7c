/**
 * A proxy on a network in memory, for what its own code costs: nothing waits, and everything written is really copied.
 *
 * With figures and access log, as it is shipped. Deliberately absent: faults and backpressure; other suites have them.
 */
import { scryptSync } from "node:crypto";
import type { Clock, Dialer, DialHandler, GiveUp, Socket, SocketHandler } from "../../src/net/ports.ts";
import type { ExchangeRecord } from "../../src/proxy/exchange-record.ts";
import type { GatewaySettings } from "../../src/proxy/settings.ts";
import type { Octets } from "../../src/wire/octets.ts";
import {
  BasicAuthentication,
  EntryMaker,
  EventHub,
  Gateway,
  Ledger,
  lineOf,
  Observers,
  QuietObserver,
  readProxyOptions,
} from "./compiled.ts";

export type Mode = "gateway" | "forward" | "forward, with users";

const NOTHING = () => {};
const deaf: SocketHandler = { onData: NOTHING, onEnd: NOTHING, onDrain: NOTHING, onClose: NOTHING };

class MemorySocket implements Socket {
  handler = deaf;
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 1;
  readonly localPort = 8080;
  readonly unsentBytes = 0;
  /** The last thing written. */
  written: Uint8Array = Buffer.alloc(0);

  /** Text becomes octets, as on its way into a system call: a rope of many pieces costs what it costs there. */
  write(data: string | Octets): boolean {
    this.written = typeof data === "string" ? Buffer.from(data, "latin1") : data;
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
  pause(): void {}
  resume(): void {}
}

class MemoryDialer implements Dialer {
  readonly sockets: MemorySocket[] = [];
  private readonly asked: DialHandler[] = [];

  dial(_address: unknown, handler: DialHandler): GiveUp {
    this.asked.push(handler);
    return () => undefined;
  }

  /** Opens what was asked for: a port's handlers are never called from within a call to it. */
  connect(): void {
    for (const handler of this.asked.splice(0)) {
      const socket = new MemorySocket();
      this.sockets.push(socket);
      handler.onConnected(socket);
    }
  }
}

const clock: Clock = { now: () => 0, date: () => 784_111_777_000, after: () => NOTHING, afterArrivals: NOTHING };

/** Writes the access log's lines, to nowhere. */
class Log extends QuietObserver {
  line = "";
  private readonly entries = new EntryMaker(clock);

  override exchangeEnded(record: ExchangeRecord): void {
    this.line = lineOf(this.entries.exchange(record));
  }
}

const salt = Buffer.alloc(8);
/** A hash that costs nothing: how slow hashing is has nothing to do with what is sent. */
const hash = { ln: 1, r: 1, p: 1, salt, hash: scryptSync("secret", salt, 32, { N: 2, r: 1, p: 1 }) };

function settingsOf(mode: Mode): GatewaySettings {
  const { gateway } = readProxyOptions({ to: "http://127.0.0.1:1", admin: false });
  const settings = { ...gateway, viaName: "a", isTrusted: () => true, sendsForwarded: true };
  if (mode === "gateway") return settings;
  const authentication = mode === "forward" ? undefined : new BasicAuthentication(new Map([["somebody", hash]]));
  const anyPort = () => true;
  const forward = { mayConnectTo: anyPort, mayRequestFrom: anyPort, authentication, originsMax: 8, idleMax: 8 };
  return { ...settings, origins: [], forward };
}

export class WorkStage {
  private readonly dialer = new MemoryDialer();
  private readonly log = new Log();
  private readonly gateway: InstanceType<typeof Gateway>;

  constructor(mode: Mode) {
    const observer = new Observers(new Ledger(clock), new EventHub(clock), this.log);
    this.gateway = new Gateway(settingsOf(mode), { clock, dialer: this.dialer, observer });
  }

  /**
   * One client sends pieces, the origin it leads to, if any, sends its own, and both are gone.
   *
   * @returns the start of what the client and the origin were sent last
   */
  play(request: readonly Octets[], response: readonly Octets[]): { client: string; origin: string } {
    const client = new MemorySocket();
    this.gateway.accept(client);
    for (const piece of request) client.handler.onData(piece);
    this.dialer.connect();
    const origins = this.dialer.sockets.splice(0);
    for (const piece of response) for (const { handler } of origins) handler.onData(piece);
    client.handler.onClose(undefined);
    for (const { handler } of origins) handler.onClose(undefined);
    const startOf = (socket: MemorySocket | undefined) =>
      Buffer.from(socket?.written.subarray(0, 200) ?? []).toString("latin1");
    return { client: startOf(client), origin: startOf(origins[0]) };
  }
}
