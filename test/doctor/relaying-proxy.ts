/**
 * A small reverse proxy whose habits are options (proxy-habits.ts): its connections. What passes on them is in proxy-relay.ts.
 *
 * It is written from the claims of the checks, in plain text operations, and shares no code with hopwise or the doctor but the socket
 * port. Deliberately absent: limits of any kind, and anything that no check asks for.
 */
import type { Address, Clock, Dialer, Socket, SocketHandler } from "../../src/net/ports.ts";
import { type Habits, healthy } from "./proxy-habits.ts";
import { Relay } from "./proxy-relay.ts";
import { headOf, isAmbiguous } from "./proxy-text.ts";

/** Longer than the next request takes. */
export const LATE_MS = 200;

/** A connection to the origin. */
export interface Upstream {
  readonly socket: Socket;
  /** What came and belongs to nothing yet. */
  left: string;
  isGone: boolean;
  hasServed: boolean;
}

export class RelayingProxy {
  readonly habits: Habits;
  readonly idle: Upstream[] = [];
  private readonly dialer: Dialer;
  private readonly clock: Clock | undefined;
  private readonly origin: () => Address & { kind: "tcp" };

  constructor(dialer: Dialer, origin: () => Address & { kind: "tcp" }, habits: Partial<Habits> = {}, clock?: Clock) {
    this.dialer = dialer;
    this.clock = clock;
    this.origin = origin;
    this.habits = { ...healthy, ...habits };
  }

  accept(client: Socket): void {
    this.clients.add(new Client(this, client));
  }

  isDraining = false;
  private readonly clients = new Set<Client>();

  /** It is told to end. */
  end(): void {
    this.isDraining = this.habits.drain !== "serves on";
    for (const client of this.clients) client.proxyEnds();
  }

  later(delay_ms: number, then: () => void): void {
    this.clock?.after(delay_ms, then);
  }

  get originUrl(): string {
    const { host, port } = this.origin();
    return `http://${host}:${port}`;
  }

  take(mayReuse: boolean, onReady: (upstream: Upstream) => void): void {
    const known = mayReuse ? this.idle.pop() : undefined;
    if (known !== undefined) return onReady(known);
    this.dialer.dial(this.origin(), {
      onConnected: (socket) => onReady({ socket, left: "", isGone: false, hasServed: false }),
      onFailed: () => {},
    });
  }

  giveBack(upstream: Upstream): void {
    const giveUp = () => {
      upstream.isGone = true;
      const index = this.idle.indexOf(upstream);
      if (index >= 0) this.idle.splice(index, 1);
      upstream.socket.destroy();
    };
    upstream.hasServed = true;
    if (!this.habits.reuses || (upstream.left !== "" && this.habits.surplus !== "is the next response"))
      return giveUp();
    upstream.socket.handler = {
      onData: (octets) => {
        if (this.habits.unsolicited === "gives the connection up") return giveUp();
        upstream.left += octets.latin1Slice();
        if (this.habits.unsolicited === "is seen late") this.clock?.after(LATE_MS, giveUp);
      },
      onEnd: giveUp,
      onDrain() {},
      onClose: giveUp,
    };
    this.idle.push(upstream);
  }
}

export class Client implements SocketHandler {
  private readonly proxy: RelayingProxy;
  private readonly socket: Socket;
  private buffer = "";
  private current: Relay | undefined;
  private ignoresAll = false;
  /** Its own connection to the origin, once somebody has logged in on it. */
  own: Upstream | undefined;
  losesNext = false;

  constructor(proxy: RelayingProxy, socket: Socket) {
    this.proxy = proxy;
    this.socket = socket;
    socket.handler = this;
  }

  /** An idle client may ask once more. */
  proxyEnds(): void {
    if (this.proxy.habits.drain === "cuts") this.socket.destroy();
    if (this.proxy.habits.drain === "cuts idle clients' requests") this.losesNext = true;
  }

  onData(octets: { latin1Slice(): string }): void {
    this.buffer += octets.latin1Slice();
    this.goOn();
  }

  onEnd(): void {
    const { clientFin } = this.proxy.habits;
    if (clientFin === "cancels") {
      this.current?.cancel();
      this.socket.end();
    } else if (this.current === undefined && this.buffer === "") this.socket.end();
    else this.current?.isLast();
  }

  onDrain(): void {}

  onClose(): void {
    if (this.proxy.habits.clientReset === "cancels") this.current?.cancel();
  }

  private goOn(): void {
    if (this.ignoresAll) return;
    if (this.current !== undefined) {
      this.buffer = this.current.onClientText(this.buffer);
      return;
    }
    const head = headOf(this.buffer);
    if (head === undefined) return;
    if (this.losesNext) {
      this.socket.destroy();
      return;
    }
    const isRaw = this.proxy.habits.ambiguous === "passed on";
    if (!isRaw && isAmbiguous(this.buffer.slice(0, head.length), head)) {
      this.socket.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      this.socket.end();
      this.ignoresAll = true;
      return;
    }
    const raw = this.buffer.slice(0, head.length);
    this.buffer = this.buffer.slice(head.length);
    this.current = new Relay(this.proxy, this, this.socket, head, raw, (next) => {
      this.current = undefined;
      if (next === "close") this.socket.end();
      if (next === "cut") this.socket.destroy();
      if (next === "ignore" || next === "close") this.ignoresAll = true;
      else this.goOn();
    });
    this.buffer = this.current.onClientText(this.buffer);
  }
}
