/**
 * Connections to origins that belong to one client's connection alone, because its credentials have authenticated them.
 *
 * NTLM and Negotiate authenticate a connection instead of a request, so that everybody on such a connection is the user who logged in
 * (RFC 9110 section 16.4.2). It serves that client until either side closes, and nobody else ever. Deliberately absent: how
 * such credentials are recognized, see wire/connection-authentication.ts; where these connections idle, see endpoint.ts.
 */
import type { Endpoint } from "./endpoint.ts";
import type { PooledConnection } from "./pooled-connection.ts";

/** A handshake's next message is there within a few round trips; those who wait for room must still get their turn in time. */
const HANDSHAKE_MS_MAX = 1_000;
const HANDSHAKE_SHARE_MAX = 1 / 4;

/** How long a client keeps its connection in the middle of a handshake although others wait for room. */
export function handshakeTime_ms(connectTimeout_ms: number): number {
  return Math.min(HANDSHAKE_MS_MAX, connectTimeout_ms * HANDSHAKE_SHARE_MAX);
}

/** What binds one connection to its client. */
export class Binding {
  readonly owner: Bindings;
  readonly since_ms: number;
  /** The origin has answered with a challenge that the client's next message responds to. */
  isMidway = false;

  constructor(owner: Bindings, since_ms: number) {
    this.owner = owner;
    this.since_ms = since_ms;
  }
}

/** All connections that are bound to one client's connection: one for each endpoint at most. */
export class Bindings {
  /** The id of the client's connection. */
  readonly clientId: number;
  /** The client's connection takes no more requests. */
  isOver = false;
  private readonly connections = new Map<Endpoint, PooledConnection>();

  constructor(clientId: number) {
    this.clientId = clientId;
  }

  bind(connection: PooledConnection): void {
    const { endpoint, binding } = connection;
    if (binding?.owner === this) return;
    // Nothing that is bound is ever lent, so this would be somebody else's.
    if (binding !== undefined) throw new Error(`connection ${connection.id} is bound to another client`);
    const before = this.connections.get(endpoint);
    connection.binding = new Binding(this, endpoint.now());
    this.connections.set(endpoint, connection);
    if (before?.life.state === "idle") before.close("binding-ended");
  }

  /** The connection that this client has to one of `endpoints`; none: undefined. */
  find(endpoints: readonly Endpoint[]): PooledConnection | undefined {
    for (const endpoint of endpoints) {
      const connection = this.connections.get(endpoint);
      if (connection !== undefined) return connection;
    }
    return undefined;
  }

  /** @internal It is closing, or gone. */
  forget(connection: PooledConnection): void {
    if (this.connections.get(connection.endpoint) === connection) this.connections.delete(connection.endpoint);
  }

  /** The client's connection takes no more requests: what idles closes now, what is in use when it is released. */
  end(): void {
    this.isOver = true;
    for (const connection of [...this.connections.values()]) {
      if (connection.life.state === "idle") connection.close("binding-ended");
    }
  }
}
