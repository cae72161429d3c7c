/**
 * Actors alone on real ports of this machine, for whoever wants to talk to them: a browser, curl, a test.
 *
 * Deliberately absent: recording.
 */
import { nodeClock } from "../../net/node-clock.ts";
import type { Socket } from "../../net/ports.ts";
import { dialer, listen } from "../../net/runtime.ts";
import { DumbProxy, type DumbProxyHooks } from "./dumb-proxy.ts";
import { LabServer, type ServerHooks, type ServerTemper } from "./server.ts";

export interface RunningActor {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:50123` */
  readonly url: string;
  /** Stops listening; open connections stay. */
  close(): void;
}

export interface RunningServer extends RunningActor {
  readonly server: LabServer;
}

const HOST = "127.0.0.1";

export async function startServerOnSockets(
  temper: ServerTemper,
  hooks: ServerHooks = {},
  port = 0,
): Promise<RunningServer> {
  const server = new LabServer(nodeClock, temper, hooks);
  return { ...(await running(port, (socket) => server.accept(socket))), server };
}

export async function startDumbProxyOnSockets(
  server: { readonly host: string; readonly port: number },
  hooks: DumbProxyHooks = {},
  port = 0,
): Promise<RunningActor> {
  const proxy = new DumbProxy(dialer, { kind: "tcp", host: server.host, port: server.port }, hooks);
  return await running(port, (socket) => proxy.accept(socket));
}

async function running(port: number, onSocket: (socket: Socket) => void): Promise<RunningActor> {
  const listener = await listen({ host: HOST, port, onSocket, onFault: () => {} });
  const { address } = listener;
  return { ...address, url: `http://${address.host}:${address.port}`, close: () => listener.close() };
}
