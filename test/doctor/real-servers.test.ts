/**
 * The doctor against servers that people run, as they are shipped: what it says is what they do. Long: nginx idles for 75 seconds.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { examine, type Report } from "../../src/doctor/index.ts";
import { createProxy } from "../../src/index.ts";
import { Directory } from "../interop/support/directory.ts";
import { startNginx } from "../interop/support/nginx.ts";
import { startOrigin } from "../interop/support/origins.ts";
import { has, needing } from "../interop/support/programs.ts";
import { findingOf } from "./virtual-network.ts";

const LONG_MS = 180_000;
const cleanings: (() => unknown)[] = [];
afterAll(async () => {
  for (const clean of cleanings.toReversed()) await clean();
});

/** Whether a measured time is this one, give or take what a busy machine adds. */
const about = (report: Report, id: string, name: string, ms: number) => {
  const measured = Number(findingOf(report, id).values[name]);
  expect(measured).toBeGreaterThan(ms - 500);
  expect(measured).toBeLessThan(ms + 2_500);
};
const wrongOf = ({ findings }: Report) =>
  findings
    .filter(({ verdict }) => verdict === "fail" || verdict === "advice")
    .map(({ id, verdict }) => `${id} ${verdict}`);

async function plainNode(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.end("hello\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe.concurrent("servers as they are shipped", () => {
  it(
    "node:http: 5 s advertised, 6 s real, advice for life behind a load balancer, and ten seconds of waiting beyond that at most",
    async () => {
      const report = await examine(await plainNode());
      expect(report.product).toStrictEqual({ name: "node", from: "behaviour" });
      expect(findingOf(report, "HW201").values).toMatchObject({ advertised_timeout_ms: 5_000, closed_with: "fin" });
      about(report, "HW201", "idle_timeout_ms", 6_000);
      expect(findingOf(report, "HW202")).toMatchObject({
        verdict: "advice",
        measured: expect.stringContaining("AWS ALB (60 s)"),
        fixes: [{ product: "node", setting: "server.keepAliveTimeout = 65000;" }],
      });
      expect(wrongOf(report)).toStrictEqual(["HW202 advice"]);
      expect(report.grade).toBe("B");
      expect(report.took_ms).toBeLessThan(16_000);
    },
    LONG_MS,
  );

  it.skipIf(!has("nginx"))(
    `nginx: 75 s, and 1000 requests on a connection${needing("nginx")}`,
    async () => {
      const directory = new Directory();
      directory.write("www/index.html", "hello\n");
      const nginx = await startNginx(
        directory,
        (port) => `server { listen 127.0.0.1:${port}; keepalive_requests 1000; root ${directory.at("www")}; }`,
      );
      cleanings.push(() => nginx.stop());
      const report = await examine(`http://127.0.0.1:${nginx.port}/`);
      expect(report.product).toMatchObject({ name: "nginx", from: "server-field" });
      about(report, "HW201", "idle_timeout_ms", 75_000);
      expect(findingOf(report, "HW203").values).toStrictEqual({ requests: 1_000, has_limit: true, is_announced: true });
      about(report, "HW204", "closed_after_ms", 60_000);
      about(report, "HW205", "closed_after_ms", 60_000);
      expect(wrongOf(report)).toStrictEqual([]);
      expect(report.grade).toBe("A");
    },
    LONG_MS,
  );

  it.skipIf(!has("apache2"))(
    `Apache httpd: what it advertises is what it does${needing("apache2")}`,
    async () => {
      const apache = await startOrigin("apache");
      cleanings.push(() => apache.stop());
      const report = await examine(`${apache.url}/small.txt`);
      expect(report.product?.name).toBe("apache");
      const { advertised_timeout_ms, idle_timeout_ms } = findingOf(report, "HW201").values;
      expect(findingOf(report, "HW201").verdict).toBe("pass");
      expect(Number(idle_timeout_ms)).toBeGreaterThan(Number(advertised_timeout_ms) - 1_000);
      expect(report.findings.filter(({ verdict }) => verdict === "fail")).toStrictEqual([]);
    },
    LONG_MS,
  );

  it(
    "hopwise itself: nothing to change, also where it is treated badly",
    async () => {
      const proxy = createProxy({ to: await plainNode(), port: 0 });
      const { url } = await proxy.listen();
      cleanings.push(() => proxy.close());
      const report = await examine(url, { intrusive: true, load: 100, allowPost: "/upload" });
      expect(wrongOf(report)).toStrictEqual([]);
      about(report, "HW201", "idle_timeout_ms", 75_000);
      about(report, "HW205", "closed_after_ms", 30_000);
      expect(report.grade).toBe("A");
    },
    LONG_MS,
  );
});
