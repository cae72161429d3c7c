/**
 * Dialing with `node:net` and `node:tls`. For TLS a connection counts as open after its handshake.
 *
 * With a guard, only addresses that it lets pass are ever tried (resolving.ts).
 */
import { connect, isIP, type LookupFunction, type Socket as RawSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import { socketOn } from "./handle-socket.ts";
import { NodeSocket, socketOptions } from "./node-socket.ts";
import type { Address, DialHandler, DialRefusal } from "./ports.ts";
import { allowedOf, type Guarding, refusalOfLiteral } from "./resolving.ts";
import { watchClosure } from "./tls-closure.ts";

/** @param guarding on behalf of strangers: which addresses may be dialed, and what names mean */
export function dialOnNode(address: Address, handler: DialHandler, guarding: Guarding | undefined): () => void {
  const guard = guarding?.guard;
  const refusal = refusalOfLiteral(address, guard);
  if (refusal !== undefined) {
    const later = setImmediate(() => handler.onFailed(refusal));
    return () => clearImmediate(later);
  }
  const raw = open(address, guarding);
  const isTls = address.kind === "tcp" && address.tls !== undefined;
  const onFailed = (error: NodeJS.ErrnoException) => {
    raw.removeListener(isTls ? "secureConnect" : "connect", onConnected);
    raw.on("error", ignore);
    raw.destroy();
    handler.onFailed(error.code ?? error.message);
  };
  const onConnected = () => {
    // Once more where it really leads: a runtime may resolve names its own way (Bun).
    const late = address.kind === "tcp" ? guard?.refusal(raw.remoteAddress ?? "", address.port) : undefined;
    if (late !== undefined) return onFailed(refused(late));
    raw.removeListener("error", onFailed);
    if (isTls) watchClosure(raw);
    handler.onConnected(isTls ? new NodeSocket(raw) : socketOn(raw));
  };
  raw.once("error", onFailed);
  raw.once(isTls ? "secureConnect" : "connect", onConnected);
  return () => {
    raw.removeListener("error", onFailed);
    raw.removeListener(isTls ? "secureConnect" : "connect", onConnected);
    raw.on("error", ignore);
    raw.destroy();
  };
}

function open(address: Address, guarding: Guarding | undefined): RawSocket {
  if (address.kind === "unix") return connect({ ...socketOptions, path: address.path });
  const { host, port, tls } = address;
  const looking = guarding === undefined ? {} : { lookup: guardedLookup(guarding, port) };
  if (tls === undefined) return connect({ ...socketOptions, ...looking, host, port, noDelay: true });
  return connectTls({
    ...socketOptions,
    ...looking,
    host,
    port,
    // RFC 6066 section 3: an address is no server name. Without one the certificate is checked against `host`.
    ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : {}),
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ALPNProtocols: ["http/1.1"],
  }).setNoDelay(true);
}

/** Resolves a name, and tells only the addresses that may be dialed; whoever tries several tries no others. */
function guardedLookup({ guard, resolve }: Guarding, port: number): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "");
      const allowed = allowedOf(found, port, guard);
      if (typeof allowed === "string") return callback(refused(allowed), "");
      if (options.all === true) return callback(null, [...allowed]);
      const [best] = allowed;
      callback(null, best?.address ?? "", best?.family);
    });
  };
}

function refused(refusal: DialRefusal): NodeJS.ErrnoException {
  return Object.assign(new Error(refusal), { code: refusal });
}

function ignore(): void {}
