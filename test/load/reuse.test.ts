/**
 * Few connections carry many requests: as many as are in use at once, and hardly more.
 */
import { afterEach, describe, expect, it } from "vitest";
import { closesOf, total } from "../interop/support/closes.ts";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { isLong } from "../interop/support/long.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { type Temper, TemperedOrigin } from "../interop/support/tempered-origin.ts";
import { pause, until } from "../interop/support/waiting.ts";

const post = (target: string) => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`;
const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** One after the other. */
const ROW = isLong ? 10_000 : 600;
const CONNECTIONS = isLong ? 10_000 : 400;

describe("reuse of origin connections", () => {
  let origin: TemperedOrigin;
  let hopwise: Hopwise;

  async function start(temper: Temper, ...args: string[]): Promise<void> {
    origin = await TemperedOrigin.start(temper);
    hopwise = await startHopwise(["--to", origin.url, ...args]);
  }

  afterEach(async () => {
    const exit = await hopwise.stop();
    origin.stop();
    expect(exit.code).toBe(0);
  });

  /** Sends `count` requests one after the other on one connection, every fourth a POST. */
  async function sequence(count: number, name: string): Promise<void> {
    const client = await RawClient.open(hopwise.port);
    for (let i = 0; i < count; i++) {
      const target = `/${name}/${i}`;
      const response = await client.exchange(i % 4 === 3 ? post(target) : get(target));
      expect(response.status).toBe(200);
      expect(response.body.toString()).toBe(target);
    }
    client.close();
  }

  it(`${ROW.toLocaleString("en")} requests in a row, GET and POST, use at most 2 connections`, async () => {
    await start({});
    await closesOf(hopwise, { downstream: { "peer-closed-idle": 1 }, upstream: {} }, () => sequence(ROW, "row"));
    expect(origin.connections).toBeLessThanOrEqual(2);
    expect(total((await hopwise.stats()).connections.upstream.opened)).toBe(origin.connections);
  });

  it(`${CONNECTIONS.toLocaleString("en")} connections in a row, one request each, use at most 2 connections`, async () => {
    await start({});
    const count = CONNECTIONS;
    await closesOf(hopwise, { downstream: { "close-received": count }, upstream: {} }, async () => {
      for (let i = 0; i < count; i++) {
        const client = await RawClient.open(hopwise.port);
        const response = await client.exchange(`GET /${i} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        expect(response.status).toBe(200);
        expect(response.fields.connection).toBe("close");
        expect(await client.ended).toBe("fin");
      }
    });
    expect(origin.connections).toBeLessThanOrEqual(2);
  });

  it("32 clients at once use at most 33 connections", async () => {
    await start({ work_ms: 1 });
    await closesOf(hopwise, { downstream: { "peer-closed-idle": 32 }, upstream: {} }, () =>
      Promise.all(Array.from({ length: 32 }, (_, i) => sequence(isLong ? 2_000 : 80, `client-${i}`))),
    );
    expect(origin.connections).toBeGreaterThan(16);
    expect(origin.connections).toBeLessThanOrEqual(33);
    expect(total((await hopwise.stats()).connections.upstream.opened)).toBe(origin.connections);
  });

  it("a few connections that the origin closed early do not end reuse: it is pressure, not its idle timeout", async () => {
    await start({ abrupt: { connections: 3, afterResponses: 1 } });
    const early = await RawClient.open(hopwise.port);
    for (let i = 0; i < 3; i++) {
      expect((await early.exchange(get(`/early/${i}`))).status).toBe(200);
      const closes = i + 1;
      await until("hopwise notes the close", async () => {
        const { upstream } = (await hopwise.stats()).connections;
        return total(upstream.closed) === closes;
      });
      // Further apart than one event of the origin's, a restart for instance.
      await pause(150);
    }
    early.close();
    await sequence(1_000, "afterwards");
    expect(origin.connections).toBeLessThanOrEqual(3 + 10);
  });
});
