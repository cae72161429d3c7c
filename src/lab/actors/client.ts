/**
 * A client: sends requests, and believes what it is told about its connection.
 *
 * What it is (HTTP/1.0, 1.0 with keep-alive, 1.1) is its temper. It waits as long as its patience lasts, and never sends a
 * request twice: what came of each is for the scenario to see. Deliberately absent: cookies, redirects, TLS.
 */
import { HopMessages, mayBegin, reasonToClose } from "../../connection/message-states.ts";
import { type Persistence, persistenceAfter } from "../../connection/persistence.ts";
import type { Clock, Dialer, Socket, SocketHandler } from "../../net/ports.ts";
import { CONNECTION_OPTIONS_MAX, connectionOptionsOf } from "../../wire/fields.ts";
import { listMembers } from "../../wire/lists.ts";
import type { Octets } from "../../wire/octets.ts";
import type { ResponseHead } from "../../wire/response-head.ts";
import { type Message, ResponseReader } from "./message-reader.ts";

export interface ClientTemper {
  readonly version: "1.0" | "1.1";
  /** Field lines of every request, after `Host`. */
  readonly fields: readonly string[];
  readonly patience_ms: number;
  /** Believes `Proxy-Connection` in responses, as browsers of the 1990s did. */
  readonly believesProxyConnection?: boolean;
  /** Sends all of a body before it looks for an answer, as many simple clients do. */
  readonly readsLate?: boolean;
}

/** Where requests go. */
export interface Door {
  readonly host: string;
  readonly port: number;
  /** What `Host` says. */
  readonly authority: string;
  /** In front of each target: empty, or `http://host:port` for a forward proxy. */
  readonly targetPrefix: string;
}

/** How an exchange ended: well; or the patience was over, the connection closed, was reset, or never opened. */
export type Ending = "answered" | "gave-up" | "closed" | "reset" | "unreachable";

export interface ClientExchange {
  readonly method: string;
  readonly target: string;
  readonly ending: Ending;
  /** 0 without an answer. */
  readonly status: number;
  readonly body: string;
  /** The answer's fields by lowercase names. */
  field(name: string): string | undefined;
  /** This client's port. */
  readonly port: number;
  /** Whether the connection had carried a request before. */
  readonly isReused: boolean;
  /** From wanting it to its end, with the handshake where there was one. */
  readonly took_ms: number;
  /** From its last octet leaving. */
  readonly waited_ms: number;
}

export interface ClientHooks {
  /** Its request has left, and it waits. */
  waits?(): void;
  /** It waits no more. */
  waited?(from_ms: number, exchange: ClientExchange): void;
}

export interface ClientPorts extends ClientHooks {
  readonly dialer: Dialer;
  readonly clock: Clock;
}

interface Pending {
  readonly method: string;
  readonly target: string;
  readonly began_ms: number;
  sent_ms: number;
  readonly isReused: boolean;
  stopPatience: () => void;
  readonly resolve: (exchange: ClientExchange) => void;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: string;
  readonly fields?: readonly string[];
}

export class LabClient {
  private readonly ports: ClientPorts;
  private readonly door: Door;
  private readonly temper: ClientTemper;
  private connection: ClientConnection | undefined;

  constructor(ports: ClientPorts, door: Door, temper: ClientTemper) {
    this.ports = ports;
    this.door = door;
    this.temper = temper;
  }

  /** Whether it believes its connection to be open. */
  get isConnected(): boolean {
    return this.connection?.mayBeReused === true;
  }

  async request(target: string, options: RequestOptions = {}): Promise<ClientExchange> {
    const [exchange] = await Promise.all(await this.send([[target, options]]));
    return exchange as ClientExchange;
  }

  /** Sends all requests at once (RFC 9112 section 9.3.2). */
  async pipeline(targets: readonly string[]): Promise<ClientExchange[]> {
    return await Promise.all(await this.send(targets.map((target) => [target, {}])));
  }

  /** Opens a connection, or uses the one that is open, and sends; the answers are still to come. */
  async send(
    requests: readonly (readonly [target: string, options: RequestOptions])[],
  ): Promise<Promise<ClientExchange>[]> {
    const began_ms = this.ports.clock.now();
    let connection = this.connection;
    const isReused = connection?.mayBeReused === true;
    if (connection === undefined || !isReused) {
      const opened = await this.open();
      if (opened === undefined)
        return requests.map(([target, options]) => Promise.resolve(unreachable(target, options)));
      connection = opened;
      this.connection = opened;
    }
    const current = connection;
    return requests.map(([target, options]) =>
      current.send(this.octetsOf(target, options), target, options, began_ms, isReused),
    );
  }

  /** Sends octets of the scenario's own, as one request. */
  async sendRaw(octets: string, target: string, options: RequestOptions = {}): Promise<ClientExchange> {
    const connection = this.connection?.mayBeReused ? this.connection : await this.open();
    if (connection === undefined) return unreachable(target, options);
    this.connection = connection;
    return await connection.send([octets], target, options, this.ports.clock.now(), connection.exchanges > 0);
  }

  /** Opens a connection without sending anything. */
  async connect(): Promise<boolean> {
    this.connection = await this.open();
    return this.connection !== undefined;
  }

  /** Closes its connection, as at the end of a visit. */
  leave(): void {
    this.connection?.leave();
    this.connection = undefined;
  }

