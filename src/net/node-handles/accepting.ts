/**
 * Accepting without the sockets of `node:net`: the usual way on Node.
 *
 * The runtime makes a socket for each connection that a server accepts. Who makes one of their own, or sends the
 * connection to another process, would only take it apart again. So the listener's handle is asked to tell us instead of its
 * server, which then knows of no connection: its `close` waits for none. Deliberately absent: what becomes of a connection.
 */
import type { Server } from "node:net";
import { getSystemErrorName } from "node:util";
import { bun } from "../bun-api.ts";
import { KEEP_ALIVE_IDLE_MS } from "../socket-options.ts";

/** What the runtime has of a connection, and can send to another process. */
export interface SocketHandle {
  close(): void;
  setNoDelay?(isOn: boolean): void;
}

interface ListenerHandle {
  setKeepAlive(isOn: boolean, idle_s: number): number;
  /** `status`: 0, or a negative error code (`EMFILE` for instance) and no handle; listening goes on. */
  onconnection: (status: number, handle: SocketHandle | undefined) => void;
}

/**
 * From now on the system asks silent peers of accepted connections whether they are still there (SO_KEEPALIVE). It is set on the
 * listener, once: connections inherit it, also those that are handed to another process.
 */
export function keepAccepted(server: Server): void {
  const listener = (server as unknown as { _handle?: Partial<ListenerHandle> | null })._handle;
  listener?.setKeepAlive?.(true, KEEP_ALIVE_IDLE_MS / 1_000);
}

/** From now on tells the bare connections of `server`, which listens. False: this runtime cannot; nothing is changed. */
export function acceptHandles(
  server: Server,
  onHandle: (handle: SocketHandle) => void,
  onFault: (code: string) => void,
): boolean {
  const listener = (server as unknown as { _handle?: Partial<ListenerHandle> | null })._handle;
  // Bun has the name, too, and another meaning.
  if (typeof listener?.onconnection !== "function" || bun !== undefined) return false;
  listener.onconnection = (status, handle) => {
    if (handle === undefined) onFault(getSystemErrorName(status));
    else onHandle(handle);
  };
  return true;
}
