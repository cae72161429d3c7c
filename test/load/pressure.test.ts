/**
 * Too many clients: the longest idle gives way in order, and only when nobody idles is a newcomer refused, politely.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closesOf } from "../interop/support/closes.ts";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { until } from "../interop/support/waiting.ts";

const LIMIT = 100;
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe(`--max-connections ${LIMIT}`, () => {
  let origin: Server;
  let originUrl: string;
  let hopwise: Hopwise;
  let clients: RawClient[] = [];
  /** Responses that the origin holds back. */
  let held: ServerResponse[] = [];
  let holdsBack = false;

  beforeAll(async () => {
    origin = createServer((_request, response) => {
      if (holdsBack) held.push(response);
      else response.end("served");
    });
    originUrl = await listening(origin);
  });

  beforeEach(async () => {
    hopwise = await startHopwise(["--to", originUrl, "--max-connections", String(LIMIT)]);
    clients = [];
    held = [];
    holdsBack = false;
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    const exit = await hopwise.stop();
    expect(exit.code).toBe(0);
  });

  afterAll(() => {
    origin.closeAllConnections();
    origin.close();
  });

  async function newcomer(): Promise<RawClient> {
    const client = await RawClient.open(hopwise.port);
    clients.push(client);
    return client;
  }

  it("with 100 idle clients the 101st is served, and the longest idle sees FIN", async () => {
    await closesOf(hopwise, { downstream: { evicted: 1 } }, async () => {
      for (let i = 0; i < LIMIT; i++) expect((await (await newcomer()).exchange(GET)).status).toBe(200);
      // The first client is heard again: now the second one is the longest idle.
      expect((await clients[0]?.exchange(GET))?.status).toBe(200);
      expect((await (await newcomer()).exchange(GET)).status).toBe(200);
      expect(await clients[1]?.ended).toBe("fin");
    });
    expect(clients.filter(({ ending }) => ending !== undefined)).toEqual([clients[1]]);
    // Those who stay are still served.
    for (const client of clients) if (client !== clients[1]) expect((await client.exchange(GET)).status).toBe(200);
  });

  it("with 100 idle clients 50 newcomers take the place of the 50 longest idle, in order", async () => {
    const ended: number[] = [];
    await closesOf(hopwise, { downstream: { evicted: 50 } }, async () => {
      for (let i = 0; i < LIMIT; i++) {
        const client = await newcomer();
        expect((await client.exchange(GET)).status).toBe(200);
        void client.ended.then(() => ended.push(i));
      }
      for (let i = 0; i < 50; i++) {
        expect((await (await newcomer()).exchange(GET)).status).toBe(200);
        await until("one more gave way", () => ended.length === i + 1);
      }
    });
    expect(ended).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(clients.filter(({ ending }) => ending === "reset")).toEqual([]);
  });

  it("with 100 busy clients a newcomer is told to come back, and the busy ones are not disturbed", async () => {
    holdsBack = true;
    const responses: Promise<unknown>[] = [];
    const expected = { downstream: { overloaded: 1 } };
    await closesOf(hopwise, expected, async () => {
      for (let i = 0; i < LIMIT; i++) responses.push((await newcomer()).exchange(GET));
      await until("100 requests are at the origin", () => held.length === LIMIT);
      const late = await newcomer();
      const answer = await late.exchange(GET);
      expect(answer.status).toBe(503);
      expect(answer.fields.connection).toBe("close");
      expect(answer.fields["retry-after"]).toMatch(/^\d+$/);
      expect(answer.body.toString()).toContain("overloaded");
      expect(await late.ended).toBe("fin");
    });
    for (const response of held) response.end("served");
    expect(await Promise.all(responses)).toEqual(
      Array.from({ length: LIMIT }, () => expect.objectContaining({ status: 200 })),
    );
    // There is room again.
    holdsBack = false;
    expect((await (await newcomer()).exchange(GET)).status).toBe(200);
  });

  it("terms shorten as the table fills, before anybody is refused", async () => {
    const timeouts: number[] = [];
    for (let i = 0; i < LIMIT; i++) {
      const answer = await (await newcomer()).exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
      timeouts.push(Number(/timeout=(\d+)/.exec(answer.fields["keep-alive"] ?? "")?.[1]));
    }
    expect(timeouts[0]).toBe(74);
    expect(timeouts[LIMIT - 1]).toBeLessThan(15);
    expect(timeouts).toEqual(timeouts.toSorted((a, b) => b - a));
  });
});
