/**
 * Both sides of a proxy in one place: connections to it, the address that it sends to, and one way to wait for what happens on any.
 *
 * Each request of the doctor has a mark of its own in its path, so that what arrives at the origin is known again; requests without
 * one (health checks, other traffic) are answered at once and count for nothing. Deliberately absent: what is checked.
 */
import type { Clock, Dialer, Listener, ListenOptions, Socket } from "../../net/ports.ts";
import type { TlsServing } from "../../net/tls/tls-serving.ts";
import type { Evidence } from "../finding.ts";
import { type Dialing, dial, Stopped } from "../probe/dialing.ts";
import { USER_AGENT } from "../probe/requests.ts";
import { addressOf, type Target } from "../probe/target.ts";
import { Transcript } from "../probe/transcript.ts";
import type { Message } from "./message-log.ts";
import { Peer } from "./peer.ts";

export interface ThroughPorts {
  readonly dialer: Dialer;
  readonly clock: Clock;
  listen(options: ListenOptions): Promise<Listener>;
}

/** Where the doctor is an origin. */
export interface OriginPlace {
  readonly host: string;
  readonly port: number;
  /** It is served over TLS. */
  readonly tls?: TlsServing | undefined;
}

export interface StageSettings {
  readonly target: Target;
  readonly place: OriginPlace;
  /** The proxy is a forward proxy: it is sent absolute targets. */
  readonly isForward: boolean;
  readonly takesAnyCertificate: boolean;
  readonly ca: string | undefined;
  readonly pace: ThroughPace;
}

/** How long the doctor waits. */
export interface ThroughPace {
  /** For a connection. */
  readonly dial_ms: number;
  /** For what a healthy proxy does at once, until its absence counts. */
  readonly answer_ms: number;
  /** For what a healthy proxy does in a moment, and another never: a close, a cancellation, a first piece. */
  readonly settle_ms: number;
}

export const throughPace: ThroughPace = { dial_ms: 5_000, answer_ms: 5_000, settle_ms: 3_000 };

/** A request that has reached the origin. */
export interface Arrival {
  readonly origin: Peer;
  readonly request: Message;
}

export interface RequestShape {
  readonly method?: string;
  readonly version?: "1.0" | "1.1";
  /** Field lines beside `Host` and `User-Agent`. */
  readonly fields?: readonly string[];
  /** With `Content-Length`. */
  readonly body?: string;
}

const MARK = /hw-through-[a-z0-9]+-\d+/;
/** Both sides together; more means that the proxy opens connections without end. */
const PEERS_MAX = 2_000;

export class Stage {
  readonly settings: StageSettings;
  readonly pace: ThroughPace;
  readonly cost = { connections: 0, requests: 0 };
  readonly origins: Peer[] = [];
  private readonly ports: ThroughPorts;
  private readonly signal: AbortSignal;
  private readonly waiters = new Set<() => void>();
  private readonly clients: Peer[] = [];
  /** Clients that got more than they asked for, in checks that are over. */
  readonly oversupplied: Peer[] = [];
  private readonly answered = new WeakSet<Message>();
  private listener: Listener | undefined;
  private numbered = 0;
  private marks = 0;
  /** Distinguishes this examination's marks from those of another one in front of the same proxy. */
  private readonly run: string;

  constructor(settings: StageSettings, ports: ThroughPorts, signal: AbortSignal) {
    this.settings = settings;
    this.pace = settings.pace;
    this.ports = ports;
    this.signal = signal;
    this.run = Math.round(ports.clock.date()).toString(36);
    signal.addEventListener("abort", this.ring);
  }

  /** @throws the system's error */
  async open(): Promise<void> {
    const { host, port, tls } = this.settings.place;
    this.listener = await this.ports.listen({
      host,
      port,
      tls,
      onSocket: (socket) => this.accept(socket),
      onFault: () => {},
    });
  }

  /** Where the origin listens, with the real port. */
  get originAuthority(): string {
    const { host, port } = this.listener?.address ?? this.settings.place;
    return `${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  get originUrl(): string {
    return `${this.settings.place.tls === undefined ? "http" : "https"}://${this.originAuthority}`;
  }

  async close(): Promise<void> {
    for (const peer of [...this.clients, ...this.origins]) peer.destroy();
    this.signal.removeEventListener("abort", this.ring);
    await this.listener?.close();
  }

  /** What a check has opened ends with it. @param isTold it has said already that clients got what was not theirs */
  endClients(isTold: boolean): void {
    for (const client of this.clients.splice(0)) {
      if (client.log.surplus !== undefined && !isTold) this.oversupplied.push(client);
      client.destroy();
    }
  }

  now(): number {
    return this.ports.clock.now();
  }

  // As a client.

  get dialing(): Dialing {
    const { dialer, clock } = this.ports;
    return { dialer, clock, signal: this.signal, limit_ms: this.pace.dial_ms };
  }

