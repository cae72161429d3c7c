/** Listening with `node:net`. */
import { createServer } from "node:net";
import { socketOn } from "./direct-socket.ts";
import { HIGH_WATER_BYTES, readingShared } from "./node-socket.ts";
import type { Listener, Socket } from "./ports.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly onSocket: (socket: Socket) => void;
  /** A connection could not be accepted (`EMFILE` for instance); listening goes on. */
  readonly onFault: (code: string) => void;
}

/** Connections that wait to be accepted: Node's own default, cut down by the system's `somaxconn`. */
const BACKLOG = 511;

export function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, onSocket, onFault } = options;
  const socketOptions = { allowHalfOpen: true, highWaterMark: HIGH_WATER_BYTES };
  const server = createServer({ ...socketOptions, noDelay: true, pauseOnConnect: true }, (accepted) => {
    const raw = readingShared(accepted, socketOptions);
    onSocket(socketOn(raw ?? accepted, raw !== undefined));
    if (raw === undefined) accepted.resume();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
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
