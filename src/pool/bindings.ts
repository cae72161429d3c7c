/** The connections to origins that belong to one client's connection alone. What that means, see binding.ts. */
import { Binding, type BindingOwner } from "./binding.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PooledConnection } from "./pooled-connection.ts";

const none: readonly PooledConnection[] = [];

/**
 * All connections that are bound to one client's connection. Of those that authentication has bound, one for each endpoint is used on;
 * those that began with a header that names the client may be several, since requests of HTTP/2 come at once.
 */
export class Bindings implements BindingOwner<PooledConnection> {
  readonly clientId: number;
  isOver = false;
  private readonly connections = new Map<Endpoint, PooledConnection>();
  /** Those that began with a header of the PROXY protocol, in the order in which they were opened. */
  private readonly named = new Set<PooledConnection>();

  constructor(clientId: number) {
    this.clientId = clientId;
  }

  bind(connection: PooledConnection): void {
    const { endpoint, binding } = connection;
    if (binding?.owner === this && !this.named.has(connection)) return;
    const before = this.connections.get(endpoint);
    if (before === connection) return;
    this.own(connection);
    this.connections.set(endpoint, connection);
    if (before?.life.state === "idle") before.close("binding-ended");
  }

  /** It has just been opened, and begins by naming this client. */
  bindNamed(connection: PooledConnection): void {
    this.own(connection);
    this.named.add(connection);
  }

  private own(connection: PooledConnection): void {
    if (connection.binding?.owner === this) return;
    // Nothing that is bound is ever lent, so this would be somebody else's.
    if (connection.binding !== undefined) throw new Error(`connection ${connection.id} is bound to another client`);
    connection.bindTo(new Binding(this, connection.endpoint.now()));
  }

  /** Those to one endpoint that began by naming this client. */
  namedAt(endpoint: Endpoint): readonly PooledConnection[] {
    return this.named.size === 0 ? none : [...this.named].filter((connection) => connection.endpoint === endpoint);
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
    this.named.delete(connection);
    if (this.connections.get(connection.endpoint) === connection) this.connections.delete(connection.endpoint);
  }

  /** The client's connection takes no more requests: what idles closes now, what is in use when it is released. */
  end(): void {
    this.isOver = true;
    for (const connection of [...this.connections.values(), ...this.named]) {
      if (connection.life.state === "idle") connection.close("binding-ended");
    }
  }
}
