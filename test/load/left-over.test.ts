/**
 * Nothing of an exchange or a connection is left in memory once it is over, whatever became of it: what the runtime counts of our own
 * objects when all clients have gone, behind a mixture of everything that once held on to something.
 *
 * What grows with time alone shows in no single case: each of these objects is small, and counted nowhere.
 */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { queryObjects } from "node:v8";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Exchange } from "../../src/exchange/exchange.ts";
import { Tunnel } from "../../src/exchange/tunnel.ts";
import { DownstreamConnection } from "../../src/gateway/downstream.ts";
import { Http2Connection } from "../../src/gateway/http2-connection.ts";
import { createGateway, type GatewayConfig } from "../../src/index.ts";
import { Endpoint } from "../../src/pool/endpoint.ts";
import { PooledConnection } from "../../src/pool/pooled-connection.ts";
import { listening } from "../interop/support/listening.ts";
import { until } from "../interop/support/waiting.ts";
import { CertificateFolder, certificateFor } from "../kit/certificates.ts";

const ofClients = { Exchange, Tunnel, DownstreamConnection, Http2Connection };
const ofOrigins = { PooledConnection };

/** Connections of a group, all of which somebody holds. */
const HELD = 4;
/** The socket that was last told to read elsewhere is known to `net/node-handles` until another one is, with what reads there. */
const LATEST = 1;
const LOOK_MS_MAX = 40_000;

const folder = new CertificateFolder();
const held = new Set<ServerResponse>();
let origin: Server;
let url: string;

beforeAll(async () => {
  origin = createServer((asked, response) => {
    asked.resume();
    if (asked.url?.startsWith("/hold")) return void held.add(response);
    if (asked.url?.startsWith("/cut")) return void asked.socket.destroy();
    asked.on("end", () => response.end("ok"));
  });
  origin.on("upgrade", (_asked, socket) => {
    socket.on("error", () => {}).on("end", () => socket.end());
    socket.on("data", (bytes) => socket.write(bytes));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  });
  url = await listening(origin);
});

afterAll(() => {
  origin.closeAllConnections();
  origin.close();
  folder.remove();
});

/** @param turn another configuration each time, with other groups and routes */
function site(turn: number): GatewayConfig {
  const files = folder.write(`site-${turn}`, certificateFor(["site.test"]));
  return {
    listeners: [
      { http: "127.0.0.1:0" },
      { https: "127.0.0.1:0", certificates: [{ cert: files.cert, key: files.key }] },
    ],
    groups: {
      tight: { to: [{ url, maxConnections: HELD }], sticky: true },
      [`wide-${turn}`]: { to: [url], ejection: {}, retryBudget: "20%" },
    },
    routes: [
      { match: { path: "/hold/*" }, to: "tight" },
      { match: { path: "/line/*" }, to: `wide-${turn}`, concurrency: { max: 1, line: 4 } },
      { match: { path: "/buffered/*" }, to: `wide-${turn}`, bufferRequest: "1k", rateLimit: { requests: 1_000 } },
      { to: `wide-${turn}` },
    ],
  };
}

