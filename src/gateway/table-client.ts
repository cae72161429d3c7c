/**
 * A client's connection as the table of all of them and the gateway know it, whatever is spoken on it: downstream.ts and
 * http2-connection.ts are such.
 */
import type { ConnectionRecord } from "../connection/connection-record.ts";
import type { Place } from "../connection/fair-share.ts";
import type { ListNode, Member } from "../connection/lists.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { Socket } from "../net/ports.ts";
import type { ClientLimits } from "./client-limits.ts";

export interface TableClient extends ListNode, Member<TableClient>, ClientConnection {
  readonly socket: Socket;
  /** The limit of time that runs. */
  readonly limits: ClientLimits;
  readonly record: ConnectionRecord;
  isTrusted: boolean;
  /** Let in beyond the limit until its request is heard. */
  isSurplus: boolean;
  /** Since when it has been sending its head, or has been open without one. */
  readonly readingSince_ms: number;
  /** What is in progress here; nothing: undefined. */
  readonly place: Place | undefined;
  /** Why it is to go before long; it may stay: undefined. */
  readonly leaving: CloseReason | undefined;
  /** It is to go: it is told, where its protocol can. */
  announceLeave(): void;
  /** It is given nothing new to do, and closes once it is idle. */
  finish(reason: CloseReason): void;
  /** Gives way to a newcomer. */
  evict(): void;
  /**
   * The drain's deadline: those who wait for a response are told that there will be none, everything else in flight is cut.
   *
   * @returns whether that was an exchange or a tunnel
   */
  onDrainDeadline(): boolean;
  /** Ends at once what still is. */
  cut(): void;
}
