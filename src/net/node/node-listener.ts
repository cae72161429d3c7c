/**
 * Listening with `node:net`; each connection comes by its bare handle where handles are known (node-handles/accepting.ts), and gets the
 * socket port that fits it. And taking over what another process has accepted.
 */
import { createServer } from "node:net";
import { acceptHandles, keepAccepted, type SocketHandle } from "../node-handles/accepting.ts";
import type { Listener, ListenOptions, Socket } from "../ports.ts";
import { socketOptions } from "../socket-options.ts";
import type { TlsServing } from "../tls/tls-serving.ts";
import { socketOf } from "./node-connection.ts";
import { NodeSocket } from "./node-socket.ts";
import { secure, TlsClientSocket } from "./tls-client-socket.ts";

/** Connections that wait to be accepted: Node's own default, cut down by the system's `somaxconn`. */
export const BACKLOG = 511;
/** On an inherited socket as many as the system lets wait: listening there sets anew what its owner had chosen. */
export const INHERITED_BACKLOG = 65_535;

export function listenOnNode(options: ListenOptions): Promise<Listener> {
  const { host, port, isIpv6Only = false, fd, sharesPort = false, onSocket, onFault } = options;
  // Called where connections are not accepted as handles.
  const server = createServer({ ...socketOptions, noDelay: true }, (accepted) =>
    onSocket(options.tls === undefined ? new NodeSocket(accepted) : new TlsClientSocket(accepted, options.tls)),
  );
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // `reusePort` is younger than the type definitions.
    const shares = sharesPort ? { reusePort: true } : {};
    const place = fd === undefined ? { host, port, ipv6Only: isIpv6Only, ...shares } : { fd };
    const where = { ...place, backlog: fd === undefined ? BACKLOG : INHERITED_BACKLOG };
    server.listen(where, () => {
      server.removeListener("error", reject);
      server.on("error", (error: NodeJS.ErrnoException) => onFault(error.code ?? error.message));
      keepAccepted(server);
      acceptHandles(server, (handle) => onSocket(takeOver(handle, options.tls)), onFault);
      const bound = server.address();
      if (bound === null || typeof bound === "string") {
        server.close();
        return reject(new Error("it is not a TCP socket"));
      }
      resolve({
        address: { host: bound.address, port: bound.port },
        close: () => void server.close(),
      });
    });
  });
}

/** The socket of a connection that was accepted, here or in another process. */
export function takeOver(handle: SocketHandle, tls: TlsServing | undefined): Socket {
  handle.setNoDelay?.(true);
  return tls === undefined ? socketOf(handle) : secure(handle, tls);
}
