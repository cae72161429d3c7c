/**
 * A drain and reloads under h2load: no request that was begun fails.
 *
 * h2load sends nothing more on a connection that is announced to end, and counts the rest of what it was told to send as failed: those
 * were never begun. Some it calls started though they have not left it: what it queues while it reads responses does not go out when the
 * announcement is read behind them. So what counts is that as many succeed as the origin was asked for, and all but those few.
 */
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGateway, type GatewayConfig } from "../../src/index.ts";
import { h2load } from "../interop/support/h2load.ts";
import { startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { isLong } from "../interop/support/long.ts";
import { has, needing } from "../interop/support/programs.ts";
import { until } from "../interop/support/waiting.ts";

const RELOADS = isLong ? 20 : 3;
const CLIENTS = 4;
const STREAMS = 20;
/** The origin takes its time, so that there is always something under way. */
const ANSWER_MS = 20;
const BEFORE = 400;
/** More than there is time for. */
const MANY = 100_000;
const TIMEOUT_MS = 240_000;

describe.skipIf(!has("h2load"))(`under h2load${needing("h2load")}`, { timeout: 300_000 }, () => {
  let origin: Server;
  let url: string;
  let asked = 0;

  beforeEach(async () => {
    asked = 0;
    origin = createServer((_request, response) => {
      asked++;
      setTimeout(() => response.end("served"), ANSWER_MS);
    });
    url = await listening(origin);
  });
  afterEach(() => {
    origin.closeAllConnections();
    origin.close();
  });

  it("a drain: all that was begun succeeds, nothing is cut", async () => {
    const hopwise = await startHopwise(["--to", url]);
    const load = h2load(
      ["-c", String(CLIENTS), "-m", String(STREAMS), "-n", String(MANY), `${hopwise.url}/`],
      TIMEOUT_MS,
    );
    load.catch(() => undefined);
    await until("requests are under way", () => asked >= BEFORE, TIMEOUT_MS);
    const { code } = await hopwise.stop();
    const { started, succeeded, timeout, non2xx } = await load;
    console.info(`a drain under h2load: ${started} requests begun, ${succeeded} succeeded`);
    expect({ code, succeeded, timeout, non2xx }).toStrictEqual({ code: 0, succeeded: asked, timeout: 0, non2xx: 0 });
    expect(started - asked).toBeLessThanOrEqual(CLIENTS * STREAMS);
    // It was in the middle of its work.
    expect(started).toBeLessThan(MANY);
  });

  it(`${RELOADS} reloads: 0 failed`, async () => {
    const site = (turn: number): GatewayConfig => ({
      listeners: [{ http: "127.0.0.1:0" }],
      groups: { app: { to: turn % 2 === 0 ? [url] : [{ url, weight: 1 + turn }] } },
      routes: [{ match: { path: `/turn-${turn}` }, respond: { body: `${turn}` } }, { to: "app" }],
      poolIdleTimeout: `${30 + turn}s`,
    });
    const gateway = createGateway(site(0));
    const { port } = await gateway.listen();
    let isOver = false;
    const counts = { runs: 0, started: 0, succeeded: 0, failed: 0 };
    const load = (async () => {
      while (!isOver) {
        const amount = ["-c", String(CLIENTS), "-m", String(STREAMS), "-n", "2000"];
        const { started, succeeded, failed, timeout, non2xx } = await h2load(
          [...amount, `http://127.0.0.1:${port}/`],
          TIMEOUT_MS,
        );
        counts.runs++;
        counts.started += started;
        counts.succeeded += succeeded;
        counts.failed += failed + timeout + non2xx;
      }
    })();
    let fault: unknown;
    load.catch((error: unknown) => {
      fault = error;
    });
    try {
      for (let turn = 1; turn <= RELOADS; turn++) {
        const before = asked;
        await until("requests are under way", () => fault !== undefined || asked > before + STREAMS, TIMEOUT_MS);
        if (fault !== undefined) throw fault;
        await gateway.reload(site(turn));
      }
    } finally {
      isOver = true;
    }
    await load;
    console.info(`${RELOADS} reloads under h2load: ${counts.started} requests, ${counts.failed} failed`);
    expect(counts).toStrictEqual({ ...counts, succeeded: counts.started, failed: 0 });
    expect(asked).toBe(counts.started);
    expect(gateway.stats().config.reloads).toStrictEqual({ applied: RELOADS, refused: 0 });
    await gateway.close({ graceMs: 1_000 });
  });
});
