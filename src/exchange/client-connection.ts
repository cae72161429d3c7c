/**
 * A client's connection as everybody but its own code knows it: who it is, and how it is. Observers and records get this.
 */
import type { Life } from "../connection/life.ts";
import type { Socket } from "../net/ports.ts";
import type { Bindings } from "../pool/bindings.ts";

export interface ClientConnection {
  readonly hop: "downstream";
  readonly id: number;
  /** Who is at the other end, and whether TLS secures the way there. */
  readonly socket: Pick<Socket, "remoteAddress" | "remotePort" | "isSecure">;
  readonly life: Life;
  readonly openedAt_ms: number;
  /** Whether the client is a neighbour whose forwarding fields are believed. */
  readonly isTrusted: boolean;
  /** The client's address as others are told it. */
  readonly clientName: string;
  /** `X-Forwarded-For` with it. */
  readonly forwardedForLine: string;
  /** Connections to origins that its credentials have authenticated; none so far: undefined. */
  bindings: Bindings | undefined;
}
