/**
 * A proxy whose exchanges are spans of OpenTelemetry, sent as OTLP over HTTP to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names
 * (default: http://localhost:4318).
 *
 *     npm install @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/exporter-trace-otlp-http
 *     node examples/opentelemetry.js
 */
import { createServer } from "node:http";
import * as api from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { createProxy } from "hopwise";

const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
api.trace.setGlobalTracerProvider(provider);

const origin = createServer((request, response) => response.end(`traceparent: ${request.headers.traceparent}\n`));
await new Promise((resolve) => origin.listen(0, "127.0.0.1", resolve));

const proxy = createProxy({ to: `http://127.0.0.1:${origin.address().port}`, port: 0 });
proxy.instrument(api);
const { url } = await proxy.listen();

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const response = await fetch(`${url}/hello`, { headers: { traceparent, connection: "close" } });
console.log(`the origin got ${(await response.text()).trim()}`);

await proxy.close();
origin.close();
// What has not been sent yet.
await provider.shutdown();