const ask = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: site.test\r\n${more}\r\n`;
const post = (path: string, bytes: number) =>
  `POST ${path} HTTP/1.1\r\nHost: site.test\r\nContent-Length: ${bytes}\r\n\r\n`;

describe.skipIf(typeof queryObjects !== "function")(
  "when all clients have gone (skipped where nobody counts objects)",
  () => {
    it("none of our objects is left, and no endpoint that no configuration names", async () => {
      const proxy = createGateway(site(0));
      const { listeners } = await proxy.listen();
      const [port = 0, securePort = 0] = listeners.map((place) => place.port);
      const sockets = new Set<Socket>();
      const keep = (socket: Socket) => {
        sockets.add(socket);
        return socket.on("error", () => {}).resume();
      };
      const from = (localAddress: string) => keep(connect({ host: "127.0.0.1", port, localAddress }));
      const answer = (socket: Socket) => once(socket, "data");
      const isBusy = async (count: number) =>
        await until("they are held", () =>
          proxy.stats().endpoints.some(({ connections }) => connections.inUse >= count),
        );

      // One client holds all places of a group for longer than anybody has to, and another wants one.
      const hogs = Array.from({ length: HELD }, () => from("127.0.0.1"));
      for (const [index, hog] of hogs.entries()) hog.write(ask(`/hold/${index}`));
      await isBusy(HELD);
      const waiting = from("127.0.0.2");
      waiting.write(ask("/hold/other"));

      for (let turn = 0; turn < 3; turn++) {
        const persistent = from("127.0.0.3");
        persistent.write(ask("/1"));
        await answer(persistent);
        persistent.write(`${ask("/2")}${ask("/cut")}${post("/buffered/3", 3)}abc`);
        const uploads = [from("127.0.0.4"), from("127.0.0.4")];
        for (const upload of uploads) upload.write(`${post("/4", 1_000_000)}${"x".repeat(100_000)}`);
        const inLine = [1, 2, 3].map((index) => {
          const client = from(`127.0.1.${index}`);
          client.write(ask(`/line/${index}`));
          return client;
        });
        const tunnel = from("127.0.0.5");
        tunnel.write(ask("/tunnel", "Connection: Upgrade\r\nUpgrade: echo\r\n"));
        await answer(tunnel);
        tunnel.write("hello");
        from("127.0.0.6").write("GET /half HTTP/1.1\r\nHo");
        from("127.0.0.7").end(ask("/closed"));
        const secure = keep(
          connectTls({ host: "127.0.0.1", port: securePort, servername: "site.test", rejectUnauthorized: false }),
        );
        secure.write(ask("/secure"));
        await answer(secure);
        const session = connectHttp2(`https://127.0.0.1:${securePort}`, {
          servername: "site.test",
          rejectUnauthorized: false,
        });
        session.on("error", () => {});
        const streams = [1, 2, 3, 4].map((index) =>
          session.request({ ":path": `/h2-${index}`, ":authority": "site.test" }),
        );
        for (const stream of streams) stream.on("error", () => {}).on("response", () => {});
        await once(streams[0] as never, "response");
        streams[1]?.close(8);
        // A reload in the midst of it, and all leave as rudely as they can.
        await proxy.reload(site(turn + 1));
        uploads[0]?.resetAndDestroy();
        inLine[1]?.resetAndDestroy();
        if (turn === 1) tunnel.resetAndDestroy();
        session.destroy();
      }
      // The other has waited for long enough for somebody to look who gives way.
      await until("one of those who hold places has given way", () => hogs.some((hog) => hog.bytesRead > 0));

      for (const response of held) response.destroy();
      for (const socket of sockets) socket.destroy();
      await until("all connections of clients are gone", () => proxy.stats().connections.downstream.open === 0);
      let left: readonly string[] = [];
      const look = (ours: Readonly<Record<string, Parameters<typeof queryObjects>[0]>>) => {
        left = Object.entries(ours).flatMap(([name, one]) => {
          const count = queryObjects(one, { format: "count" });
          return count <= LATEST ? [] : [`${count} ${name}`];
        });
        return left.length === 0;
      };
      // Each look takes a second or more, with nothing else going on; what has a moment to go is gone at the next.
      await until("nothing is left of them", () => look(ofClients), LOOK_MS_MAX).catch(() => {});
      expect(left).toEqual([]);

      await proxy.reload({ ...site(9), groups: {}, routes: [{ respond: { status: 200 } }] });
      await until("all connections to origins are gone", () => proxy.stats().connections.upstream.open === 0);
      await until("nothing is left of them", () => look(ofOrigins), LOOK_MS_MAX).catch(() => {});
      expect(left).toEqual([]);
      expect(proxy.stats().endpoints).toEqual([]);
      expect(queryObjects(Endpoint, { format: "count" })).toBeLessThanOrEqual(1 + LATEST);
      await proxy.close();
    }, 180_000);
  },
);
