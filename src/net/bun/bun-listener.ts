/**
 * Listening with Bun's own sockets.
 *
 * When descriptors run out, Bun tells nobody, and asks the system again and again for what it cannot have. So the last few
 * are not given to clients: who would get one is reset, and that is told as the fault which it is.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { BunApi } from "../bun-api.ts";
import { descriptorLimit } from "../descriptors.ts";
import type { Listener, ListenOptions } from "../ports.ts";
import { KEEP_ALIVE_IDLE_MS } from "../socket-options.ts";
import { BunSocket, connectionEvents } from "./bun-socket.ts";

/** For connections to origins, files, and what the runtime opens for a moment. */
const DESCRIPTORS_KEPT = 16;

/** Listens. @throws the system's error */
export async function listenOnBun(api: BunApi, options: ListenOptions): Promise<Listener> {
  const { host, port, isIpv6Only = false, sharesPort = false, tls, onSocket, onFault } = options;
  if (tls !== undefined) throw new Error("see canSecureClients");
  // Bun would take a name, but tell neither its address nor why it has none.
  const hostname = isIP(host) === 0 ? (await lookup(host)).address : host;
  // Descriptors are given out from the lowest on.
  const highest = descriptorLimit() - DESCRIPTORS_KEPT;
  const server = api.listen<BunSocket | undefined>({
    hostname,
    port,
    ipv6Only: isIpv6Only,
    reusePort: sharesPort,
    allowHalfOpen: true,
    data: undefined,
    socket: {
      ...connectionEvents,
      open(raw) {
        if (raw.fd < highest) {
          raw.setKeepAlive(true, KEEP_ALIVE_IDLE_MS);
          return onSocket(new BunSocket(raw));
        }
        raw.terminate();
        onFault("EMFILE");
      },
    },
  });
  return { address: { host: hostname, port: server.port }, close: () => server.stop() };
}
