/**
 * Ports: listening on one of the system's choice, finding a free one, and whether anybody listens.
 */
import type { ChildProcess } from "node:child_process";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { until } from "./waiting.ts";

/** Listens on a port of the system's choice. */
export function listening(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

/** A port that was free a moment ago, for programs that cannot say which one the system chose. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return Number(new URL(url).port);
}

export async function untilListening(child: ChildProcess, port: number): Promise<void> {
  await until(`something listens on port ${port}`, async () => {
    if (child.exitCode !== null) throw new Error(`the daemon ended with code ${child.exitCode}`);
    return canConnect(port);
  });
}

export function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
