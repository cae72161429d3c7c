/**
 * Real connections whose one end is a socket of the port, dialed or accepted, and whose other end is a bare one of
 * `node:net`, or of `node:tls` over it. Whatever was opened is closed after each test.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket as RawSocket, type Server } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { afterEach, beforeEach, expect } from "vitest";
import type { Address, Listener, Socket } from "../../src/net/ports.ts";
import { dialer, listen } from "../../src/net/runtime.ts";
import { TicketKeys } from "../../src/net/tls/ticket-keys.ts";
import { TlsServing } from "../../src/net/tls/tls-serving.ts";
import { Heard } from "./heard.ts";
import { overTls, SERVED, tlsTarget } from "./tls-peer.ts";

export const HOST = "127.0.0.1";

export interface Pair {
  readonly ours: Socket;
  readonly heard: Heard;
  readonly peer: RawSocket;
  /** The peer's TCP connection: the peer itself, or what is below its TLS. */
  readonly transport: RawSocket;
}

/** What is closed after the test. */
export let open: { destroy(): unknown }[];
export let listening: { close(): unknown }[];

beforeEach(() => {
  open = [];
  listening = [];
});

afterEach(() => {
  for (const socket of open) socket.destroy();
  for (const listener of listening) listener.close();
});

function opened(ours: Socket, peer: RawSocket, transport: RawSocket = peer): Pair {
  const heard = new Heard();
  ours.handler = heard;
  peer.on("error", () => {});
  open.push(ours, peer, transport);
  return { ours, heard, peer, transport };
}

export async function serverOn(where: { host: string; port: number } | { path: string }): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(where);
  listening.push(server);
  await once(server, "listening");
  return server;
}

/** The socket, or why there is none. */
export function dialing(address: Address): Promise<Socket | string> {
  return new Promise((resolve) => {
    let isWithinCall = true;
    const settle = (outcome: Socket | string) => {
      expect(isWithinCall).toBe(false);
      resolve(outcome);
    };
    dialer.dial(address, { onConnected: settle, onFailed: settle });
    isWithinCall = false;
  });
}

export async function dialed(address?: Address): Promise<Pair> {
  const server = await serverOn(address?.kind === "unix" ? { path: address.path } : { host: HOST, port: 0 });
  const { port = 0 } = server.address() as { port?: number };
  const [[peer], ours] = await Promise.all([
    once(server, "connection") as Promise<[RawSocket]>,
    dialing(address ?? { kind: "tcp", host: HOST, port }),
  ]);
  if (typeof ours === "string") throw new Error(ours);
  return opened(ours, peer);
}

export async function dialedOverTls(): Promise<Pair> {
  const server = await serverOn({ host: HOST, port: 0 });
  const { port } = server.address() as AddressInfo;
  const connected = (async () => {
    const [transport] = (await once(server, "connection")) as [RawSocket];
    const peer = overTls(transport);
    // Before that it keeps what it is to write.
    await once(peer, "secure");
    return { transport, peer };
  })();
  const [{ transport, peer }, ours] = await Promise.all([
    connected,
    dialing({ kind: "tcp", host: HOST, port, tls: tlsTarget }),
  ]);
  if (typeof ours === "string") throw new Error(ours);
  return opened(ours, peer, transport);
}

export async function accepted(): Promise<Pair> {
  const sockets: Socket[] = [];
  const listener = await listenFor((socket) => sockets.push(socket));
  const peer = connect({ ...listener.address, allowHalfOpen: true, noDelay: true });
  await once(peer, "connect");
  while (sockets.length === 0) await nextTurn();
  const [ours] = sockets;
  if (ours === undefined) throw new Error("nobody was accepted");
  return opened(ours, peer);
}

export async function acceptedOverTls(): Promise<Pair> {
  const sockets: Socket[] = [];
  const serving = new TlsServing([SERVED], new TicketKeys());
  const listener = await listenFor((socket) => sockets.push(socket), serving);
  const transport = connect({ ...listener.address, allowHalfOpen: true, noDelay: true });
  const peer = connectTls({ socket: transport, rejectUnauthorized: false, allowHalfOpen: true } as ConnectionOptions);
  await once(peer, "secureConnect");
  while (sockets[0]?.security === undefined) await nextTurn();
  return opened(sockets[0], peer, transport);
}

export async function listenFor(onSocket: (socket: Socket) => void, tls?: TlsServing): Promise<Listener> {
  const onFault = (code: string) => expect(code).toBe("no fault");
  const listener = await listen({ host: HOST, port: 0, onSocket, onFault, tls });
  listening.push(listener);
  return listener;
}
