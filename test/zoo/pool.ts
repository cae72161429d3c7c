/**
 * How long a proxy keeps an idle connection to its origin, and whether it heeds what the origin advertises.
 *
 * That it heeds it need not show as a close: it is enough that it uses the connection no more once the time has passed. So a second
 * request comes then, and the question is on which connection.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { pause, until } from "../interop/support/waiting.ts";
import type { Hinted, Pool } from "./guide.ts";
import { type Form, start } from "./starting.ts";

const HINT_S = 5;
/** Behind the time that was told, and before origins that say so much close (Node: a second later). */
const LATE_MS = 200;

/** @param wait_ms how long an idle connection is watched at most */
export async function measurePool(name: string, form: Form, wait_ms: number): Promise<Pool> {
  return await withOrigin(name, form, "", async ({ ask, answered }) => {
    ask("/pool-1");
    await until("the request reaches the origin", () => answered.length > 0);
    const [first] = answered as [Answered];
    await until("the connection ends", () => first.closed_ms !== undefined, wait_ms).catch(() => {});
    const { isKept, since_ms, closed_ms } = first;
    if (closed_ms !== undefined) return { isKept, closed_after_ms: Math.round(closed_ms - since_ms) };
    return { isKept, open_after_ms: Math.round(performance.now() - since_ms) };
  });
}

/** Whether a connection is used once more after the origin's own time has passed; before it, so that the answer means something. */
export async function measureHint(name: string, form: Form): Promise<Hinted> {
  return await withOrigin(
    name,
    form,
    `Connection: keep-alive\r\nKeep-Alive: timeout=${HINT_S}\r\n`,
    async ({ ask, answered }) => {
      ask("/pool-1");
      await until("the first request reaches the origin", () => answered.length > 0);
      ask("/pool-2");
      await until("the second request reaches the origin", () => answered.length > 1);
      const isReusedBefore = answered[1]?.socket === answered[0]?.socket;
      await pause(HINT_S * 1_000 + LATE_MS);
      ask("/pool-3");
      await until("the third request reaches the origin", () => answered.length > 2);
      const isReusedAfter = answered.slice(0, 2).some(({ socket }) => socket === answered[2]?.socket);
      return { hint_s: HINT_S, isReusedBefore, isReusedAfter };
    },
  );
}

interface Answered {
  readonly socket: Socket;
  readonly isKept: boolean;
  readonly since_ms: number;
  closed_ms: number | undefined;
}

interface Scene {
  /** Sends a request from a client of its own. */
  ask(path: string): void;
  /** Requests that have been answered, in their order. */
  readonly answered: readonly Answered[];
}

async function withOrigin<T>(name: string, form: Form, fields: string, run: (scene: Scene) => Promise<T>): Promise<T> {
  const answered: Answered[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let head = "";
    const end = () => {
      const now = performance.now();
      for (const one of answered) if (one.socket === socket) one.closed_ms ??= now;
    };
    socket.on("error", () => {});
    socket.on("end", end).on("close", end);
    socket.on("data", (bytes) => {
      head += bytes.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      const isKept = /^GET \S+ HTTP\/1\.1/.test(head) && !/^connection:.*\bclose\b/im.test(head);
      // Health checks of a proxy's own are answered, and are not what is measured.
      if (/^GET \S*\/pool-/.test(head)) {
        answered.push({ socket, isKept, since_ms: performance.now(), closed_ms: undefined });
      }
      head = "";
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: no-store\r\n${fields}\r\nok`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const running = await start(name, form, (server.address() as AddressInfo).port);
    try {
      const ask = (path: string) => {
        const client = connect(running.port, "127.0.0.1").on("error", () => {});
        sockets.add(client);
        client.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
        client.resume();
      };
      return await run({ ask, answered });
    } finally {
      await running.stop();
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
