/**
 * Facts about a client's connection for its exchange, and nothing to call: who it is, and how it is. Observers get its record, which
 * is plain data.
 */
import type { ConnectionRecord } from "../connection/connection-record.ts";
import type { Socket } from "../net/ports.ts";
import type { Bindings } from "../pool/bindings.ts";

export interface ClientConnection {
  /** Who is at the other end, and whether TLS secures the way there. */
  readonly socket: Pick<
    Socket,
    "remoteAddress" | "remotePort" | "isSecure" | "security" | "isInTheClear" | "redirectPort"
  > &
    // A door's server may not know where its clients have connected to.
    Partial<Pick<Socket, "localAddress" | "localPort">>;
  /** What is told of it; its `peer` is the client's address as others are told it. */
  readonly record: ConnectionRecord;
  /** It came as HTTP/2, through a door; as HTTP/1: absent or false. */
  readonly speaksHttp2?: boolean;
  /** Whether the client is a neighbour whose forwarding fields are believed. */
  readonly isTrusted: boolean;
  /** Connections to origins that its credentials have authenticated; none so far: undefined. */
  bindings: Bindings | undefined;
}
