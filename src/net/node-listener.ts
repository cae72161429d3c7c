/** Listening with `node:net`; and taking over what another process has accepted. */
import { createServer } from "node:net";
import { socketOn } from "./direct-socket.ts";
import { HIGH_WATER_BYTES, readingShared, socketOf } from "./node-socket.ts";
import type { Listener, ListenOptions, Socket } from "./ports.ts";

/** Connections that wait to be accepted: Node's own default, cut down by the system's `somaxconn`. */
export const BACKLOG = 511;

const socketOptions = { allowHalfOpen: true, highWaterMark: HIGH_WATER_BYTES };

/** What the runtime has of a connection, and can send to another process. */
export interface SocketHandle {
  close(): void;
  setNoDelay?(isOn: boolean): void;
}

export function listenOnNode(options: ListenOptions): Promise<Listener> {
  const { host, port, sharesPort = false, onSocket, onFault } = options;
  const server = createServer({ ...socketOptions, noDelay: true, pauseOnConnect: true }, (accepted) => {
    const raw = readingShared(accepted, socketOptions);
    onSocket(socketOn(raw ?? accepted, raw !== undefined));
    if (raw === undefined) accepted.resume();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // `reusePort` is younger than the type definitions.
    const where = { host, port, backlog: BACKLOG, ...(sharesPort ? { reusePort: true } : {}) };
    server.listen(where, () => {
      server.removeListener("error", reject);
      server.on("error", (error: NodeJS.ErrnoException) => onFault(error.code ?? error.message));
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new Error("a TCP listener has an address");
      resolve({
        address: { host: bound.address, port: bound.port },
        close: () => void server.close(),
      });
    });
  });
}

/** A connection that another process has accepted. */
export function takeOver(handle: SocketHandle): Socket {
  handle.setNoDelay?.(true);
  return socketOn(socketOf(handle, socketOptions), true);
}
