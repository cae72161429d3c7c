/** A group whose name is looked up, on real sockets and by this machine's resolver: what is told of it. */
import { createServer, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type HopwiseProxy, type LookupEntry } from "./index.ts";

let origin: Server;
let proxy: HopwiseProxy;
afterEach(async () => {
  await proxy.close({ graceMs: 0 });
  origin.close();
});

/** A gateway that reaches its origin as `name`. */
async function begin(name: string): Promise<{ readonly url: string; readonly port: string; told: LookupEntry[] }> {
  origin = createServer((request, response) => response.setHeader("X-Host", request.headers.host ?? "").end());
  const { port } = new URL(await listening(origin));
  const groups = { app: { to: `http://${name}:${port}`, resolve: { family: "ipv4" } as const } };
  proxy = createGateway({
    listeners: [{ http: "127.0.0.1:0" }],
    originHost: "origin",
    groups,
    routes: [{ to: "app" }],
  });
  const told: LookupEntry[] = [];
  const hasLooked = new Promise<void>((resolve) => {
    proxy.on("lookup", (event) => {
      told.push(event);
      resolve();
    });
  });
  const { url } = await proxy.listen();
  await hasLooked;
  return { url, port, told };
}

it("its addresses are endpoints, and what is sent there names the origin as it is written", async () => {
  const { url, port, told } = await begin("localhost");
  const name = `http://localhost:${port}`;
  const answer = await fetch(url);
  expect(answer.headers.get("X-Host")).toBe(`localhost:${port}`);
  const { names, endpoints } = proxy.stats();
  expect(endpoints.map(({ endpoint }) => endpoint)).toStrictEqual([`http://127.0.0.1:${port}`]);
  expect(names).toMatchObject([
    { group: "app", name, addresses: ["127.0.0.1"], failing: false, lookups: { found: 1 } },
  ]);
  expect(told).toMatchObject([
    {
      type: "lookup",
      group: "app",
      name,
      state: "changed",
      addresses: ["127.0.0.1"],
      added: ["127.0.0.1"],
      removed: [],
    },
  ]);
});

it("one that is not found is told with the reason, and is the endpoint itself until it is", async () => {
  // A name that never exists (RFC 6761 section 6.4).
  const { url, port, told } = await begin("app.invalid");
  const name = `http://app.invalid:${port}`;
  expect((await fetch(url)).status).toBe(502);
  const { names = [], endpoints } = proxy.stats();
  expect(endpoints.map(({ endpoint }) => endpoint)).toStrictEqual([name]);
  const [{ lastFailure, ...rest } = {}] = names as Partial<(typeof names)[number]>[];
  expect(rest).toMatchObject({ name, addresses: [], failing: true });
  expect(told).toMatchObject([{ state: "failed", name, reason: lastFailure?.reason, addresses: [] }]);
  // What a machine without name servers says is another word of the list.
  expect(["not-found", "no-answer"]).toContain(lastFailure?.reason);
});