  /** @throws DialFault, Stopped */
  async client(): Promise<Peer> {
    const { target, takesAnyCertificate, ca } = this.settings;
    const tls = {
      serverName: target.host,
      rejectUnauthorized: !takesAnyCertificate,
      ...(ca === undefined ? {} : { ca }),
    };
    const transcript = this.transcript();
    const place = addressOf(target, target.isSecure ? tls : undefined);
    const peer = await dial(this.dialing, place, (socket) => new Peer("client", socket, transcript, this.ring));
    this.cost.connections++;
    this.clients.push(peer);
    return peer;
  }

  /** A path that nobody else asks for. */
  mark(): string {
    return `hw-through-${this.run}-${++this.marks}`;
  }

  /** A request for a path with this mark. */
  request(mark: string, { method = "GET", version = "1.1", fields = [], body }: RequestShape = {}): string {
    this.cost.requests++;
    const { target, isForward } = this.settings;
    const path = isForward
      ? `${this.originUrl}/${mark}`
      : `${target.path.replace(/\?.*$/, "").replace(/\/$/, "")}/${mark}`;
    const lines = [
      `${method} ${path} HTTP/${version}`,
      `Host: ${isForward ? this.originAuthority : target.authority}`,
      `User-Agent: ${USER_AGENT}`,
      ...fields,
      ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
    ];
    return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
  }

  /** Sends a request for this mark on a connection. */
  ask(client: Peer, mark: string, shape: RequestShape = {}): void {
    client.send(this.request(mark, shape), shape.method ?? "GET");
  }

  // As an origin.

  private accept(socket: Socket): void {
    if (this.origins.length + this.clients.length >= PEERS_MAX) return socket.destroy();
    const peer: Peer = new Peer("origin", socket, this.transcript(), () => {
      this.answerOthers(peer);
      this.ring();
    });
    this.origins.push(peer);
  }

  /** What is not the doctor's gets an empty page. */
  private answerOthers(peer: Peer): void {
    for (const message of peer.log.messages) {
      if (!message.isComplete || this.answered.has(message) || MARK.test(message.target)) continue;
      this.answered.add(message);
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  }

  /** Requests with this mark that have reached the origin, in the order of their connections; whole, or their heads. */
  arrivals(mark: string): Arrival[] {
    return this.origins.flatMap((origin) =>
      origin.log.messages
        .filter(({ target }) => marksIn(target).includes(mark))
        .map((request) => ({ origin, request })),
    );
  }

  /** The first request with this mark, once its head is there, or once it is whole; it does not come: undefined. */
  async arrival(
    mark: string,
    until: "head" | "whole" = "whole",
    limit_ms = this.pace.answer_ms,
  ): Promise<Arrival | undefined> {
    const found = () => this.arrivals(mark).find(({ request }) => until === "head" || request.isComplete);
    await this.until(() => found() !== undefined, limit_ms);
    return found();
  }

  // Waiting.

  /** Waits until something holds. Returns whether it does. @throws Stopped */
  async until(isReached: () => boolean, limit_ms: number = this.pace.answer_ms): Promise<boolean> {
    const { clock } = this.ports;
    return await new Promise((resolve, reject) => {
      const look = () => {
        if (this.signal.aborted) settle(() => reject(new Stopped()));
        else if (isReached()) settle(() => resolve(true));
      };
      const settle = (then: () => void) => {
        this.waiters.delete(look);
        stop();
        then();
      };
      // What has come is not late because this process was busy.
      const stop = clock.after(limit_ms, () => clock.afterArrivals(() => settle(() => resolve(isReached()))));
      this.waiters.add(look);
      look();
    });
  }

  /** The response to the last of so many requests of a client, once it is whole; it does not come: undefined. */
  async response(client: Peer, number = 1, limit_ms = this.pace.answer_ms): Promise<Message | undefined> {
    await this.until(
      () => client.whole.length >= number || client.ended !== undefined || client.log.refusal !== undefined,
      limit_ms,
    );
    return client.whole[number - 1];
  }

  private readonly ring = (): void => {
    for (const waiter of [...this.waiters]) waiter();
  };

  private transcript(): Transcript {
    return new Transcript(++this.numbered, () => this.now(), new Set());
  }

  /** The connections of these, as evidence, each once. */
  evidenceOf(...peers: readonly (Peer | undefined)[]): Evidence[] {
    return [...new Set(peers)].flatMap((peer) => (peer === undefined ? [] : [peer.evidence]));
  }
}

function marksIn(target: string): string[] {
  return [...target.matchAll(new RegExp(MARK, "g"))].map(([mark]) => mark);
}

/** A response with this body, that ends where its length says. */
export function answer(body: string, fields: readonly string[] = [], status = "200 OK"): string {
  return [`HTTP/1.1 ${status}`, "Content-Type: text/plain", `Content-Length: ${body.length}`, ...fields, "", body].join(
    "\r\n",
  );
}
