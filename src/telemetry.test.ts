/** OpenTelemetry, with the real API and SDK, around a real proxy; and what becomes of `traceparent` without it. */
import { once } from "node:events";
import { createServer, get, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import * as api from "@opentelemetry/api";
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { answered } from "../test/interop/support/answered.ts";
import { createProxy, type HopwiseProxy } from "./index.ts";
import { readTraceparent, traceparentOf } from "./ledger/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

afterEach(() => api.trace.disable());

/** A proxy in front of an origin that notes the fields it gets. It closes under `/gone`, and once under `/again`. */
async function stage(): Promise<{
  proxy: HopwiseProxy;
  ask: (path: string, headers?: object) => Promise<number>;
  heard: IncomingHttpHeaders[];
}> {
  const heard: IncomingHttpHeaders[] = [];
  let isAgain = false;
  const origin = createServer((request, response) => {
    heard.push(request.headers);
    const closes = request.url === "/gone" || (request.url === "/again" && !isAgain);
    isAgain ||= request.url === "/again";
    if (closes) request.socket.destroy();
    else response.end("hello");
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const proxy = createProxy({
    to: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    port: 0,
    drainDelay: 0,
  });
  const { url } = await proxy.listen();
  onTestFinished(async () => {
    await proxy.close({ graceMs: 0 });
    origin.closeAllConnections();
    origin.close();
  });
  const ask = async (path: string, headers: object = {}) => {
    const response = await answered(get(`${url}${path}`, { headers: { ...headers }, agent: false }));
    await once(response.resume(), "end");
    return response.statusCode as number;
  };
  return { proxy, ask, heard };
}

function recorded(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  const sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() });
  api.trace.setGlobalTracerProvider(
    new BasicTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  return exporter;
}

describe("where nobody traces", () => {
  it.each([
    ["well-formed", { traceparent: PARENT, tracestate: "a=1,b=2" }],
    ["malformed", { traceparent: "00-nonsense", tracestate: "a=1" }],
    ["absent", {}],
  ])("traceparent and tracestate go on as they came: %s", async (_what, fields) => {
    const { proxy, ask, heard } = await stage();
    await ask("/", fields);
    // The API alone, without an SDK, changes nothing either.
    const stop = proxy.instrument(api);
    await ask("/", fields);
    stop();
    for (const { traceparent, tracestate } of heard)
      expect({ traceparent, tracestate }).toEqual({ traceparent: undefined, tracestate: undefined, ...fields });
    expect(heard.length).toBe(2);
  });
});

describe("spans", () => {
  it("a server span for the exchange in the client's trace, and a client span whose context the origin gets", async () => {
    const exporter = recorded();
    const { proxy, ask, heard } = await stage();
    proxy.instrument(api);
    await ask("/users?token=secret", { traceparent: PARENT, tracestate: "a=1", "user-agent": "test" });
    const [server, client] = [1, 2].map((kind) => exporter.getFinishedSpans().find((span) => span.kind === kind));
    expect(server).toMatchObject({
      name: "GET",
      parentSpanContext: { spanId: "b7ad6b7169203331" },
      status: { code: 0 },
    });
    expect(server?.attributes).toMatchObject({
      ...{ "http.request.method": "GET", "url.path": "/users", "url.scheme": "http", "http.response.status_code": 200 },
      ...{ "server.address": "127.0.0.1", "network.protocol.version": "1.1", "user_agent.original": "test" },
    });
    expect(client?.attributes).toMatchObject({ "http.response.status_code": 200, "hopwise.connection.reused": false });
    expect(client?.attributes["url.full"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/users$/);
    expect(JSON.stringify([server?.attributes, client?.attributes])).not.toContain("secret");
    expect(client?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
    expect(heard[0]).toMatchObject({
      traceparent: `00-${TRACE}-${client?.spanContext().spanId}-01`,
      tracestate: "a=1",
    });
  });

  it("a retry is a client span of its own, with its count", async () => {
    const exporter = recorded();
    const { proxy, ask, heard } = await stage();
    proxy.instrument(api);
    await ask("/first");
    expect(await ask("/again")).toBe(200);
    const [, lost, again] = exporter.getFinishedSpans().filter(({ kind }) => kind === 2);
    expect(lost).toMatchObject({ status: { code: 2 }, attributes: { "hopwise.connection.reused": true } });
    expect(lost?.attributes["error.type"]).toBeDefined();
    expect(again).toMatchObject({ status: { code: 0 }, attributes: { "http.request.resend_count": 1 } });
    const told = heard.slice(1).map(({ traceparent = "" }) => (traceparent as string).split("-")[2]);
    expect(told).toEqual([lost?.spanContext().spanId, again?.spanContext().spanId]);
  });

  it("a failure has its reason as error.type, on both", async () => {
    const exporter = recorded();
    const { proxy, ask } = await stage();
    proxy.instrument(api);
    expect(await ask("/gone")).toBe(502);
    const spans = exporter.getFinishedSpans().filter(({ kind }) => kind > 0);
    expect(spans.map(({ status, attributes }) => [status.code, attributes["error.type"]])).toEqual([
      [2, "upstream-closed"],
      [2, "upstream-closed"],
    ]);
  });

  it("what the client does not want sampled is not, and its trace goes on", async () => {
    const exporter = recorded();
    const { proxy, ask, heard } = await stage();
    proxy.instrument(api);
    await ask("/", { traceparent: `00-${TRACE}-b7ad6b7169203331-00` });
    expect(exporter.getFinishedSpans()).toEqual([]);
    expect(heard[0]?.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  });

  it("a malformed traceparent begins a trace of its own, without the tracestate", async () => {
    recorded();
    const { proxy, ask, heard } = await stage();
    proxy.instrument(api);
    await ask("/", { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01`, tracestate: "a=1" });
    expect(readTraceparent(heard[0]?.traceparent as string)).toMatchObject({ traceFlags: 1 });
    expect(heard[0]?.tracestate).toBeUndefined();
  });
});

describe("traceparent", () => {
  it.each([
    [PARENT, 1],
    [`00-${TRACE}-b7ad6b7169203331-00`, 0],
    [`00-${TRACE}-b7ad6b7169203331-ff`, 1],
    [`cc-${TRACE}-b7ad6b7169203331-01-what-comes-later`, 1],
  ])("%s is read", (value, traceFlags) => {
    expect(readTraceparent(value)).toEqual({ traceId: TRACE, spanId: "b7ad6b7169203331", traceFlags });
  });

  it.each([
    ...["", "00", `ff-${TRACE}-b7ad6b7169203331-01`, `${PARENT}-more`, `cc-${TRACE}-b7ad6b7169203331-01more`],
    ...[PARENT.toUpperCase(), ` ${PARENT}`, `00-${TRACE}-0000000000000000-01`, `${PARENT}, ${PARENT}`],
  ])("%j is not", (value) => {
    expect(readTraceparent(value)).toBeUndefined();
  });

  it("is written as it was read", () => {
    expect(traceparentOf({ traceId: TRACE, spanId: "b7ad6b7169203331", traceFlags: 1 })).toBe(PARENT);
    expect(traceparentOf({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 })).toBeUndefined();
  });
});
