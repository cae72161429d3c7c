/**
 * Too few file descriptors: the proxy goes on serving, whoever idles gives way, and it says so.
 */
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { listening } from "../interop/support/listening.ts";
import { until } from "../interop/support/waiting.ts";
import { type Limited, startLimited } from "./limited.ts";
import { NewcomerFailed, newcomer } from "./newcomer.ts";

/** The runtime itself needs about a hundred while it loads. */
const DESCRIPTORS = 128;
/** More clients than there are descriptors. */
const CLIENTS = 200;
const NEWCOMERS = 20;
/** Who is shut out waits for --head-timeout, 30 s; who is served waits for the processor alone, however slow it is. */
const LATENCY_MS_MAX = 10_000;
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe(`${DESCRIPTORS} file descriptors, ${CLIENTS} clients`, () => {
  let origin: Server;
  let originUrl: string;
  let hopwise: Limited | undefined;
  let clients: Socket[] = [];

  beforeAll(async () => {
    origin = createServer((_request, response) => response.end("served"));
    originUrl = await listening(origin);
  });

  afterEach(async () => {
    for (const client of clients) client.destroy();
    clients = [];
    await hopwise?.stop();
    hopwise = undefined;
  });

  afterAll(() => {
    origin.closeAllConnections();
    origin.close();
  });

  /** Clients that stay, each of which sends `octets`, is answered if `octets` ask for it, and closes when it is closed. */
  async function crowd(port: number, octets: string): Promise<void> {
    for (let i = 0; i < CLIENTS; i++) {
      const client = connect({ host: "127.0.0.1", port });
      clients.push(client);
      let isSettled = false;
      client.on("error", () => {
        isSettled = true;
      });
      client.on("close", () => {
        isSettled = true;
      });
      client.once("connect", () => {
        if (octets === "") isSettled = true;
        else client.write(octets);
      });
      client.on("data", () => {
        isSettled = true;
      });
      await until(`client ${i + 1} is answered or let go`, () => isSettled);
    }
  }

  /** Newcomers, one after the other, who want one answer each. */
  async function served(port: number): Promise<string[]> {
    const outcomes: string[] = [];
    for (let i = 0; i < NEWCOMERS; i++) {
      const outcome = await newcomer(port).catch((error: unknown) => {
        if (error instanceof NewcomerFailed) return error;
        throw error;
      });
      if (outcome instanceof NewcomerFailed) outcomes.push(outcome.message);
      else outcomes.push(outcome < LATENCY_MS_MAX ? "served" : `served after ${outcome} ms`);
    }
    return outcomes;
  }

  const allServed = Array.from({ length: NEWCOMERS }, () => "served");

  it("by default the limit of connections keeps descriptors free: idle clients give way", async () => {
    hopwise = await startLimited(DESCRIPTORS, ["--to", originUrl]);
    await crowd(hopwise.port, GET);
    expect(await served(hopwise.port)).toEqual(allServed);
    const { acceptFailures, connections } = await hopwise.stats();
    expect(acceptFailures).toEqual({});
    expect(connections.downstream.closed.evicted).toBeGreaterThan(CLIENTS - DESCRIPTORS);
  });

  it("by default clients that say nothing do not keep newcomers out", async () => {
    hopwise = await startLimited(DESCRIPTORS, ["--to", originUrl]);
    await crowd(hopwise.port, "");
    expect(await served(hopwise.port)).toEqual(allServed);
  });

  it("with more connections asked for than there are descriptors: says so, allows fewer, and goes on serving", async () => {
    hopwise = await startLimited(DESCRIPTORS, ["--to", originUrl, "--max-connections", "1000"]);
    expect(hopwise.said()).toContain("may need 2064 file descriptors and the limit is 128");
    await crowd(hopwise.port, GET);
    expect(await served(hopwise.port)).toEqual(allServed);
    expect((await hopwise.stats()).acceptFailures).toEqual({});
  });
});
