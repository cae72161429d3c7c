/**
 * When a connection to an origin begins to belong to one client's connection: when authentication binds it (RFC 4559).
 *
 * Requests show it by their credentials, responses by what they answer; either is enough. Deliberately absent: unbinding. What
 * was authenticated once stays so until it closes.
 */

import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { Bindings } from "../pool/bindings.ts";
import type { Naming } from "../pool/pool.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import {
  authenticatesConnection,
  continuesHandshake,
  persistsAuthentication,
  tellsOfAuthentication,
} from "../wire/connection-authentication.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";

/** The request with this head goes on `upstream`. */
export function bindByRequest(
  downstream: ClientConnection,
  upstream: PooledConnection,
  { fields }: RequestMessage,
  { isGateway }: ProxyContext,
): void {
  if (authenticatesConnection(fields, isGateway)) bind(downstream, upstream);
}

/** This final response came on `upstream`. */
export function bindByResponse(
  downstream: ClientConnection,
  upstream: PooledConnection,
  { status, fields }: ResponseMessage,
): void {
  const tells = tellsOfAuthentication(fields);
  if (!tells && upstream.binding === undefined) return;
  const continues = tells && continuesHandshake(fields);
  if (continues || (tells && persistsAuthentication(fields))) bind(downstream, upstream);
  if (upstream.binding !== undefined) upstream.binding.isMidway = continues && status === 401;
}

/** The client as it is told to origins that want to know it of each connection. */
export function namingOf(downstream: ClientConnection): Naming {
  downstream.bindings ??= new Bindings(downstream.record.id);
  const { bindings, socket } = downstream;
  const { remoteAddress, remotePort, localAddress = "", localPort = 0 } = socket;
  return {
    bindings,
    source: { address: remoteAddress, port: remotePort },
    destination: { address: localAddress, port: localPort },
  };
}

function bind(downstream: ClientConnection, upstream: PooledConnection): void {
  downstream.bindings ??= new Bindings(downstream.record.id);
  downstream.bindings.bind(upstream);
}

/**
 * Whether a request that `upstream` was lost under means anything on another connection. The message that answers a challenge
 * does not: anywhere else it would look like a wrong password.
 */
export function mayGoElsewhere(
  { binding }: PooledConnection,
  { fields }: RequestMessage,
  { isGateway }: ProxyContext,
): boolean {
  return !(binding?.isMidway && authenticatesConnection(fields, isGateway));
}
