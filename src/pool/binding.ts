/**
 * Connections to origins that belong to one client's connection alone, because its credentials have authenticated them, or because they
 * began with a header of the PROXY protocol that names the client: whatever comes on them, the origin takes for that client's.
 *
 * NTLM and Negotiate authenticate a connection instead of a request, so that everybody on such a connection is the user who logged in
 * (RFC 9110 section 16.4.2). It serves that client until either side closes, and nobody else ever. Deliberately absent: how
 * such credentials are recognized, see wire/connection-authentication.ts; where these connections idle, see idle-connections.ts.
 */
/** A handshake's next message is there within a few round trips; those who wait for room must still get their turn in time. */
const HANDSHAKE_MS_MAX = 1_000;
const HANDSHAKE_SHARE_MAX = 1 / 4;

/** How long a client keeps its connection in the middle of a handshake although others wait for room. */
export function handshakeTime_ms(connectTimeout_ms: number): number {
  return Math.min(HANDSHAKE_MS_MAX, connectTimeout_ms * HANDSHAKE_SHARE_MAX);
}

/** What connections are bound to: a client's connection. */
export interface BindingOwner<Connection> {
  /** The id of the client's connection. */
  readonly clientId: number;
  /** The client's connection takes no more requests. */
  readonly isOver: boolean;
  /** @internal `connection` is closing, or gone. */
  forget(connection: Connection): void;
}

/** What binds one connection to its client. */
export class Binding<Connection> {
  readonly owner: BindingOwner<Connection>;
  readonly since_ms: number;
  /** The origin has answered with a challenge that the client's next message responds to. */
  isMidway = false;

  constructor(owner: BindingOwner<Connection>, since_ms: number) {
    this.owner = owner;
    this.since_ms = since_ms;
  }
}
