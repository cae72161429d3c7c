/**
 * Reloads under load, with certificates, routes and endpoints that change, and every third configuration a bad one: no request fails,
 * no WebSocket and no event stream of what is named still is closed, and memory does not grow.
 *
 * The short form is a few seconds of everything; `TESTS_LONG=1`: 100 reloads in 60 s.
 */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createGateway, type GatewayConfig, type HopwiseProxy } from "../../src/index.ts";
import { answered } from "../interop/support/answered.ts";
import { listening } from "../interop/support/listening.ts";
import { isLong } from "../interop/support/long.ts";
import { authority, CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { residentBytes } from "../kit/resident.ts";

const RELOADS = isLong ? 100 : 9;
const PAUSE_MS = isLong ? 600 : 150;
const CLIENTS = isLong ? 16 : 4;
const HELD = isLong ? 20 : 3;
/** Reloads of each third: the least memory of the last one is compared with the least of the one before. */
const THIRD = Math.floor(RELOADS / 3);
const GROWTH_MAX = 32 * 1024 * 1024;
const BEAT_MS = 100;

/** Says who it is; holds event streams open, and echoes what comes by WebSocket. */
function origin(name: string): Server {
  const streams = new Set<ServerResponse>();
  const server = createServer((asked, response) => {
    if (asked.url !== "/events") return void response.end(name);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    streams.add(response);
    response.on("close", () => streams.delete(response));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    socket.on("error", () => undefined).on("message", (data) => socket.send(data));
  });
  const beat = setInterval(() => {
    for (const stream of streams) stream.write("data: x\n\n");
  }, BEAT_MS);
  server.on("close", () => clearInterval(beat));
  return server;
}

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const names = ["held", "a", "b", "c"] as const;
const origins = Object.fromEntries(names.map((name) => [name, origin(name)])) as Record<(typeof names)[number], Server>;
let urls: Record<string, string>;
const folder = new CertificateFolder();

beforeAll(async () => {
  urls = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await listening(origins[name])] as const)),
  );
});
afterAll(() => {
  for (const server of Object.values(origins)) {
    server.closeAllConnections();
    server.close();
  }
  folder.remove();
});

/** Some of the endpoints serve at a time, and another certificate, route and limit each time. */
function site(turn: number): GatewayConfig {
  const { cert, key } = folder.write(`site-${turn % 3}`, certificateFor(["site.test"]));
  const own = (which: number) => urls[names[1 + (which % 3)] as string] as string;
  return {
    listeners: [{ https: "127.0.0.1:0", certificates: [{ cert, key }] }],
    groups: {
      held: { to: [urls.held as string] },
      app: { to: turn % 2 === 0 ? [own(turn)] : [own(turn), { url: own(turn + 1), weight: 2 }] },
    },
    routes: [
      { match: { path: ["/events", "/echo"] }, to: "held" },
      { match: { path: `/turn-${turn}` }, respond: { body: `${turn}` } },
      { to: "app" },
    ],
    poolIdleTimeout: `${30 + turn}s`,
  };
}

const bad = (turn: number): GatewayConfig => ({ ...site(turn), routes: [{ match: { path: "nowhere" }, to: "none" }] });

describe("reloads under load", { timeout: 400_000 }, () => {
  it(`${RELOADS} of them: 0 failed requests, 0 closed streams and tunnels of what is named still`, async () => {
    const proxy: HopwiseProxy = createGateway(site(0));
    const { port } = await proxy.listen();
    const place: RequestOptions = {
      host: "127.0.0.1",
      port,
      servername: "site.test",
      ca: authority.cert,
      headers: { Host: "site.test" },
    };
    let isOver = false;
    const failed: string[] = [];
    let served = 0;

    const ask = async (path: string, agent: Agent | false): Promise<string> => {
      const sent = request({ ...place, path, agent }).end();
      const response = await answered(sent);
      let body = "";
      for await (const piece of response) body += piece;
      if (response.statusCode !== 200) failed.push(`${path}: ${response.statusCode} ${body}`);
      return body;
    };
    const client = async (number: number): Promise<void> => {
      // Every other one with a connection for each request, so that handshakes and tickets meet the changes, too.
      const agent = number % 2 === 0 ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
      while (!isOver) {
        await ask("/", agent).catch((error) => failed.push(String(error)));
        served++;
        await pause(5);
      }
      if (agent !== false) agent.destroy();
    };

    const streams = await Promise.all(
      Array.from({ length: HELD }, async () => {
        const response = await answered(request({ ...place, path: "/events", agent: false }).end());
        const stream = { beats: 0, isOpen: true, end: () => response.destroy() };
        response.on("data", () => stream.beats++);
        response.on("error", () => undefined);
        response.on("close", () => (stream.isOpen = false));
        return stream;
      }),
    );
    const tunnels = await Promise.all(
      Array.from({ length: HELD }, async () => {
        const options = { ca: authority.cert, servername: "site.test", headers: { Host: "site.test" } };
        const socket = new WebSocket(`wss://127.0.0.1:${port}/echo`, [], options);
        socket.on("error", () => undefined);
        await once(socket, "open");
        return socket;
      }),
    );

    const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
    await pause(PAUSE_MS);
    const resident: number[] = [];
    let refused = 0;
    for (let turn = 1; turn <= RELOADS; turn++) {
      if (turn % 3 === 0) {
        await expect(proxy.reload(bad(turn))).rejects.toThrow("none");
        refused++;
      } else {
        await proxy.reload(site(turn));
        expect(await ask(`/turn-${turn}`, false)).toBe(`${turn}`);
      }
      await pause(PAUSE_MS);
      collect();
      resident.push(residentBytes(process.pid));
    }
    // By the first third's end everything has run that will. Of each of the others the least: what waits for its collection, here or
    // from a file that ran before in this process, comes and goes.
    const grown = Math.min(...resident.slice(-THIRD)) - Math.min(...resident.slice(THIRD, 2 * THIRD));
    const echoes = tunnels.map(async (socket, number) => {
      socket.send(`still ${number}`);
      const [data] = await once(socket, "message");
      return String(data);
    });
    expect(await Promise.all(echoes)).toStrictEqual(tunnels.map((_, number) => `still ${number}`));
    const beats = streams.map((stream) => stream.beats);
    await expect.poll(() => streams.every((stream, index) => stream.beats > (beats[index] as number))).toBe(true);
    isOver = true;
    await Promise.all(clients);
    console.info(
      `${RELOADS} reloads (${refused} refused): ${served} requests, ${failed.length} failed, ${Math.round(grown / 1024)} KiB more`,
    );
    expect({ failed, open: streams.map(({ isOpen }) => isOpen) }).toStrictEqual({
      failed: [],
      open: streams.map(() => true),
    });
    expect(served).toBeGreaterThan(RELOADS);
    expect(grown).toBeLessThan(GROWTH_MAX);
    const { config, internalErrors, endpoints } = proxy.stats();
    expect([config.version, config.reloads, internalErrors]).toStrictEqual([
      1 + RELOADS - refused,
      { applied: RELOADS - refused, refused },
      0,
    ]);
    // Those that have left are gone.
    expect(endpoints.length).toBeLessThanOrEqual(3);
    for (const stream of streams) stream.end();
    for (const socket of tunnels) socket.terminate();
    await proxy.close({ graceMs: 1_000 });
  });
});