  private octetsOf(target: string, { method = "GET", body, fields = [] }: RequestOptions): string[] {
    const { authority, targetPrefix } = this.door;
    const lines = [
      `${method} ${targetPrefix}${target} HTTP/${this.temper.version}`,
      `Host: ${authority}`,
      ...this.temper.fields,
      ...fields,
      ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
    ];
    const head = `${lines.join("\r\n")}\r\n\r\n`;
    return body === undefined ? [head] : [head, body];
  }

  private open(): Promise<ClientConnection | undefined> {
    const { host, port } = this.door;
    return new Promise((resolve) => {
      this.ports.dialer.dial(
        { kind: "tcp", host, port },
        {
          onConnected: (socket) => resolve(new ClientConnection(socket, this.ports, this.temper)),
          onFailed: () => resolve(undefined),
        },
      );
    });
  }
}

/** Pipelined requests wait in a line; the messages are those of the first. */
class ClientConnection implements SocketHandler {
  exchanges = 0;
  private readonly socket: Socket;
  private readonly ports: ClientPorts;
  private readonly temper: ClientTemper;
  private readonly waiting: Pending[] = [];
  private readonly messages = new HopMessages();
  private readonly reader = new ResponseReader({
    onHead: (head, endsByClose) => this.onHead(head, endsByClose),
    onMessage: (message) => this.onMessage(message),
    onFault: () => this.onFault(),
  });
  private isGone = false;

  constructor(socket: Socket, ports: ClientPorts, temper: ClientTemper) {
    this.socket = socket;
    this.ports = ports;
    this.temper = temper;
    socket.handler = this;
  }

  get mayBeReused(): boolean {
    return this.messages.closeReason === undefined && !this.isGone;
  }

  send(
    octets: readonly string[],
    target: string,
    options: RequestOptions,
    began_ms: number,
    isReused: boolean,
  ): Promise<ClientExchange> {
    const { clock } = this.ports;
    this.exchanges++;
    return new Promise((resolve) => {
      const pending: Pending = {
        method: options.method ?? "GET",
        target,
        began_ms,
        sent_ms: clock.now(),
        isReused,
        stopPatience: clock.after(this.temper.patience_ms, () => this.giveUp()),
        resolve,
      };
      this.waiting.push(pending);
      if (mayBegin(this.messages)) this.messages.requestWhole(false);
      let mayGoOn = true;
      for (const piece of octets) mayGoOn = this.socket.write(piece);
      if (this.temper.readsLate && !mayGoOn) this.socket.pause();
      this.ports.waits?.();
    });
  }

  leave(): void {
    if (!this.isGone) this.socket.end();
    this.messages.requesterEnded("drained");
  }

  onData(octets: Octets): void {
    this.reader.read(octets);
  }

  onEnd(): void {
    this.reader.end();
    this.messages.responderEnded("peer-closed");
    this.socket.end();
    this.fail("closed");
  }

  onDrain(): void {
    this.socket.resume();
  }

  onClose(fault: string | undefined): void {
    this.isGone = true;
    this.fail(fault === undefined ? "closed" : "reset");
  }

  private onHead(head: ResponseHead, endsByClose: boolean): void {
    const { messages } = this;
    // Nothing was asked that it could answer.
    if (mayBegin(messages)) return this.onFault();
    const { persists, reason } = this.persistenceAfter(head);
    if (!persists) messages.mustClose(reason === "close-received" ? reason : "http10-not-kept");
    messages.final(endsByClose);
  }

  private onMessage({ head, body }: Message<ResponseHead>): void {
    const { messages } = this;
    const pending = this.waiting.shift();
    if (pending === undefined) return;
    messages.responseWhole();
    const { status, fields } = head;
    this.finish(pending, "answered", status, body, (name) => fields.get(name));
    if (reasonToClose(messages) !== undefined) return this.fail("closed");
    messages.next();
    if (this.waiting.length > 0) messages.requestWhole(false);
  }

  private onFault(): void {
    this.reader.stop();
    this.messages.responderFailed("response-malformed");
    this.fail("reset");
  }

  private persistenceAfter(head: ResponseHead): Persistence {
    const options = connectionOptionsOf(head.fields);
    const viaProxy = this.temper.believesProxyConnection
      ? listMembers(head.fields.get("proxy-connection") ?? "", CONNECTION_OPTIONS_MAX)?.includes("keep-alive") === true
      : false;
    return persistenceAfter({
      minorVersion: head.minorVersion,
      saysClose: options.close,
      saysKeepAlive: options.keepAlive || viaProxy,
      honoursHttp10KeepAlive: true,
    });
  }

  private giveUp(): void {
    this.fail("gave-up");
    if (!this.isGone) this.socket.destroy();
    this.isGone = true;
  }

  /** Nothing more comes for those who wait. */
  private fail(ending: Ending): void {
    for (const pending of this.waiting.splice(0)) this.finish(pending, ending, 0, "", () => undefined);
  }

  private finish(pending: Pending, ending: Ending, status: number, body: string, field: ClientExchange["field"]): void {
    const { method, target, isReused, began_ms, sent_ms } = pending;
    pending.stopPatience();
    const now = this.ports.clock.now();
    const exchange: ClientExchange = {
      method,
      target,
      ending,
      status,
      body,
      field,
      port: this.socket.localPort,
      isReused,
      took_ms: now - began_ms,
      waited_ms: now - sent_ms,
    };
    this.ports.waited?.(sent_ms, exchange);
    pending.resolve(exchange);
  }
}

function unreachable(target: string, { method = "GET" }: RequestOptions): ClientExchange {
  return {
    method,
    target,
    ending: "unreachable",
    status: 0,
    body: "",
    field: () => undefined,
    port: 0,
    isReused: false,
    took_ms: 0,
    waited_ms: 0,
  };
}
