/**
 * Exchanges as spans of OpenTelemetry: a server span for each, a client span for each attempt, whose context goes to the origin in
 * `traceparent`, and spans for what an exchange waited for. Names are those of the stable semantic conventions for HTTP.
 *
 * It works with the application's own `@opentelemetry/api`, which is handed in: hopwise depends on none, and what is recorded, sampled
 * and exported is the application's SDK's business. Queries are left out. Deliberately absent: metrics, which are in /metrics.
 */
import type { ConnectionRecord } from "../connection/connection-record.ts";
import type { ExchangeRecord, Phase } from "../exchange/exchange-record.ts";
import type { TraceFields, Tracing } from "../exchange/tracing.ts";
import type { Clock } from "../net/ports.ts";
import { QuietObserver } from "./observers.ts";
import { shownTarget } from "./shown-target.ts";
import { readTraceparent, traceparentOf } from "./trace-context.ts";
import { version } from "./version.ts";

type Attributes = Record<string, string | number | boolean>;

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean | undefined;
  readonly traceState?: { serialize(): string } | undefined;
}

interface Span {
  spanContext(): SpanContext;
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  isRecording(): boolean;
  end(endTime?: number): void;
}

/** As much of `@opentelemetry/api` as is needed: `import * as api from "@opentelemetry/api"`. */
export interface OpenTelemetryApi {
  readonly ROOT_CONTEXT: object;
  createTraceState(text?: string): { serialize(): string };
  readonly trace: {
    getTracer(
      name: string,
      version?: string,
    ): {
      startSpan(
        name: string,
        options?: { kind?: number; startTime?: number; attributes?: Attributes },
        context?: never,
      ): Span;
    };
    setSpanContext(context: never, spanContext: never): object;
    setSpan(context: never, span: never): object;
  };
}

/** `SpanKind` and `SpanStatusCode` of the API, which are numbers that never change. */
const SERVER = 1;
const CLIENT = 2;
const ERROR = 2;

/** Others are `_OTHER`, so that nobody can make as many names as they like. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);

interface Flight {
  readonly server: Span;
  /** In which its parts begin. */
  readonly context: never;
  client: Span | undefined;
}

export class Telemetry extends QuietObserver implements Tracing {
  readonly wantsFields = true;
  exchangeBegan = (record: ExchangeRecord): void => this.begin(record);
  exchangePhase = (record: ExchangeRecord, phase: Phase): void => {
    if (phase === "retrying") this.lose(record);
  };
  private readonly api: OpenTelemetryApi;
  private readonly tracer: ReturnType<OpenTelemetryApi["trace"]["getTracer"]>;
  private readonly clock: Clock;
  private readonly flights = new Map<ExchangeRecord, Flight>();

  constructor(api: OpenTelemetryApi, clock: Clock) {
    super();
    this.api = api;
    this.clock = clock;
    this.tracer = api.trace.getTracer("hopwise", version);
  }

  private begin(record: ExchangeRecord): void {
    const { api } = this;
    const { kept, downstream, authority, version: spoken } = record;
    const parent = readTraceparent(kept?.traceparent);
    const { tracestate } = kept ?? {};
    const remote: SpanContext | undefined =
      parent === undefined
        ? undefined
        : {
            ...{ ...parent, isRemote: true },
            ...(tracestate === undefined ? {} : { traceState: api.createTraceState(tracestate) }),
          };
    const root = api.ROOT_CONTEXT as never;
    const from = (remote === undefined ? root : api.trace.setSpanContext(root, remote as never)) as never;
    const attributes: Attributes = {
      ...methodOf(record),
      "url.path": pathOf(record.target),
      "url.scheme": downstream.isSecure ? "https" : "http",
      ...addressed("server", authority),
      "client.address": downstream.peer,
      "network.peer.address": downstream.peer,
      "network.peer.port": downstream.peerPort,
      "network.protocol.version": spoken === "2.0" ? "2" : spoken,
      ...(kept?.userAgent === undefined ? {} : { "user_agent.original": kept.userAgent }),
      "hopwise.connection.id": downstream.id,
    };
    const server = this.tracer.startSpan(
      nameOf(record),
      { kind: SERVER, startTime: this.epoch(record.arrivedAt_ms), attributes },
      from,
    );
    const context = api.trace.setSpan(from, server as never) as never;
    this.flights.set(record, { server, context, client: undefined });
  }

