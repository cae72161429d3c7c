/**
 * A connection of which one side is a socket port on the real `node:net`, of either implementation, and the other side a
 * socket of Node's.
 */
import { once } from "node:events";
import { connect, createServer, type Socket as RawSocket, type Server } from "node:net";
import { vi } from "vitest";
import type { Address, Dialer, Listener, Socket, SocketHandler } from "../../src/net/ports.ts";
import type { Octets } from "../../src/wire/octets.ts";

export type Implementation = "handle" | "stream";

export interface Ports {
  readonly listen: typeof import("../../src/net/runtime.ts").listen;
  readonly dialer: Dialer;
}

/** The ports on one implementation: a runtime of unknown shape has streams only. */
export async function portsOn(implementation: Implementation): Promise<Ports> {
  vi.resetModules();
  if (implementation === "stream") {
    vi.doMock("../../src/net/runtime-shape.ts", () => ({ knownHandle: () => undefined }));
  }
  const { dialer, listen } = await import("../../src/net/runtime.ts");
  vi.doUnmock("../../src/net/runtime-shape.ts");
  return { listen, dialer };
}

/** Hears, beside data, what a socket says. */
export class Hearing implements SocketHandler {
  readonly said: string[] = [];
  readonly octets: Buffer[] = [];
  private waiting: (() => void)[] = [];

  onData(octets: Octets): void {
    this.octets.push(Buffer.from(octets));
    this.note("data");
  }
  onEnd(): void {
    this.note("end");
  }
  onDrain(): void {
    this.note("drain");
  }
  onClose(fault: string | undefined): void {
    this.note(`close ${fault ?? "in order"}`);
  }

  get text(): string {
    return Buffer.concat(this.octets).toString("latin1");
  }

  async until(isReached: () => boolean): Promise<void> {
    while (!isReached()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  hears(what: string): Promise<void> {
    return this.until(() => this.said.includes(what));
  }

  protected note(what: string): void {
    if (what !== "data" || this.said.at(-1) !== "data") this.said.push(what);
    for (const wake of this.waiting.splice(0)) wake();
  }
}

export interface Connection {
  readonly ours: Socket;
  readonly hearing: Hearing;
  readonly peer: RawSocket;
}

/** How a connection comes about. */
export type Way = "accepted" | "dialed";

const servers = new Set<Server | Listener>();
const connections = new Set<Connection>();

/** Closes all connections, and who listened for them. */
export function closeAll(): void {
  for (const { ours, peer } of connections) {
    ours.destroy();
    peer.destroy();
  }
  connections.clear();
  closeListeners();
}

export function closeListeners(): void {
  for (const server of servers) server.close();
  servers.clear();
}

export async function accept({ listen }: Ports): Promise<Connection> {
  let came: (socket: Socket) => void = () => {};
  const coming = new Promise<Socket>((resolve) => {
    came = resolve;
  });
  const hearing = new Hearing();
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    onSocket(socket) {
      socket.handler = hearing;
      came(socket);
    },
    onFault() {},
  });
  servers.add(listener);
  const peer = connect({ port: listener.address.port, host: "127.0.0.1", allowHalfOpen: true }).pause();
  await once(peer, "connect");
  return keep({ ours: await coming, hearing, peer });
}

export async function dial({ dialer }: Ports, path?: string): Promise<Connection> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  servers.add(server);
  server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
  await once(server, "listening");
  const address: Address =
    path === undefined
      ? { kind: "tcp", host: "127.0.0.1", port: (server.address() as { port: number }).port }
      : { kind: "unix", path };
  const hearing = new Hearing();
  const [[peer], ours] = await Promise.all([
    once(server, "connection") as Promise<[RawSocket]>,
    new Promise<Socket>((resolve, reject) => {
      dialer.dial(address, {
        onConnected(socket) {
          socket.handler = hearing;
          resolve(socket);
        },
        onFailed: (fault) => reject(new Error(fault)),
      });
    }),
  ]);
  return keep({ ours, hearing, peer });
}

function keep(connection: Connection): Connection {
  connection.peer.on("error", () => {});
  connections.add(connection);
  return connection;
}
