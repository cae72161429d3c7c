/** The examples run as they stand, and show what they say. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

it("examples/embedded.js: three requests on one connection per hop, and why each closed", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["examples/embedded.js"], { cwd: root });
  expect(stderr).toBe("");
  expect(stdout).toContain(
    "GET /three -> 200: exchange 3 on connection 1,\n  exchange 3 on connection 2 to the origin",
  );
  expect(stdout).toContain("connection 1 (downstream) closed after 3 exchanges: peer-closed-idle");
  expect(stdout).toContain("connection 2 (upstream) closed after 3 exchanges: drained");
});

it("examples/embedded.js goes on when its origin is gone, and tells why each request was answered without it", async () => {
  const program = readFileSync(`${root}/examples/embedded.js`, "utf8").replace(
    "await proxy.listen();",
    "await proxy.listen();\norigin.close();",
  );
  const args = ["--input-type=module", "--eval", program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
  expect(stderr).toBe("");
  expect(stdout).toContain("GET /three -> 502: exchange 3 on connection 1,\n  answered by hopwise: connect-failed");
});

it("examples/hooks.js: who is not known is answered, who is gets the origin, and a failure its page", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["examples/hooks.js"], { cwd: root });
  expect([stdout, stderr]).toStrictEqual([
    "401 null who are you?\n200 null the origin was asked for /users by Ada\n502 null sorry: upstream-closed\n",
    "",
  ]);
});

it("examples/http-server.js: two requests on one connection to the origin, and one that is its own", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["examples/http-server.js"], { cwd: root });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^hello\n/);
  expect(stdout).toContain("the origin was asked for /two\n");
  expect(stdout).toMatch(/GET \/one -> 200, on connection (\d+) [\s\S]*GET \/two -> 200, on connection \1 /);
});

it("examples/opentelemetry.js: a server span and a client span arrive at a collector, the origin's context among them", async () => {
  const received: string[] = [];
  const collector = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    received.push(`${request.url} ${body}`);
    response.setHeader("Content-Type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void collector.close());
  const { port } = collector.address() as AddressInfo;
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  const args = ["examples/opentelemetry.js"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
  const [, spanId = ""] = /traceparent: 00-0af7651916cd43dd8448eb211c80319c-([0-9a-f]{16})-01/.exec(stdout) ?? [];
  const [path = "", json = "{}"] = (received[0] ?? "").split(/ (.*)/s);
  expect(path).toBe("/v1/traces");
  const spans = JSON.parse(json).resourceSpans[0].scopeSpans[0].spans as { kind: number; spanId: string }[];
  expect(spans.map(({ kind }) => kind)).toEqual(expect.arrayContaining([2, 3]));
  expect(spans.find(({ kind }) => kind === 3)?.spanId).toBe(spanId);
});
