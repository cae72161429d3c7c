/**
 * SIGTERM under load: nobody's request fails, idle clients are told in order, and the process ends well.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectCloses } from "../interop/support/closes.ts";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { canConnect, listening } from "../interop/support/listening.ts";
import { isLong } from "../interop/support/long.ts";
import { has, needing } from "../interop/support/programs.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { until } from "../interop/support/waiting.ts";
import { wrk } from "../interop/support/wrk.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
/** How often a process is drained under load: what goes wrong in one moment of many needs many drains to be seen. */
const DRAINS = isLong ? 20 : 2;
/** What ends by itself takes a moment, on a busy machine a long one; what does not is cut at --drain-timeout, 30 s. */
const ENDING_MS_MAX = 15_000;

describe("SIGTERM", { timeout: 300_000 }, () => {
  let origin: Server;
  let originUrl: string;
  let hopwise: Hopwise;
  let handler: (request: IncomingMessage, response: ServerResponse) => void;

  beforeAll(async () => {
    origin = createServer((request, response) => handler(request, response));
    originUrl = await listening(origin);
  });

  beforeEach(async () => {
    handler = (request, response) => {
      request.resume();
      response.end("served");
    };
    hopwise = await startHopwise(["--to", originUrl]);
  });

  afterEach(() => hopwise.stop("SIGKILL"));

  afterAll(() => {
    origin.closeAllConnections();
    origin.close();
  });

  it("when idle: exit code 0, without waiting for the deadline", async () => {
    const began = performance.now();
    expect((await hopwise.stop()).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(ENDING_MS_MAX);
  });

  it("SIGINT does the same", async () => {
    expect((await hopwise.stop("SIGINT")).code).toBe(0);
  });

  it.skipIf(!has("wrk"))(`no request of wrk fails${needing("wrk")}`, async () => {
    for (let i = 0; i < DRAINS; i++) {
      const proxy = await startHopwise(["--to", originUrl]);
      const load = wrk(["-t", "1", "-c", "32", "-d", "2s", "--timeout", "30s", proxy.url]);
      await until("the load has begun", async () => (await proxy.stats()).connections.downstream.open >= 32);
      const exit = await proxy.stop();
      const { requests, errors, non2xx } = await load;
      expect(exit.code).toBe(0);
      expect(requests).toBeGreaterThan(100);
      // Once nobody listens any more, wrk goes on connecting in vain and counts that as errors of connecting and writing.
      const { read, timeout } = errors;
      expect({ read, timeout, non2xx }).toEqual({ read: 0, timeout: 0, non2xx: 0 });
    }
  });

  it("no request of strict clients fails: they reconnect when told close, until nobody listens", async () => {
    for (let i = 0; i < DRAINS; i++) {
      const proxy = await startHopwise(["--to", originUrl]);
      const clients = Array.from({ length: 16 }, (_, index) => strictClient(proxy, index % 4 === 3 ? POST : GET));
      await until("the load has begun", async () => (await proxy.stats()).connections.downstream.open >= 16);
      const exit = await proxy.stop();
      const ends = await Promise.all(clients);
      expect(ends.flatMap(({ failures }) => failures)).toEqual([]);
      expect(ends.every(({ requests }) => requests > 0)).toBe(true);
      expect(exit.code).toBe(0);
    }
  });

  it("of clients that come anew for each request, only those whom nobody had accepted yet are turned away", async () => {
    for (let i = 0; i < DRAINS; i++) {
      const proxy = await startHopwise(["--to", originUrl]);
      const clients = Array.from({ length: 16 }, () => strictClient(proxy, "GET / HTTP/1.0\r\n\r\n"));
      await until("the load has begun", async () => (await proxy.stats()).exchanges.total > 100);
      const exit = await proxy.stop();
      // The system resets what waits in the listener's queue when it closes: at most once for each client.
      for (const { failures } of await Promise.all(clients)) {
        expect(failures.filter((failure) => !failure.isUnheard)).toEqual([]);
        expect(failures.length).toBeLessThanOrEqual(1);
      }
      expect(exit.code).toBe(0);
    }
  });

  it("an idle client may speak once more and is told close; one that stays silent sees FIN", async () => {
    const speaker = await RawClient.open(hopwise.port);
    const silent = await RawClient.open(hopwise.port);
    const fresh = await RawClient.open(hopwise.port);
    expect((await speaker.exchange(GET)).fields.connection).toBeUndefined();
    expect((await silent.exchange(GET)).fields.connection).toBeUndefined();
    const before = await hopwise.stats();
    hopwise.kill("SIGTERM");
    await until("it is not ready any more", async () => !(await hopwise.isReady()));
    let last = await speaker.exchange(GET);
    while (last.fields.connection !== "close") last = await speaker.exchange(GET);
    expect(last.status).toBe(200);
    expect(await speaker.ended).toBe("fin");
    await expectCloses(hopwise, before, { downstream: { drained: 1 } });
    expect(await silent.ended).toBe("fin");
    expect(await fresh.ended).toBe("fin");
    expect((await hopwise.exited).code).toBe(0);
  });

  it("a slow exchange is finished, a slow upload too", async () => {
    let respond: (() => void) | undefined;
    let received = "";
    handler = (request, response) => {
      if (request.method === "GET") {
        response.write("begun ");
        respond = () => response.end("and ended");
      } else {
        request.on("data", (octets: Buffer) => {
          received += octets.toString();
        });
        request.on("end", () => response.end(received));
      }
    };
    const reader = await RawClient.open(hopwise.port);
    const sender = await RawClient.open(hopwise.port);
    const response = reader.exchange(GET);
    const uploaded = sender.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfirst");
    await until("both have begun", () => respond !== undefined && received === "first");
    hopwise.kill("SIGTERM");
    await until("nobody can connect any more", async () => !(await canConnect(hopwise.port)));
    respond?.();
    expect((await response).body.toString()).toBe("begun and ended");
    sender.send(" last");
    const answer = await uploaded;
    expect(answer.body.toString()).toBe("first last");
    expect(answer.fields.connection).toBe("close");
    expect((await hopwise.exited).code).toBe(0);
  });

  it("what is still in flight at --drain-timeout is cut, and the exit code says so", async () => {
    const impatient = await startHopwise(["--to", originUrl, "--drain-timeout", "500ms"]);
    handler = (_request, response) => response.write("begun");
    const client = await RawClient.open(impatient.port);
    client.send(GET);
    await until("the exchange is in progress", () => client.unread.includes("begun"));
    const began = performance.now();
    const exit = await impatient.stop();
    expect(exit.code).toBe(1);
    expect(performance.now() - began).toBeLessThan(ENDING_MS_MAX);
    await client.ended;
  });

  it("a second SIGTERM ends it at once, and a response that only its close would end does not look complete", async () => {
    handler = (_request, response) => response.write("begun");
    const client = await RawClient.open(hopwise.port);
    client.send("GET / HTTP/1.0\r\n\r\n");
    await until("the exchange is in progress", () => client.unread.includes("begun"));
    hopwise.kill("SIGTERM");
    await until("it drains", async () => !(await hopwise.isReady()));
    const began = performance.now();
    const exit = await hopwise.stop("SIGTERM");
    expect(performance.now() - began).toBeLessThan(ENDING_MS_MAX);
    expect(exit.code).not.toBe(0);
    expect(await client.ended).toBe("reset");
  });
});

/** What connecting fails with, before any request is sent, once the listener is closed or just closing. */
const NOBODY_LISTENS = new Set(["ECONNREFUSED", "ECONNRESET"]);

interface Failure {
  readonly what: string;
  /** The connection was reset before any octet of a response: hopwise never saw it. */
  readonly isUnheard: boolean;
}

interface StrictEnd {
  readonly requests: number;
  readonly failures: readonly Failure[];
}

/** Sends requests one after the other until nobody listens any more. Every connection that dies otherwise is a failure. */
async function strictClient(proxy: Hopwise, request: string): Promise<StrictEnd> {
  const failures: Failure[] = [];
  const fail = (what: string, isUnheard = false) => failures.push({ what, isUnheard });
  let requests = 0;
  for (;;) {
    let client: RawClient;
    try {
      client = await RawClient.open(proxy.port);
    } catch (error) {
      if (!NOBODY_LISTENS.has((error as NodeJS.ErrnoException).code ?? "")) fail(`connecting: ${error}`);
      return { requests, failures };
    }
    try {
      for (let isToldClose = false; !isToldClose; requests++) {
        const response = await client.exchange(request);
        if (response.status !== 200) fail(`status ${response.status}: ${response.body}`);
        isToldClose = response.fields.connection === "close";
      }
      if ((await client.ended) !== "fin") fail("a reset after the last response");
    } catch (error) {
      fail(`request ${requests}: ${error}`, client.ending === "reset" && client.received === 0);
      client.close();
    }
  }
}
