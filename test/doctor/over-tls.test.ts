/**
 * The same sick servers and their healthy twins over TLS, on real sockets: a close has one more shape there (the closure alert), a reset
 * comes through another layer, and neither may change a verdict.
 */
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { selfSigned } from "../../src/config/self-signed.ts";
import { examineIn } from "../../src/doctor/examine.ts";
import type { ExamineOptions, Report } from "../../src/doctor/index.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import type { Listener } from "../../src/net/ports.ts";
import { listen } from "../../src/net/runtime.ts";
import { TicketKeys } from "../../src/net/tls/ticket-keys.ts";
import { TlsServing } from "../../src/net/tls/tls-serving.ts";
import { Mannered, type Manners } from "./mannered-server.ts";
import { all, type Sickness, sicknesses, told } from "./sicknesses.ts";
import { findingOf } from "./virtual-network.ts";

const AT_ONCE = 16;
/** Shorter than in earnest: most of the sick ones are waited for in vain. */
const pace = { answer_ms: 3_000, settle_ms: 1_500 };
const LIMIT_MS = 120_000;
const listeners: Listener[] = [];
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  return Promise.all(listeners.map((listener) => listener.close()));
});

async function examineOverTls(manners: Partial<Manners>, options: ExamineOptions): Promise<Report> {
  const server = new Mannered(nodeClock, manners);
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    tls: new TlsServing([selfSigned(["127.0.0.1"], Date.now())], new TicketKeys()),
    onSocket: (socket) => server.accept(socket),
    onFault: () => {},
  });
  listeners.push(listener);
  const url = `https://127.0.0.1:${listener.address.port}/`;
  return await examineIn({ pace }, url, { ...all, insecure: true, load: 20, ...options });
}

/** Those that take no longer than a moment of real time. */
const isShort = ({ id }: Pick<Sickness, "id">) => !id.startsWith("HW2") && id !== "HW301";

async function inBatches<Item>(items: readonly Item[], run: (item: Item) => Promise<string[]>): Promise<string[]> {
  const queue = [...items];
  const wrong: string[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) wrong.push(...(await run(item)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return wrong;
}

describe("over TLS", () => {
  it(
    "a healthy server passes",
    async () => {
      const report = await examineOverTls({}, { skip: ["HW2", "HW301"] });
      const wrong = report.findings.filter(({ verdict }) => verdict !== "pass");
      expect(wrong.map(({ id, verdict, measured }) => `${id} ${verdict}: ${measured}`)).toStrictEqual([]);
    },
    LIMIT_MS,
  );

  it(
    "a sick one is caught",
    async () => {
      const wrong = await inBatches(sicknesses.filter(isShort), async ({ id, manners, verdict, measured }) => {
        const found = findingOf(await examineOverTls(manners, { only: [id] }), id);
        return found.verdict === verdict ? [] : [`${id} ${measured} (${verdict}): ${found.verdict}: ${found.measured}`];
      });
      expect(wrong).toStrictEqual([]);
    },
    LIMIT_MS,
  );

  it(
    "one that lets nobody in beside a silent connection is caught",
    async () => {
      const { cert, key } = selfSigned(["127.0.0.1"], Date.now());
      const https = createHttpsServer({ cert, key }, (_request, response) => response.end("hello"));
      const waiting: Socket[] = [];
      let served: Socket | undefined;
      const next = () => {
        served = waiting.shift();
        if (served === undefined) return;
        served.once("close", next);
        https.emit("connection", served);
      };
      // As a program does that accepts, and shakes hands, one after the other.
      const server = createServer({ pauseOnConnect: true }, (socket) => {
        socket.on("error", () => {});
        waiting.push(socket);
        if (served === undefined) next();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      servers.push(server);
      const { port } = server.address() as AddressInfo;
      const world = { pace: { dial_ms: 1_000 } };
      const options = { insecure: true, quick: true, only: ["HW601"] };
      const report = await examineIn(world, `https://127.0.0.1:${port}/`, options);
      expect(findingOf(report, "HW601")).toMatchObject({
        verdict: "fail",
        measured: "another client was not let in (ETIMEDOUT), and answered once the silent connection was gone",
      });
    },
    LIMIT_MS,
  );

  it(
    "and what the RFC leaves open is not judged",
    async () => {
      const wrong = await inBatches(told.filter(isShort), async ({ id, manners }) => {
        const found = findingOf(await examineOverTls(manners, { only: [id] }), id);
        return found.verdict === "info" ? [] : [`${id}: ${found.verdict}: ${found.measured}`];
      });
      expect(wrong).toStrictEqual([]);
    },
    LIMIT_MS,
  );
});
