/**
 * The origin as an exchange knows it: a port. It is given a pool and gets itself a connection there, is told the request, and tells what
 * comes back; what becomes of its connection is its own business (law 1).
 *
 * `http1-origin-side.ts` speaks HTTP/1 on a connection of the pool. Deliberately absent: retrying; the exchange asks for another
 * origin side then.
 */
import type { ConnectionRecord, EndpointRecord } from "../connection/connection-record.ts";
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { Socket } from "../net/ports.ts";
import type { NoConnection, SearchPhase } from "../pool/pool.ts";
import type { ConnectionUser } from "../pool/pooled-connection.ts";
import type { ConnectionOptions } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { Trailers } from "../wire/trailers.ts";
import type { Admission } from "./admission.ts";
import type { AnswerReason } from "./answers.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { RetryVerdict } from "./retry.ts";
import type { UpstreamLimit } from "./upstream-limit.ts";

export interface OriginSide {
  /** What is told of its connection; it has none, or none yet: undefined. */
  readonly record: ConnectionRecord | undefined;
  /** It takes a body only with its length, and knows no 100 (Continue): HTTP/1.0. */
  readonly speaksHttp10: boolean;
  /** It takes nothing more of the request for now. It says so when it does again (`onOriginDrain`). */
  readonly isBlocked: boolean;
  /** It may answer the head alone: the body waits until it has spoken, or for a moment, which `onOriginDrain` ends. */
  readonly awaitsWord: boolean;
  /** Whether it would still take what is missing of the request, once its response has begun. */
  readonly takesRest: boolean;
  /** Of what it was told, what has not left yet. */
  readonly unsentBytes: number;
  /** For a tunnel, behind `onSwitch`. */
  readonly tunnelEnd: OriginTunnelEnd;

  /** Looks for a connection; `onReady` or `onNone` follows, at once or later. */
  seek(): void;

  // What it is told, within `onReady` or later. It leaves with the next `flush`.

  /** The request's head. @param lengthHeld the body's length, where all of it is at hand. @param saysLength it is told that, and no chunks */
  begin(lengthHeld: number | undefined, saysLength: boolean): void;
  body(octets: Octets, from: number, to: number): void;
  /** The request is complete. */
  endBody(trailers: Trailers | undefined): void;
  /** False: it takes nothing more for now, and should be given no more. */
  flush(): boolean;

  // How its response arrives.

  pause(): void;
  resume(): void;
  /** What is owed has changed: another limit of time runs, perhaps. */
  arm(): void;

  // How it ends.

  /** The response is complete, and nothing more of the request follows. */
  end(): void;
  /** Nothing more is wanted of it. @param reason why its connection closes; it has none: undefined */
  close(reason: CloseReason | undefined): void;
}

/** The origin's end of a tunnel, through which bytes pass as they are. */
export interface OriginTunnelEnd {
  readonly socket: Socket;
  clearDeadline(): void;
  beginTunnel(tunnel: ConnectionUser): void;
  /** The tunnel is done; the socket closes by itself. */
  noteClosing(reason: CloseReason): void;
  reset(reason: CloseReason): void;
}

/** What an origin's side asks of the exchange, and tells it. */
export interface OriginListener {
  // What is to be sent, and for whom.

  readonly head: RequestMessage;
  readonly admission: Admission;
  readonly record: ExchangeRecord;
  readonly client: { readonly connection: ClientConnection; readonly isBlocked: boolean };
  /** What it holds of what is limited. */
  readonly place: Place;
  /** Whether the request can be sent again: nothing is done twice that must not be, and all of it is at hand. */
  readonly isRetriable: boolean;
  /** It has been lost once: it goes on a fresh connection. */
  readonly isRetry: boolean;
  /** The client has sent all of the request. */
  readonly isRequestComplete: boolean;
  /** The client waits for 100 (Continue) before it sends the body. */
  readonly awaitsContinue: boolean;

  // The way there.

  /** Nothing was there at once: how the search goes on. */
  onSearch(phase: SearchPhase): void;
  /** The request may go. False: it may not, to this origin, for now. */
  onReady(): boolean;
  /** @param endpoint where a connection was looked for last; anywhere in a group that had no room: undefined */
  onNone(why: NoConnection, fault: string, endpoint: EndpointRecord | undefined): void;
  /** It takes more of the request again. */
  onOriginDrain(): void;
  /** It does not do in time what it should. */
  onOriginLate(limit: UpstreamLimit, isWorthAnother: boolean, isInBudget: boolean): void;

  // The response.

  /** The first bytes of it. */
  onBegun(): void;
  /** False: nothing more is wanted. */
  onInterim(head: ResponseMessage, options: ConnectionOptions): boolean;
  /** False: nothing more is wanted. */
  onFinal(head: ResponseMessage, options: ConnectionOptions, framing: Framing): boolean;
  onBody(octets: Octets, from: number, to: number): void;
  onComplete(trailers: Trailers | undefined): void;
  /** 101 behind the whole request: `rest` is what came behind it. */
  onSwitch(head: ResponseMessage, rest: Octets): void;
  /** All that arrived together was told. */
  onRead(): void;
  onFault(reason: AnswerReason, refusal?: RefusalCode): void;
  /**
   * It ended before the response was complete.
   *
   * @param isWorthAnother nothing of the response came, and another connection may do better
   * @param isInBudget its group has retries left
   */
  onLost(fault: string | undefined, isWorthAnother: boolean, isInBudget: boolean): void;
  /** Whether it goes on another connection instead, in place of what came on this one, which closes then; or why not. */
  retry(why: CloseReason, fault: string | undefined, isWorthAnother: boolean, isInBudget: boolean): RetryVerdict;
  /** A fault of our own showed there. */
  onBroken(): void;
  /** It ended behind its response. */
  onOriginEnd(): void;
}

/** Makes the side of the origin that a request is routed to, or says why there is none. */
export type OpenOrigin<Context> = (context: Context, listener: OriginListener) => OriginSide | AnswerReason;
