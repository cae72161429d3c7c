/** Listening with `node:net`; and taking over what another process has accepted. */
import { createServer } from "node:net";
import { acceptHandles, type SocketHandle } from "./accepting.ts";
import { socketOf } from "./handle-socket.ts";
import { NodeSocket, socketOptions } from "./node-socket.ts";
import type { Listener, Socket } from "./ports.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Other processes listen there, too, and the system divides the connections; see `canSharePort`. */
  readonly sharesPort?: boolean;
  readonly onSocket: (socket: Socket) => void;
  /** A connection could not be accepted (`EMFILE` for instance); listening goes on. */
  readonly onFault: (code: string) => void;
}

/** Connections that wait to be accepted: Node's own default, cut down by the system's `somaxconn`. */
export const BACKLOG = 511;

/** Whether the runtime lets several processes listen at one port (SO_REUSEPORT): Bun, and Node from 23.1 on, on Linux. */
export const canSharePort: boolean = process.platform === "linux" && ("bun" in process.versions || isNodeFrom(23, 1));

/** Whether the runtime can send an accepted connection to another process; Bun cannot. */
export const canHandOver: boolean = !("bun" in process.versions);

function isNodeFrom(major: number, minor: number): boolean {
  const [ourMajor = 0, ourMinor = 0] = process.versions.node.split(".").map(Number);
  return ourMajor > major || (ourMajor === major && ourMinor >= minor);
}

export function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, sharesPort = false, onSocket, onFault } = options;
  // Called where connections are not accepted as handles (Bun).
  const server = createServer({ ...socketOptions, noDelay: true }, (accepted) => onSocket(new NodeSocket(accepted)));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // `reusePort` is younger than the type definitions.
    const where = { host, port, backlog: BACKLOG, ...(sharesPort ? { reusePort: true } : {}) };
    server.listen(where, () => {
      server.removeListener("error", reject);
      server.on("error", (error: NodeJS.ErrnoException) => onFault(error.code ?? error.message));
      acceptHandles(server, (handle) => onSocket(takeOver(handle)), onFault);
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new Error("a TCP listener has an address");
      resolve({
        address: { host: bound.address, port: bound.port },
        close: () => void server.close(),
      });
    });
  });
}

/** The socket of a connection that was accepted, here or in another process. */
export function takeOver(handle: SocketHandle): Socket {
  handle.setNoDelay?.(true);
  return socketOf(handle);
}
