/**
 * A server of a lab's temper: connectionless, HTTP/1.0 with keep-alive on terms, or HTTP/1.1.
 *
 * It closes an idle connection completely and without a word, as servers do; what arrives then is answered by the system
 * with RST. Deliberately absent: files, and patience with malformed requests.
 */
import { formatKeepAlive } from "../../connection/keep-alive-terms.ts";
import { HopMessages, isAwaited, mayBegin, reasonToClose } from "../../connection/message-states.ts";
import type { CloseReason } from "../../connection/reasons.ts";
import type { Clock, Socket, SocketHandler } from "../../net/ports.ts";
import { type ConnectionOptions, connectionOptionsOf } from "../../wire/fields.ts";
import type { Octets } from "../../wire/octets.ts";
import type { RequestHead } from "../../wire/request-head.ts";
import { type Message, RequestReader } from "./message-reader.ts";

/** From an early answer to the close: as long as a server takes to be done with it. */
const RUDE_CLOSE_MS = 100;

export interface ServerTemper {
  readonly version: "1.0" | "1.1";
  /** `never`: closes after each response. `when-asked`: HTTP/1.0 with keep-alive. `by-default`: HTTP/1.1. */
  readonly persists: "never" | "when-asked" | "by-default";
  /** How long a connection may idle. */
  readonly timeout_ms: number;
  /** Whether it tells its terms in `Keep-Alive`. */
  readonly tellsTerms?: boolean;
  /** What its answers are; none: text. */
  readonly mediaType?: string;
  /** Requests on one connection; none: no limit. */
  readonly requestsMax?: number;
  /** Connections that are served at once; those beyond wait in line. None: no limit. */
  readonly workers?: number;
  /** A body larger than this is refused while it arrives, and the connection closed at once; none: any is read. */
  readonly bodyBytesMax?: number;
  readonly respond?: (request: ServedRequest) => ServerAnswer;
}

export interface ServedRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  /** Which of the server's connections it came on, from 1. */
  readonly connection: number;
  /** Which request on that connection it is, from 1. */
  readonly exchange: number;
  /** The head as it arrived. */
  readonly head: string;
}

export interface ServerAnswer {
  readonly status?: string;
  readonly body?: string;
  /** How long the server works on it. */
  readonly delay_ms?: number;
  readonly closes?: boolean;
}

export interface ServerHooks {
  /** A connection was closed because it idled since then. */
  idled?(since_ms: number): void;
  /** A connection waits in line: all workers are taken. */
  queued?(): void;
}

export class LabServer {
  /** Every request that was executed. */
  readonly served: ServedRequest[] = [];
  connections = 0;
  /** The most connections that were open at once. */
  openMax = 0;
  readonly clock: Clock;
  readonly temper: ServerTemper;
  readonly hooks: ServerHooks;
  private readonly open = new Set<ServerConnection>();
  private readonly line: Socket[] = [];

  constructor(clock: Clock, temper: ServerTemper, hooks: ServerHooks = {}) {
    this.clock = clock;
    this.temper = temper;
    this.hooks = hooks;
  }

  accept(socket: Socket): void {
    if (this.temper.workers === undefined || this.open.size < this.temper.workers) return this.serve(socket);
    // Connected, as far as its system is concerned, and heard by nobody.
    socket.pause();
    this.line.push(socket);
    socket.handler = {
      onData() {},
      onEnd() {},
      onDrain() {},
      onClose: () => void this.line.splice(this.line.indexOf(socket), 1),
    };
    this.hooks.queued?.();
  }

  private serve(socket: Socket): void {
    this.connections++;
    const connection = new ServerConnection(this, socket, this.connections);
    this.open.add(connection);
    this.openMax = Math.max(this.openMax, this.open.size);
    socket.resume();
  }

  gone(connection: ServerConnection): void {
    this.open.delete(connection);
    const next = this.line.shift();
    if (next !== undefined) this.serve(next);
  }
}

/** A request that cannot be read, or is refused. */
interface Refused {
  readonly status: string;
  readonly body: string;
  /** Nothing is read any more, and soon everything is closed with bytes unread. */
  readonly isRude: boolean;
}

/** Requests are read ahead, and wait for their turn; the messages are those of the one that is answered. */
class ServerConnection implements SocketHandler {
  private readonly server: LabServer;
  private readonly socket: Socket;
  private readonly number: number;
  private exchanges = 0;
  private readonly queue: (Message<RequestHead> | Refused)[] = [];
  private readonly messages = new HopMessages();
  private stopTimer = () => {};
  private readonly reader: RequestReader;

  constructor(server: LabServer, socket: Socket, number: number) {
    this.server = server;
    this.socket = socket;
    this.number = number;
    socket.handler = this;
    this.reader = new RequestReader({
      onHead: (head) => this.onHead(head),
      onMessage: (message) => this.onTurn(message),
      onFault: (fault) => this.onTurn({ status: "400 Bad Request", body: `${fault}\n`, isRude: false }),
    });
    this.waitIdle();
  }

