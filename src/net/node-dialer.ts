/**
 * Dialing with `node:net` and `node:tls`. For TLS a connection counts as open after its handshake.
 *
 * With a guard, every address is judged between its resolution and its use: a name is resolved once, and only what the
 * guard lets pass is ever tried (so a name that changes its meaning in between gains nothing).
 */
import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import { connect, isIP, type LookupFunction, type Socket as RawSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { DialGuard } from "./dial-guard.ts";
import { socketOn } from "./direct-socket.ts";
import { HIGH_WATER_BYTES, sharedReading } from "./node-socket.ts";
import type { Address, Dialer, DialHandler, DialRefusal } from "./ports.ts";
import { watchClosure } from "./tls-closure.ts";

const isBun = "bun" in process.versions;

/** Dials whatever the operator wrote. */
export const nodeDialer: Dialer = { dial: (address, handler) => dial(address, handler, undefined) };

/** What a name means: all its addresses. */
export type Resolve = (
  name: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

interface Guarding {
  readonly guard: DialGuard;
  readonly resolve: Resolve;
}

/** Dials on behalf of strangers. */
export function guardedDialer(guard: DialGuard, resolve: Resolve = lookup): Dialer {
  return { dial: (address, handler) => dial(address, handler, { guard, resolve }) };
}

function dial(address: Address, handler: DialHandler, guarding: Guarding | undefined): () => void {
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
    handler.onConnected(socketOn(raw, !isTls && !isBun));
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

/** An address that is written out is never looked up. */
function refusalOfLiteral(address: Address, guard: DialGuard | undefined): DialRefusal | undefined {
  if (guard === undefined || address.kind !== "tcp" || isIP(address.host) === 0) return undefined;
  return guard.refusal(address.host, address.port);
}

function open(address: Address, guarding: Guarding | undefined): RawSocket {
  // `highWaterMark` reaches the stream's constructor; the type definitions do not know it.
  const common = { allowHalfOpen: true, highWaterMark: HIGH_WATER_BYTES };
  const reading = isBun ? {} : { onread: sharedReading };
  if (address.kind === "unix") return connect({ ...common, ...reading, path: address.path });
  const { host, port, tls } = address;
  const looking = guarding === undefined ? {} : { lookup: guardedLookup(guarding, port) };
  if (tls === undefined) return connect({ ...common, ...reading, ...looking, host, port, noDelay: true });
  return connectTls({
    ...common,
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
      const refusals = found.map(({ address }) => guard.refusal(address, port));
      const allowed = found.filter((_, index) => refusals[index] === undefined);
      const [best] = allowed;
      if (best !== undefined) {
        return options.all === true ? callback(null, allowed) : callback(null, best.address, best.family);
      }
      callback(refused(refusals.includes("loop-detected") ? "loop-detected" : "address-not-public"), "");
    });
  };
}

function refused(refusal: DialRefusal): NodeJS.ErrnoException {
  return Object.assign(new Error(refusal), { code: refusal });
}

function ignore(): void {}
