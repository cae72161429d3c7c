/**
 * The client as an exchange knows it: a port that the exchange calls. What it is told leaves in its own protocol; what becomes of its
 * connection is its own business (law 1), and the exchange only says what it knows.
 *
 * `http1-client-side.ts` speaks HTTP/1. Deliberately absent: the request, which an exchange is given (client-exchange.ts).
 */
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { Socket, SocketHandler } from "../net/ports.ts";
import type { OriginAddress } from "../pool/origin-address.ts";
import type { ConnectionOptions } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { Trailers } from "../wire/trailers.ts";
import type { AnswerDetails, AnswerReason } from "./answers.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ClientExchange } from "./client-exchange.ts";

export interface ClientSide {
  readonly connection: ClientConnection;
  /** It takes nothing more for now. It says so when it does again (`onClientDrain`). */
  readonly isBlocked: boolean;
  /** It moves what only it can move more slowly than honest clients do. */
  readonly isSlow: boolean;
  /** In its protocol a 2xx agrees to the switch that it asks for: only an agreement may be one. It does not ask so: absent. */
  readonly agreement?: Agreement | undefined;

  // What it is told. It leaves with the next `flush`.

  /** 100 (Continue), of our own; at once. */
  sayContinue(): void;
  interim(head: ResponseMessage, options: ConnectionOptions): void;
  /**
   * @param ownReason why nothing may follow it; undefined: something may
   * @param chosen the origin that it came from, where the application chose one; otherwise undefined
   */
  final(
    head: ResponseMessage,
    options: ConnectionOptions,
    framing: Framing,
    ownReason: CloseReason | undefined,
    chosen?: OriginAddress,
  ): void;
  body(octets: Octets, from: number, to: number): void;
  /** The body is complete. */
  endBody(trailers: Trailers | undefined): void;
  /**
   * An answer of the proxy's own, in place of a final response; at once.
   *
   * @param fault the system's error code
   * @param details what the client is told beside the reason; nothing: undefined
   * @param ownReason why nothing may follow it; undefined: something may
   */
  answer(
    reason: AnswerReason,
    fault: string | undefined,
    ownReason: CloseReason | undefined,
    details?: AnswerDetails,
  ): void;
  flush(): void;

  // How it ends.

  /** The exchange is over. */
  end(): void;
  /** The exchange is over and nothing may follow. A response that is not complete must be seen to be incomplete. */
  breakOff(reason: CloseReason): void;

  // How its request arrives.

  /** Some of its body was read, or what was left of it. */
  noteRequest(isWhole: boolean): void;
  pause(): void;
  resume(): void;
  /** What it owes has changed: another limit of time runs, perhaps. */
  armForRequest(): void;
  /** Its credentials were checked; this is what its request begins. */
  goOn(exchange: ClientExchange): void;

  // A tunnel.

  /** The final response with which a tunnel begins: 101, or 2xx to CONNECT; at once. @param head the origin's; none: undefined */
  establish(head: ResponseMessage | undefined): void;
  readonly tunnelEnd: TunnelEnd;
}

/** How an origin agrees to a switch, beyond 101 (RFC 8441 section 5). */
export interface Agreement {
  /** `Sec-WebSocket-Accept`; it is asked for something else: undefined. */
  readonly acceptance: string | undefined;
}

/** A tunnel that has begun, as its client's end knows it. */
export interface BegunTunnel {
  readonly place: Place;
  /** The time of a drain is over: it ends, visibly. */
  cut(): void;
  /** Of what its client sent, what the origin has not taken. */
  readonly untakenBytes: number;
}

/** The client's end of a tunnel, through which bytes pass as they are. */
export interface TunnelEnd {
  readonly socket: Socket;
  readonly peerHasClosed: boolean;
  /** Hands the socket to a tunnel, with the bytes that the client sent early. */
  beginTunnel(tunnel: BegunTunnel, handler: SocketHandler): Octets;
  /** The tunnel is done; the socket closes by itself. */
  noteClosing(reason: CloseReason): void;
  reset(reason: CloseReason): void;
  onClose(fault: string | undefined): void;
}
