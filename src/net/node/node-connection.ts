/** Which implementation of the socket port a connection of Node's gets: its bare handle where that is known, otherwise its stream. */
import { Socket as RawSocket, type SocketConstructorOpts } from "node:net";
import type { SocketHandle } from "../node-handles/accepting.ts";
import { handleOf, leaveHandle } from "../node-handles/handle.ts";
import { HandleSocket } from "../node-handles/handle-socket.ts";
import { knownHandle } from "../node-handles/runtime-shape.ts";
import type { Socket } from "../ports.ts";
import { socketOptions } from "../socket-options.ts";
import { NodeSocket } from "./node-socket.ts";

/** The port for the connection of a runtime's socket, which is connected and has read nothing. */
export function socketOn(raw: RawSocket): Socket {
  const handle = knownHandle(handleOf(raw));
  if (handle === undefined) return new NodeSocket(raw);
  leaveHandle(raw);
  return new HandleSocket(handle);
}

/** The port for a connection that was accepted, here or in another process. */
export function socketOf(handle: SocketHandle): Socket {
  const known = knownHandle(handle);
  if (known !== undefined) return new HandleSocket(known);
  return new NodeSocket(new RawSocket({ ...socketOptions, handle } as SocketConstructorOpts));
}
