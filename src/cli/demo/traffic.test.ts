/** The same requests through hopwise and through a naive proxy: real proxies, a real origin, and failures that happen. */
import { expect, it } from "vitest";
import { createProxy } from "../../index.ts";
import { startNaiveProxy } from "../../lab/actors/naive-proxy.ts";
import { SILENT_DISTANCE_MS, silent } from "./origins.ts";
import { Traffic } from "./traffic.ts";

const IDLE_MS = 150;
/** So late that the origin's FIN is on its way, and so early that it has not arrived. */
const RACE_MS = IDLE_MS - SILENT_DISTANCE_MS;

it("a naive proxy loses requests that cross a FIN, and hopwise loses none", { timeout: 30_000, retry: 2 }, async () => {
  const origin = await silent(IDLE_MS);
  await using hopwise = createProxy({ to: origin.url, port: 0 });
  const { url } = await hopwise.listen();
  const naive = await startNaiveProxy({ host: "127.0.0.1", port: Number(new URL(origin.url).port) });
  let lost = (_: string) => {};
  const first = new Promise<string>((resolve) => {
    lost = resolve;
  });
  const traffic = new Traffic({ failed: (what, fault) => lost(`${what}: ${fault}`) });
  traffic.start("silent", { hopwise: url, naive: `http://127.0.0.1:${naive.port}` }, undefined, () => [RACE_MS]);
  expect(await first).toMatch(/^(?:GET \/hello|POST \/orders) to silent: (?:socket hang up|read ECONNRESET)$/);
  traffic.stop();
  const { comparison } = traffic;
  expect(comparison.hopwise.failed).toBe(0);
  expect(comparison.hopwise.requests).toBe(comparison.naive.requests);
  expect(comparison.naive.failed).toBe(1);
  naive.close();
  origin.close();
});
