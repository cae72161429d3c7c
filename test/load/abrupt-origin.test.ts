/**
 * An origin that serves one request on each connection, and closes it without having said so.
 *
 * Whatever is put on such a connection before its FIN is seen is lost, and a POST may not be sent again. After a few closes no
 * POST is lost any more; once the origin keeps its connections they are used again, for POSTs, too.
 */
import { afterEach, expect, it } from "vitest";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { TemperedOrigin } from "../interop/support/tempered-origin.ts";

const CLIENTS = 8;
/** Requests of each client while hopwise learns. */
const LEARNING = 10;
/** What may be lost meanwhile: what is under way when each of three closes is seen, which may come one behind the other. */
const LEARNING_FAILURES_MAX = 3 * CLIENTS;
const REQUESTS = 300;

let origin: TemperedOrigin;
let hopwise: Hopwise;

afterEach(async () => {
  const exit = await hopwise.stop();
  origin.stop();
  expect(exit.code).toBe(0);
});

/** Sends `count` requests, from several clients at once. @returns the statuses of those that failed */
async function send(method: "GET" | "POST", count: number, name: string): Promise<number[]> {
  const failures: number[] = [];
  let sent = 0;
  const client = async () => {
    const connection = await RawClient.open(hopwise.port);
    while (sent < count) {
      const target = `/${name}/${sent++}`;
      const rest = method === "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n";
      const { status } = await connection.exchange(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${rest}`);
      if (status !== 200) failures.push(status);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return failures;
}

it.each([
  ["at once", {}],
  ["20 ms later", { delay_ms: 20 }],
])(`that closes %s loses none of ${REQUESTS} POSTs once it is known, and is trusted again`, async (_when, delay) => {
  const abrupt = { connections: Number.POSITIVE_INFINITY, afterResponses: 1, ...delay };
  origin = await TemperedOrigin.start({ abrupt });
  hopwise = await startHopwise(["--to", origin.url]);

  expect((await send("POST", CLIENTS * LEARNING, "learning")).length).toBeLessThanOrEqual(LEARNING_FAILURES_MAX);
  expect(await send("POST", REQUESTS, "known")).toEqual([]);
  expect(await send("GET", REQUESTS, "retried")).toEqual([]);
  expect(await send("POST", REQUESTS, "still-known")).toEqual([]);

  origin.become({});
  expect(await send("GET", REQUESTS, "changed")).toEqual([]);
  expect(await send("POST", REQUESTS, "trusted")).toEqual([]);
  expect(origin.connections).toBeLessThanOrEqual(2 * CLIENTS);
});
