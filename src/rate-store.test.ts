/** Gateways that count the requests of their clients together, in a store that a program hands over. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { createGateway, type GatewayConfig, HopwiseError, type HopwiseProxy, type SharedRateStore } from "./index.ts";

const proxies: HopwiseProxy[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close({ graceMs: 0 })));
});

const config: GatewayConfig = {
  listeners: [{ http: "127.0.0.1:0" }],
  rateLimit: { requests: 100 },
  routes: [{ name: "all", rateLimit: { requests: 2, per: "1h" }, respond: { body: "here" } }],
};

async function gateway(rateStore: SharedRateStore): Promise<{ proxy: HopwiseProxy; ask: () => Promise<string> }> {
  const proxy = createGateway(config, { rateStore });
  proxies.push(proxy);
  const { port } = await proxy.listen();
  const ask = async () => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n");
    const answer = await text(socket);
    const [, retryAfter = "-"] = /^Retry-After: (.*)$/im.exec(answer) ?? [];
    return `${answer.slice(9, 12)} ${retryAfter}`;
  };
  return { proxy, ask };
}

/** Takes a turn, as one on another machine would. */
function countingStore(): SharedRateStore {
  const taken = new Map<string, number>();
  return {
    async take({ name, burst, interval_ms }, key) {
      await new Promise((resolve) => setImmediate(resolve));
      const count = (taken.get(`${name} ${key}`) ?? 0) + 1;
      taken.set(`${name} ${key}`, count);
      return count <= burst ? 0 : interval_ms;
    },
  };
}

it("two gateways with one store let through as many as one, also behind a reload", async () => {
  const store = countingStore();
  const [one, other] = [await gateway(store), await gateway(store)];
  expect([await one.ask(), await other.ask(), await one.ask(), await other.ask()]).toStrictEqual([
    ...["200 -", "200 -"],
    ...["429 1800", "429 1800"],
  ]);
  await one.proxy.reload({ ...config, poolSize: 7 });
  expect(await one.ask()).toBe("429 1800");
});

it("a store that fails lets everybody pass, and it is told once", async () => {
  const { proxy, ask } = await gateway({ take: () => Promise.reject(new Error("no connection to 10.0.0.9")) });
  const told: string[] = [];
  proxy.on("hook-failed", ({ hook, message }) => told.push(`${hook}: ${message}`));
  expect(await Promise.all([ask(), ask(), ask(), ask()])).toStrictEqual(Array(4).fill("200 -"));
  expect(told[0]).toMatch(/^rateStore: failed: no connection to 10\.0\.0\.9; 1 passed/);
});

it("a store that never answers holds nobody up for long, nor a close", async () => {
  const { proxy, ask } = await gateway({ take: () => new Promise(() => {}) });
  proxy.on("hook-failed", () => undefined);
  expect(await ask()).toBe("200 -");
  const asked = ask();
  await proxy.close({ graceMs: 10_000 });
  expect(await asked).toMatch(/^(?:200|503)/);
});

it("something else than a store is refused", () => {
  for (const rateStore of [{}, 5, null]) {
    expect(() => createGateway(config, { rateStore: rateStore as unknown as SharedRateStore })).toThrow(
      new HopwiseError(
        "option-invalid",
        "it is not a store: write an object with a function take(limit, key)",
        "rateStore",
      ),
    );
  }
});