  onData(octets: Octets): void {
    this.stopTimer();
    if (this.messages.closeReason === undefined) this.reader.read(octets);
  }

  onEnd(): void {
    this.messages.requesterEnded("peer-half-closed");
    if (!isAwaited(this.messages.responder)) this.close();
  }

  onDrain(): void {}

  onClose(): void {
    this.stopTimer();
    this.messages.responderFailed("peer-closed");
    this.server.gone(this);
  }

  private onHead(head: RequestHead): void {
    const { bodyBytesMax } = this.server.temper;
    if (bodyBytesMax === undefined || Number(head.fields.get("content-length") ?? 0) <= bodyBytesMax) return;
    this.reader.stop();
    this.onTurn({ status: "413 Content Too Large", body: "too large\n", isRude: true });
  }

  private onTurn(turn: Message<RequestHead> | Refused): void {
    this.queue.push(turn);
    this.advance();
  }

  private advance(): void {
    if (!mayBegin(this.messages)) return;
    const turn = this.queue.shift();
    if (turn === undefined) return;
    if ("status" in turn) this.refuse(turn);
    else this.serve(turn);
  }

  private refuse({ status, body, isRude }: Refused): void {
    this.messages.answered("request-refused");
    this.write(status, body, false);
    if (!isRude) return this.close();
    // Rude, and common.
    this.socket.pause();
    this.server.clock.after(RUDE_CLOSE_MS, () => this.socket.destroy());
  }

  private serve(message: Message<RequestHead>): void {
    this.messages.requestWhole(false);
    this.exchanges++;
    const { head, body } = message;
    const { method, target } = head;
    const request = { method, target, body, connection: this.number, exchange: this.exchanges, head: head.text };
    this.server.served.push(request);
    const {
      status = "200 OK",
      body: content = `${method} ${target}\n`,
      delay_ms = 0,
      closes = false,
    } = this.server.temper.respond?.(request) ?? {};
    const respond = () => {
      if (isAwaited(this.messages.responder)) this.respond(head, status, content, closes);
    };
    if (delay_ms === 0) respond();
    else this.server.clock.after(delay_ms, respond);
  }

  private respond(head: RequestHead, status: string, body: string, closes: boolean): void {
    const { messages } = this;
    const options = connectionOptionsOf(head.fields);
    const reason = this.reasonNotToPersist(head, options, closes);
    if (reason !== undefined) messages.mustClose(reason);
    messages.final(false);
    messages.responseWhole();
    this.write(status, body, options.keepAlive);
    if (reasonToClose(messages) !== undefined) return this.close();
    messages.next();
    this.waitIdle();
    this.advance();
  }

  private reasonNotToPersist(
    { minorVersion }: RequestHead,
    { close, keepAlive }: ConnectionOptions,
    closes: boolean,
  ): CloseReason | undefined {
    const { persists, requestsMax } = this.server.temper;
    const isByDefault = persists === "by-default" && minorVersion === 1 && !close;
    if (!isByDefault && (persists === "never" || !keepAlive)) return close ? "close-received" : "http10-not-kept";
    const isLast = requestsMax !== undefined && this.exchanges >= requestsMax;
    return isLast || closes ? "max-requests" : undefined;
  }

  /** @param isAsked the client asked for keep-alive */
  private write(status: string, body: string, isAsked: boolean): void {
    const { version, requestsMax, tellsTerms, timeout_ms, persists, mediaType = "text/plain" } = this.server.temper;
    const lines = [`HTTP/${version} ${status}`, `Content-Type: ${mediaType}`, `Content-Length: ${body.length}`];
    const closes = this.messages.closeReason !== undefined;
    if (!closes && isAsked) {
      lines.push("Connection: keep-alive");
      const left = requestsMax === undefined ? undefined : requestsMax - this.exchanges;
      if (tellsTerms) lines.push(`Keep-Alive: ${formatKeepAlive(Math.floor(timeout_ms / 1_000), left)}`);
    } else if (closes && persists !== "never") {
      lines.push("Connection: close");
    }
    this.socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }

  private waitIdle(): void {
    const { clock, hooks, temper } = this.server;
    const since_ms = clock.now();
    this.stopTimer();
    this.stopTimer = clock.after(temper.timeout_ms, () => {
      if (!mayBegin(this.messages)) return;
      hooks.idled?.(since_ms);
      this.messages.mustClose("idle-timeout");
      this.socket.destroy();
    });
  }

  /** Closes once everything has left; what still arrives is read and forgotten. */
  private close(): void {
    this.stopTimer();
    this.messages.responderEnded("peer-closed");
    this.socket.end();
  }
}