  attempt(record: ExchangeRecord, upstream: ConnectionRecord, path: string): TraceFields | undefined {
    const flight = this.flights.get(record);
    if (flight === undefined) return undefined;
    const { name = "" } = upstream.endpoint ?? {};
    const attributes: Attributes = {
      ...methodOf(record),
      "url.full": `${name}${pathOf(path)}`,
      ...addressed("server", name.replace(/^[a-z]+:\/\//, "")),
      "network.peer.address": upstream.peer,
      "network.peer.port": upstream.peerPort,
      "network.protocol.version": "1.1",
      ...(record.retries === 0 ? {} : { "http.request.resend_count": record.retries }),
      "hopwise.connection.id": upstream.id,
      "hopwise.connection.reused": upstream.exchanges > 1,
    };
    const startTime = this.epoch(this.clock.now());
    flight.client = this.tracer.startSpan(nameOf(record), { kind: CLIENT, startTime, attributes }, flight.context);
    const context = flight.client.spanContext();
    const traceparent = traceparentOf(context);
    return traceparent === undefined ? undefined : { traceparent, tracestate: context.traceState?.serialize() ?? "" };
  }

  private lose(record: ExchangeRecord): void {
    const flight = this.flights.get(record);
    const lost = record.lost?.at(-1);
    if (flight?.client === undefined || lost === undefined) return;
    fail(flight.client, lost.fault ?? "upstream-closed");
    flight.client.end(this.epoch(lost.lostAt_ms));
    flight.client = undefined;
  }

  override exchangeEnded(record: ExchangeRecord): void {
    const flight = this.flights.get(record);
    if (flight === undefined) return;
    this.flights.delete(record);
    const { server, client, context } = flight;
    const { status, reason, outcome, fault } = record;
    const end = this.epoch(record.doneAt_ms);
    if (server.isRecording()) this.tellPhases(record, context);
    const isBroken = outcome === "truncated" || outcome === "client-gone";
    const error = reason ?? (isBroken ? outcome : String(status));
    const answered: Attributes = status === 0 ? {} : { "http.response.status_code": status };
    if (client !== undefined) {
      // What hopwise answered itself is not what its origin said.
      if (reason === undefined) client.setAttributes(answered);
      if (reason !== undefined || isBroken || status >= 400) fail(client, error);
      client.end(end);
    }
    server.setAttributes(answered);
    if (fault !== undefined) server.setAttributes({ "hopwise.fault": fault });
    if (status >= 500 || isBroken) fail(server, error);
    else if (reason !== undefined && status >= 400) server.setAttributes({ "error.type": reason });
    server.end(end);
  }

  /** What it waited for, in the last attempt: to be queued, and a connection to open. */
  private tellPhases(record: ExchangeRecord, context: never): void {
    const { queuedAt_ms, connectingAt_ms, securingAt_ms, sentAt_ms, doneAt_ms } = record;
    const left_ms = sentAt_ms ?? doneAt_ms;
    const spans = [
      ["hopwise.queue", queuedAt_ms, connectingAt_ms ?? left_ms],
      ["hopwise.connect", connectingAt_ms, left_ms],
      ["hopwise.tls", securingAt_ms, left_ms],
    ] as const;
    for (const [name, from_ms, to_ms] of spans) {
      if (from_ms === undefined) continue;
      const span = this.tracer.startSpan(name, { startTime: this.epoch(from_ms) }, context);
      if (sentAt_ms === undefined && record.reason !== undefined) fail(span, record.reason);
      span.end(this.epoch(to_ms));
    }
  }

  /** Milliseconds since 1970. */
  private epoch(at_ms: number): number {
    return this.clock.date() - (this.clock.now() - at_ms);
  }
}

function fail(span: Span, type: string): void {
  span.setAttributes({ "error.type": type });
  span.setStatus({ code: ERROR });
}

function nameOf({ method }: ExchangeRecord): string {
  return METHODS.has(method) ? method : "HTTP";
}

function methodOf({ method }: ExchangeRecord): Attributes {
  if (METHODS.has(method)) return { "http.request.method": method };
  return { "http.request.method": "_OTHER", ...(method === "" ? {} : { "http.request.method_original": method }) };
}

/** Without a query, and of the absolute form without scheme and host. */
function pathOf(target: string): string {
  const path = shownTarget(target).replace(/[?#]…$/, "");
  return path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
}

/** `host[:port]` as two attributes. */
function addressed(whose: "server", authority: string): Attributes {
  const [, host = "", port] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(authority) ?? [];
  if (host === "") return {};
  return { [`${whose}.address`]: host, ...(port === undefined ? {} : { [`${whose}.port`]: Number(port) }) };
}
