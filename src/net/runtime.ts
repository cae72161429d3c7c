/**
 * The ports as the runtime at hand has them: on Bun on its own sockets; on Node on bare handles where they are known
 * (node-handles/handle-socket.ts), otherwise and for TLS on the streams of `node:net` (node/node-socket.ts).
 *
 * All who want real sockets take them from here. The clock is the same everywhere (node-clock.ts). Deliberately absent:
 * what they do.
 */

import { attemptOnBun } from "./bun/bun-dialer.ts";
import { listenOnBun } from "./bun/bun-listener.ts";
import { bun } from "./bun-api.ts";
import type { DialGuard } from "./dial-guard.ts";
import { dialerOf } from "./dialing.ts";
import { ChosenNames } from "./names/chosen-names.ts";
import { attemptOnNode } from "./node/node-dialer.ts";
import { listenOnNode } from "./node/node-listener.ts";
import { NodeSocket } from "./node/node-socket.ts";
import type { Dialer, Listener, ListenOptions, Socket } from "./ports.ts";
import { type Names, SystemNames } from "./resolving.ts";
import { KEEP_ALIVE_IDLE_MS } from "./socket-options.ts";

const attempt = bun === undefined ? attemptOnNode : attemptOnBun;

/** What names mean that the operator wrote. */
export const systemNames: Names = new SystemNames();

/** Dials whatever the operator wrote. */
export const dialer: Dialer = dialerOf(attempt, systemNames);

/** Dials on behalf of strangers, who choose the names. */
export function guardedDialer(guard: DialGuard, names: Names = new ChosenNames()): Dialer {
  return dialerOf(attempt, names, guard);
}

/** Listens. @throws the system's error */
export function listen(options: ListenOptions): Promise<Listener> {
  return bun === undefined ? listenOnNode(options) : listenOnBun(bun, options);
}

/** A socket that somebody else has opened or accepted with `node:net` or `node:tls`, and gives away. */
export type StreamSocket = ConstructorParameters<typeof NodeSocket>[0];

/** Takes such a socket: what it had of timeouts is over, and small pieces leave at once. */
export function socketOver(stream: StreamSocket): Socket {
  stream.setTimeout?.(0);
  stream.setNoDelay?.(true);
  stream.setKeepAlive?.(true, KEEP_ALIVE_IDLE_MS);
  return new NodeSocket(stream);
}

/** Whether the runtime lets several processes listen at one port (SO_REUSEPORT): Bun, and Node from 23.1 on, on Linux. */
export const canSharePort: boolean = process.platform === "linux" && (bun !== undefined || isNodeFrom(23, 1));

/** Whether the runtime can send an accepted connection to another process; Bun cannot. */
export const canHandOver: boolean = bun === undefined;

/** Whether the runtime's TLS serves clients over sockets of our own, with a context for each name; Bun's does not. */
export const canSecureClients: boolean = bun === undefined;
/** Whether the runtime can listen on a socket that it was given; Bun cannot. */
export const canInherit: boolean = bun === undefined;

/** Whether the runtime's HTTP server reads the body of a request for an upgrade itself, apart from the socket: Node from 26 on. */
export const readsUpgradeBodies: boolean = bun === undefined && isNodeFrom(26, 0);

function isNodeFrom(major: number, minor: number): boolean {
  const [ourMajor = 0, ourMinor = 0] = process.versions.node.split(".").map(Number);
  return ourMajor > major || (ourMajor === major && ourMinor >= minor);
}
