/** The JSON Schema of reports: real reports of each kind keep to it, with nothing in them that it does not name. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { examineChain, examineLog, examineThrough, type Report, reportSchema } from "../../src/doctor/index.ts";
import { createProxy } from "../../src/index.ts";

/** The schema lets later fields pass; here nothing may be unknown. */
function strictly(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strictly);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strictly(value)]));
  return "properties" in copy ? { ...copy, additionalProperties: false } : copy;
}

const formats = { "date-time": (text: string) => !Number.isNaN(Date.parse(text)) };
const validate = new Ajv2020({ strict: false, formats }).compile(strictly(reportSchema()) as object);
const faults = (report: unknown) => {
  validate(JSON.parse(JSON.stringify(report)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

async function ofServer(): Promise<Report> {
  const { examine } = await import("../../src/doctor/index.ts");
  const server = createServer((_request, response) => void response.end("hello\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await examine(`http://127.0.0.1:${port}/`, { only: ["HW101", "HW102", "HW103", "HW5"], intrusive: false });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function ofProxy(): Promise<Report> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  await using proxy = createProxy({ to: `http://127.0.0.1:${port}`, port: 0, drainDelay: 0 });
  const { url } = await proxy.listen();
  return await examineThrough(url, { originListen: `127.0.0.1:${port}`, only: ["HW901", "HW902"] });
}

async function ofLog(): Promise<Report> {
  const entry = {
    ...{ type: "exchange", id: 1, time: "2026-11-30T03:00:00.000Z", client: "10.0.0.7", method: "POST", target: "/" },
    ...{ version: "1.1", status: 502, outcome: "answered", reason: "upstream-closed", duration_ms: 10, retries: 0 },
    downstream: { id: 1, exchange: 1 },
    upstream: { id: 2, exchange: 2, endpoint: "http://127.0.0.1:3000", reused: true, opened: "pool-empty" },
  };
  async function* bytes() {
    yield `${JSON.stringify(entry)}\n`;
  }
  return await examineLog(bytes(), { product: "node@20" });
}

describe("a report keeps to its schema", () => {
  it.each([
    ["of a server", ofServer],
    ["of a proxy from both sides", ofProxy],
    ["of real traffic", ofLog],
    ["of a chain", async () => examineChain("alb,nginx@1.29.7,node@20")],
  ])("%s", async (_what, make) => {
    const report = await make();
    expect(report.findings.length).toBeGreaterThan(0);
    expect(faults(report)).toStrictEqual([]);
  });
});

describe("what is no report does not", () => {
  const report = examineChain("alb,node@20");

  it.each([
    ["of another version", { ...report, schema: "hopwise-doctor/2" }],
    ["without a grade", { ...report, grade: undefined }],
    ["with a field that nobody has named", { ...report, mood: "good" }],
    ["with a verdict of its own", { ...report, findings: [{ ...report.findings[0], verdict: "maybe" }] }],
    ["with a finding without evidence", { ...report, findings: [{ ...report.findings[0], evidence: undefined }] }],
  ])("%s", (_what, other) => {
    expect(faults(other).length).toBeGreaterThan(0);
  });
});

it("names its version, and lets fields pass that come later", () => {
  expect(reportSchema()).toMatchObject({ $id: "urn:hopwise-doctor:1", $schema: expect.stringContaining("2020-12") });
  const open = new Ajv2020({ strict: false, formats }).compile(reportSchema());
  expect(open(JSON.parse(JSON.stringify({ ...examineChain("alb,node@20"), later: 1 })))).toBe(true);
});
