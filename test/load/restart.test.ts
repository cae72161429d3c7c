/**
 * Restarts under load, on a socket that a service manager holds: no connection is refused, and none is reset. Over TLS event streams and
 * WebSockets of the process that ends go on for as long as their clients like.
 */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { answered } from "../interop/support/answered.ts";
import { listening } from "../interop/support/listening.ts";
import { isLong } from "../interop/support/long.ts";
import { has, needing } from "../interop/support/programs.ts";
import { Relentless } from "../interop/support/relentless.ts";
import { ServiceManager } from "../interop/support/service-manager.ts";
import { wrk } from "../interop/support/wrk.ts";
import { authority, CertificateFolder, certificateFor } from "../kit/certificates.ts";

const RESTARTS = isLong ? 10 : 1;
/** Event streams, and as many WebSockets, of each process that is to end. */
const HELD = isLong ? 20 : 4;
const BEAT_MS = 50;
/** Behind SIGTERM: longer than the listener is open still, and than idle clients may send one more request. */
const BEATS_IN_DRAIN = 40;

describe("restarts on an inherited socket", { timeout: 300_000 }, () => {
  let origin: Server;
  let url: string;

  beforeAll(async () => {
    const streams = new Set<ServerResponse>();
    origin = createServer((asked, response) => {
      if (asked.url !== "/events") return void response.end("served");
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      streams.add(response);
      response.on("close", () => streams.delete(response));
    });
    new WebSocketServer({ server: origin }).on("connection", (socket) => {
      socket.on("error", () => undefined).on("message", (data) => socket.send(data));
    });
    const beat = setInterval(() => {
      for (const stream of streams) stream.write("data: x\n\n");
    }, BEAT_MS);
    origin.on("close", () => clearInterval(beat));
    url = await listening(origin);
  });

  afterAll(() => {
    origin.closeAllConnections();
    origin.close();
  });

  const ways = [
    { processes: "one process", args: [] },
    { processes: "two workers", args: ["--workers", "2"] },
  ];

  it.skipIf(!has("wrk")).each(ways)(`under wrk, $processes: 0 refused, 0 reset${needing("wrk")}`, async ({ args }) => {
    const manager = await ServiceManager.start();
    try {
      let current = await manager.run("proxy", "--to", url, ...args);
      const duration = `${RESTARTS * 3 + 4}s`;
      const load = wrk([
        "-t",
        "1",
        "-c",
        "32",
        "-d",
        duration,
        "--timeout",
        "30s",
        `http://127.0.0.1:${manager.port}/`,
      ]);
      for (let i = 0; i < RESTARTS; i++) {
        const next = await manager.run("proxy", "--to", url, ...args);
        process.kill(current.pid, "SIGTERM");
        expect(await current.ended()).toBe(0);
        current = next;
      }
      const { requests, errors, non2xx } = await load;
      console.info(
        `${RESTARTS} restarts under wrk: ${requests} requests, ${JSON.stringify(errors)}, ${non2xx} not 2xx`,
      );
      expect(requests).toBeGreaterThan(1_000);
      expect({ ...errors, non2xx }).toEqual({ connect: 0, read: 0, write: 0, timeout: 0, non2xx: 0 });
    } finally {
      manager.stop();
    }
  });

  it.each(ways)("one process after the other, strict clients: 0 refused, 0 reset; $processes", async ({ args }) => {
    const manager = await ServiceManager.start();
    try {
      let current = await manager.run("proxy", "--to", url, ...args);
      const clients = new Relentless(manager.port, 32);
      for (let i = 0; i < RESTARTS; i++) {
        await clients.servedAgain();
        process.kill(current.pid, "SIGTERM");
        expect(await current.ended()).toBe(0);
        current = await manager.run("proxy", "--to", url, ...args);
      }
      await clients.servedAgain();
      expect(await clients.end()).toEqual([]);
      console.info(`${RESTARTS} restarts in a row: ${clients.served} requests, none failed`);
    } finally {
      manager.stop();
    }
  });

  it.skipIf(!has("wrk")).each(ways)(
    `over TLS under wrk, $processes: 0 failed, and 0 streams and tunnels cut${needing("wrk")}`,
    async ({ args }) => {
      const manager = await ServiceManager.start();
      const folder = new CertificateFolder();
      try {
        const { cert, key } = folder.write("site", certificateFor(["site.test"]));
        const start = () => manager.run("proxy", "--to", url, "--tls-cert", cert, "--tls-key", key, ...args);
        let current = await start();
        const stop = new AbortController();
        const site = `https://127.0.0.1:${manager.port}/`;
        const loads = [
          ["-c", "12"],
          ["-c", "4", "-H", "Connection: close"],
        ].map((how) => wrk(["-t", "1", "-d", "900s", "--timeout", "60s", ...how, site], stop.signal, 1_000_000));
        for (let i = 0; i < RESTARTS; i++) {
          const held = await Promise.all(Array.from({ length: HELD }, () => Held.open(manager.port)));
          const next = await start();
          process.kill(current.pid, "SIGTERM");
          // The next process took its time to start, in which they have got beats already.
          const toldBefore = new Map(held.map((one) => [one, one.beats]));
          const inDrain = (one: Held) => one.beats - (toldBefore.get(one) ?? 0);
          await expect.poll(() => held.every((one) => inDrain(one) >= BEATS_IN_DRAIN), { timeout: 120_000 }).toBe(true);
          expect(await Promise.all(held.map((one) => one.echo(`still ${i}`)))).toEqual(held.map(() => `still ${i}`));
          expect(held.map(({ isOpen }) => isOpen)).toEqual(held.map(() => true));
          await Promise.all(held.map((one) => one.end()));
          expect(await current.ended()).toBe(0);
          current = next;
        }
        stop.abort();
        const reports = await Promise.all(loads);
        console.info(
          `${RESTARTS} restarts over TLS, ${2 * HELD} streams and tunnels each: ${reports.map(({ requests }) => requests).join(" + ")} ` +
            `requests on kept and fresh connections, ${JSON.stringify(reports.map(({ errors, non2xx }) => ({ ...errors, non2xx })))}`,
        );
        for (const { requests, errors, non2xx } of reports) {
          const { timeout: _slow, ...lost } = errors;
          expect({ ...lost, non2xx }).toEqual({ connect: 0, read: 0, write: 0, non2xx: 0 });
          expect(requests).toBeGreaterThan(100);
        }
      } finally {
        manager.stop();
        folder.remove();
      }
    },
  );
});

/** An event stream and a WebSocket over TLS, of one client. */
class Held {
  beats = 0;
  isOpen = true;
  private readonly socket: WebSocket;
  private readonly endStream: () => void;

  private constructor(socket: WebSocket, stream: Awaited<ReturnType<typeof answered>>) {
    this.socket = socket;
    this.endStream = () => stream.destroy();
    stream.on("data", () => this.beats++).on("close", () => (this.isOpen = false));
    socket.on("close", () => (this.isOpen = false));
  }

  static async open(port: number): Promise<Held> {
    const way = { ca: authority.cert, servername: "site.test", headers: { Host: "site.test" } };
    const socket = new WebSocket(`wss://127.0.0.1:${port}/echo`, [], way).on("error", () => undefined);
    await once(socket, "open");
    const sent = request({ ...way, host: "127.0.0.1", port, path: "/events", agent: false }).end();
    return new Held(socket, await answered(sent));
  }

  echo(said: string): Promise<string> {
    return new Promise((resolve) => {
      this.socket.once("message", (data) => resolve(String(data))).once("close", () => resolve("closed"));
      this.socket.send(said, () => undefined);
    });
  }

  async end(): Promise<void> {
    this.endStream();
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }
}
