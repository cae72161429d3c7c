/** The connections that authentication has bound to one client's connection. What that means, see binding.ts. */
import { Binding, type BindingOwner } from "./binding.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PooledConnection } from "./pooled-connection.ts";

/** All connections that are bound to one client's connection: one for each endpoint at most. */
export class Bindings implements BindingOwner<PooledConnection> {
  readonly clientId: number;
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
    connection.bindTo(new Binding(this, endpoint.now()));
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
