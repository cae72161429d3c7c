/** Dialing with `node:net` and `node:tls`. For TLS a connection counts as open after its handshake. */
import { connect, type Socket as RawSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import { socketOn } from "./direct-socket.ts";
import { HIGH_WATER_BYTES, sharedReading } from "./node-socket.ts";
import type { Address, Dialer, DialHandler } from "./ports.ts";

const isBun = "bun" in process.versions;

export const nodeDialer: Dialer = {
  dial(address: Address, handler: DialHandler): () => void {
    const raw = open(address);
    const isTls = address.kind === "tcp" && address.tls !== undefined;
    const onFailed = (error: NodeJS.ErrnoException) => {
      raw.removeListener(isTls ? "secureConnect" : "connect", onConnected);
      raw.on("error", ignore);
      raw.destroy();
      handler.onFailed(error.code ?? error.message);
    };
    const onConnected = () => {
      raw.removeListener("error", onFailed);
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
  },
};

function open(address: Address): RawSocket {
  // `highWaterMark` reaches the stream's constructor; the type definitions do not know it.
  const common = { allowHalfOpen: true, highWaterMark: HIGH_WATER_BYTES };
  const reading = isBun ? {} : { onread: sharedReading };
  if (address.kind === "unix") return connect({ ...common, ...reading, path: address.path });
  const { host, port, tls } = address;
  if (tls === undefined) return connect({ ...common, ...reading, host, port, noDelay: true });
  return connectTls({
    ...common,
    host,
    port,
    servername: tls.serverName,
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ALPNProtocols: ["http/1.1"],
  }).setNoDelay(true);
}

function ignore(): void {}
