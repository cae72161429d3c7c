/**
 * Who a request of another server's comes from, as exchanges and records know it (client-connection.ts).
 *
 * The connection is the other server's: it may carry several requests at once (HTTP/2, or pipelined ones), so each has a life of its
 * own here, and they share a number, and what authentication has bound to them. Deliberately absent: a socket; all that is ever asked
 * of one is to tell of its close, where nothing else does.
 */
import { acceptedFacts, type ConnectionRecord } from "../connection/connection-record.ts";
import { Life } from "../connection/life.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import { clientNameOf } from "../http1/client-names.ts";
import type { Bindings } from "../pool/bindings.ts";
import { isHttp2, type Request, type RequestSocket } from "./outer.ts";

/** One connection of the other server's. */
class OuterConnection {
  readonly id: number;
  readonly peer: ClientConnection["socket"];
  readonly isTrusted: boolean;
  readonly clientName: string;
  exchanges = 0;
  bindings: Bindings | undefined;
  /** Whom its close is told. Nothing is subscribed to before there is one. */
  private waiting: Set<() => void> | undefined;

  constructor(request: Request, asking: Asking) {
    const {
      remoteAddress = "",
      remotePort = 0,
      encrypted = false,
      localAddress = "",
      localPort = 0,
    } = request.socket ?? {};
    this.id = asking.newId();
    this.peer = { remoteAddress, remotePort, isSecure: encrypted, localAddress, localPort };
    this.isTrusted = asking.isTrusted(remoteAddress);
    this.clientName = clientNameOf(remoteAddress);
  }

  hearClose(socket: RequestSocket | null | undefined, listener: () => void): void {
    if (this.waiting === undefined) {
      this.waiting = new Set();
      socket?.once?.("close", () => {
        for (const tell of this.waiting ?? []) tell();
      });
    }
    this.waiting.add(listener);
  }

  hearNoMore(listener: () => void): void {
    this.waiting?.delete(listener);
  }
}

/** Who asks for what is known of a connection. */
export interface Asking {
  newId(): number;
  now(): number;
  isTrusted(address: string): boolean;
}

export class OuterConnections {
  private readonly known = new WeakMap<object, OuterConnection>();
  private readonly asking: Asking;

  constructor(asking: Asking) {
    this.asking = asking;
  }

  clientOf(request: Request): OuterClient {
    // With HTTP/2 each stream has a socket of its own to show.
    const key = request.stream?.session ?? request.socket ?? request;
    let connection = this.known.get(key);
    if (connection === undefined) {
      connection = new OuterConnection(request, this.asking);
      this.known.set(key, connection);
    }
    return new OuterClient(request, connection, this.asking.now());
  }
}

export class OuterClient implements ClientConnection {
  readonly record: ConnectionRecord;
  readonly socket: ClientConnection["socket"];
  readonly speaksHttp2: boolean;
  readonly isTrusted: boolean;
  private readonly connection: OuterConnection;
  private readonly request: Request;
  private onClose: (() => void) | undefined;

  constructor(request: Request, connection: OuterConnection, now: number) {
    this.request = request;
    this.connection = connection;
    this.socket = connection.peer;
    this.speaksHttp2 = isHttp2(request);
    this.isTrusted = connection.isTrusted;
    const life = new Life(acceptedFacts(connection.id, connection.clientName, connection.peer, now));
    this.record = life;
    life.noteOpened();
    life.beginExchange(now);
    life.exchanges = ++connection.exchanges;
  }

  get bindings(): Bindings | undefined {
    return this.connection.bindings;
  }

  /** What is bound ends with the client's connection. */
  set bindings(bindings: Bindings | undefined) {
    this.connection.bindings = bindings;
    const { request, connection } = this;
    if (request.stream === undefined) request.socket?.once?.("close", () => connection.bindings?.end());
  }

  /**
   * Its turn has not come: others of its connection are answered before. If that closes until then, Node tells it to the first of them
   * only.
   */
  hearClose(listener: () => void): void {
    this.onClose = listener;
    this.connection.hearClose(this.request.socket, listener);
  }

  /** The exchange is over. Where nothing tells of the connection's end, nothing stays bound to it. */
  leave(): void {
    const { request, connection, onClose } = this;
    if (onClose !== undefined) connection.hearNoMore(onClose);
    if (connection.bindings === undefined) return;
    if (request.stream === undefined && request.socket?.once !== undefined) return;
    connection.bindings.end();
    connection.bindings = undefined;
  }
}
