/** Many who ask for much, and read nothing, neither stop the proxy nor fill its memory. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { sourceOf } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import { nodeClock } from "../net/node-clock.ts";
import { QueryError, rowsAnswer } from "./api.ts";
import { AdminServer } from "./server.ts";
import { Turns } from "./turns.ts";

const clients: Socket[] = [];
let server: AdminServer | undefined;
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server?.close();
});

it("between two costly answers everything else has its turn", async () => {
  const turns = new Turns();
  const order: string[] = [];
  let isOver = false;
  const others = () => {
    order.push("other");
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  await Promise.all([1, 2, 3].map(async (which) => turns.next().then(() => order.push(`answer ${which}`))));
  isOver = true;
  const between = order.slice(order.indexOf("answer 1"), order.indexOf("answer 3"));
  expect(order.filter((one) => one !== "other")).toStrictEqual(["answer 1", "answer 2", "answer 3"]);
  expect(between.slice(between.indexOf("answer 2") - 1)[0]).toBe("other");
  expect(between.at(-1)).toBe("other");
});

/** A list of 2,000 connections, some 20 MB, which no socket holds. */
async function listening(unreadBytesMax?: number): Promise<number> {
  const row = { id: 1, hop: "downstream", state: "idle", client: "192.0.2.1:4000", secure: false, opened: "accepted" };
  const all = Array.from({ length: 2_000 }, () => ({
    ...row,
    age_ms: 1,
    exchanges: 0,
    note: "x".repeat(10_000),
  })) as never;
  const window = { connections: () => all, exchanges: () => [], watch: () => () => {} };
  server = await AdminServer.listen({ host: "127.0.0.1", port: 0, isAsked: true }, sourceOf(new Ledger(nodeClock)), {
    window,
    ...(unreadBytesMax === undefined ? {} : { unreadBytesMax }),
  });
  return server.address.port;
}

const LIST = "/api/connections?limit=10000";

/** Asks, and reads nothing of the answer but its beginning. */
async function notReading(port: number): Promise<Socket> {
  const client = connect(port, "127.0.0.1");
  client.on("error", () => {});
  clients.push(client);
  client.write(`GET ${LIST} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  await once(client, "readable");
  return client;
}

it("answers that nobody reads are few: then there are none until those are gone, and probes are answered all the same", async () => {
  const port = await listening(1_000_000);
  const status = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, ((await response.text()).match(/"reason":"([^"]*)"/) ?? [])[1]];
  };
  const client = await notReading(port);
  expect(await status(LIST)).toStrictEqual([503, "answers-unread"]);
  expect(await status("/stats")).toStrictEqual([503, "answers-unread"]);
  expect(await status("/healthz")).toStrictEqual([200, undefined]);
  client.destroy();
  await expect.poll(() => status("/stats").then(([code]) => code), { timeout: 20_000 }).toBe(200);
});

it("thousands of filters are refused before a row is looked at", () => {
  const query = new URLSearchParams("hop=downstream&".repeat(1_000));
  const source = { connections: () => [], exchanges: () => [], watch: () => () => {} };
  expect(() => rowsAnswer("/api/connections", query, source, { showsQueries: false })).toThrow(QueryError);
});
