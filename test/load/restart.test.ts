/** Restarts under load, on a socket that a service manager holds: no connection is refused, and none is reset. */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listening } from "../interop/support/listening.ts";
import { isLong } from "../interop/support/long.ts";
import { has, needing } from "../interop/support/programs.ts";
import { Relentless } from "../interop/support/relentless.ts";
import { ServiceManager } from "../interop/support/service-manager.ts";
import { wrk } from "../interop/support/wrk.ts";

const RESTARTS = isLong ? 10 : 1;

describe("restarts on an inherited socket", { timeout: 300_000 }, () => {
  let origin: Server;
  let url: string;

  beforeAll(async () => {
    origin = createServer((_request, response) => response.end("served"));
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
});
