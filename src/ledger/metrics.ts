/**
 * The ledger's figures for Prometheus.
 *
 * Nothing is kept here: the ledger's plain numbers are copied when somebody scrapes. Every word of every closed list is
 * there from the first scrape on, with 0, so that alerts need no guesses. Deliberately absent: labels whose values
 * clients can invent (targets, addresses).
 */
import { Counter, Gauge, type Metric, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";
import { type DurationHistogram, durationBounds_ms } from "./histogram.ts";
import { hops, type Ledger, statusClasses } from "./ledger.ts";
import { endpointsOf, liveStates, statesOf, waitingOf } from "./stats.ts";
import { version } from "./version.ts";

type Labels = Record<string, string>;
/** Gives the value of one series. */
type Tell = (labels: Labels, value: number) => void;

export class Metrics {
  readonly contentType: string;
  private readonly registry = new Registry();

  constructor(ledger: Ledger) {
    this.contentType = this.registry.contentType;
    this.describeConnections(ledger);
    this.describeReuse(ledger);
    this.describeExchanges(ledger);
    this.describeEndpoints(ledger);
    this.describeProcess(ledger);
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private describeConnections(ledger: Ledger): void {
    this.gauge("hopwise_connections", "Connections that are not gone, by hop and state.", ["hop", "state"], (tell) => {
      const states = statesOf(ledger);
      for (const hop of hops) for (const state of liveStates) tell({ hop, state }, states[hop][state]);
    });
    this.counter("hopwise_connections_opened_total", "Connections opened.", ["hop", "reason"], (tell) => {
      for (const hop of hops) {
        for (const [reason, times] of Object.entries(ledger.opened[hop])) {
          // Clients connect, and origins are connected to: each hop has its own reasons.
          if ((reason === "accepted") === (hop === "downstream")) tell({ hop, reason }, times);
        }
      }
    });
    this.counter("hopwise_connections_closed_total", "Connections gone, by reason.", ["hop", "reason"], (tell) => {
      for (const hop of hops)
        for (const [reason, times] of Object.entries(ledger.closed[hop])) tell({ hop, reason }, times);
    });
    this.counter("hopwise_accept_failures_total", "Connections that could not be accepted.", ["fault"], (tell) => {
      for (const [fault, times] of ledger.acceptFaults) tell({ fault }, times);
    });
  }

  private describeReuse(ledger: Ledger): void {
    this.counter("hopwise_upstream_reuse_total", "Exchanges on a connection that had carried one before.", [], (tell) =>
      tell({}, ledger.reused),
    );
    this.counter(
      "hopwise_upstream_reuse_refused_total",
      "Idle connections that were not reused for a request, by reason.",
      ["reason"],
      (tell) => {
        for (const [reason, times] of Object.entries(ledger.reuseRefusedFor)) tell({ reason }, times);
      },
    );
    this.gauge("hopwise_upstream_waiting", "Requests that wait for room in the pool.", [], (tell) =>
      tell({}, waitingOf(ledger)),
    );
  }

  private describeExchanges(ledger: Ledger): void {
    this.counter("hopwise_exchanges_total", "Exchanges that ended, by outcome.", ["outcome"], (tell) => {
      for (const [outcome, times] of Object.entries(ledger.outcomes)) tell({ outcome }, times);
    });
    this.counter("hopwise_answers_total", "Requests that the proxy answered itself, by reason.", ["reason"], (tell) => {
      for (const [reason, times] of Object.entries(ledger.answers)) tell({ reason }, times);
    });
    this.counter("hopwise_responses_total", "Exchanges by the class of the status sent.", ["class"], (tell) => {
      for (const [index, name] of statusClasses.entries()) tell({ class: name }, ledger.statuses[index] ?? 0);
    });
    this.counter("hopwise_retries_total", "Requests sent again because a reused connection was dead.", [], (tell) =>
      tell({}, ledger.retries),
    );
    this.counter("hopwise_request_body_bytes_total", "Octets of request bodies.", [], (tell) =>
      tell({}, ledger.requestBodyBytes),
    );
    this.counter("hopwise_response_body_bytes_total", "Octets of response bodies.", [], (tell) =>
      tell({}, ledger.responseBodyBytes),
    );
    this.counter("hopwise_drain_cut_total", "Exchanges and tunnels cut at the end of a drain.", [], (tell) =>
      tell({}, ledger.cut),
    );
    this.histogram(
      "hopwise_exchange_duration_seconds",
      "From the end of a request's head to the end of its exchange; no tunnels.",
      ledger.durations,
    );
    this.histogram(
      "hopwise_response_wait_seconds",
      "From the end of a request's head to the first octet of the origin's response.",
      ledger.waits,
    );
  }

  private describeEndpoints(ledger: Ledger): void {
    const perEndpoint = (
      name: string,
      help: string,
      read: (endpoint: ReturnType<typeof endpointsOf>[number]) => number | undefined,
    ) =>
      this.gauge(name, help, ["endpoint"], (tell) => {
        for (const endpoint of endpointsOf(ledger)) {
          const value = read(endpoint);
          if (value !== undefined) tell({ endpoint: endpoint.origin.name }, value);
        }
      });
    perEndpoint("hopwise_endpoint_available", "1; 0 while it is avoided because it refuses connections.", (endpoint) =>
      endpoint.avoidUntil_ms > ledger.clock.now() ? 0 : 1,
    );
    perEndpoint("hopwise_endpoint_in_use", "Exchanges and tunnels in progress.", (endpoint) => endpoint.inUse);
    perEndpoint("hopwise_endpoint_idle", "Connections that may be reused.", (endpoint) => endpoint.idleCount);
    perEndpoint(
      "hopwise_endpoint_lifetime_learned_seconds",
      "How long the endpoint lets its connections idle, as far as that was seen; absent until it was.",
      (endpoint) => seconds(endpoint.lifetime.estimate_ms),
    );
    this.counter("hopwise_endpoint_dial_failures_total", "Times that dialing failed.", ["endpoint"], (tell) => {
      for (const endpoint of endpointsOf(ledger)) {
        tell({ endpoint: endpoint.origin.name }, ledger.endpointFailures.get(endpoint) ?? 0);
      }
    });
  }

  private describeProcess(ledger: Ledger): void {
    this.gauge("hopwise_info", "1, with the version as a label.", ["version"], (tell) => tell({ version }, 1));
    this.gauge("hopwise_draining", "1 while the proxy drains.", [], (tell) => tell({}, ledger.isDraining ? 1 : 0));
    this.gauge("process_start_time_seconds", "Start time since 1970.", [], (tell) =>
      tell({}, Math.round(Date.now() / 1_000 - process.uptime())),
    );
    this.counter("process_cpu_seconds_total", "CPU time spent.", [], (tell) => {
      const { user, system } = process.cpuUsage();
      tell({}, (user + system) / 1e6);
    });
    this.gauge("process_resident_memory_bytes", "Resident memory.", [], (tell) => tell({}, process.memoryUsage.rss()));
  }

  private counter(name: string, help: string, labelNames: string[], read: (tell: Tell) => void): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }

  private gauge(name: string, help: string, labelNames: string[], read: (tell: Tell) => void): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  }

  /** prom-client's own histogram can only observe; this one tells what was observed elsewhere. */
  private histogram(name: string, help: string, source: DurationHistogram): void {
    const get = async (): Promise<MetricObjectWithValues<MetricValue<string>>> => ({
      name,
      help,
      // prom-client writes the type's name; its type says a number.
      type: "histogram" as never,
      aggregator: "sum",
      collect() {},
      values: histogramValues(name, source),
    });
    this.registry.registerMetric({ name, help, type: "histogram", get, reset() {} } as unknown as Metric);
  }
}

function histogramValues(name: string, source: DurationHistogram): (MetricValue<string> & { metricName: string })[] {
  const metricName = `${name}_bucket`;
  let upTo = 0;
  const buckets = durationBounds_ms.map((bound_ms, index) => {
    upTo += source.counts[index] ?? 0;
    return { metricName, labels: { le: bound_ms / 1_000 }, value: upTo };
  });
  return [
    ...buckets,
    { metricName, labels: { le: "+Inf" }, value: source.count },
    { metricName: `${name}_sum`, labels: {}, value: source.sum_ms / 1_000 },
    { metricName: `${name}_count`, labels: {}, value: source.count },
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms) / 1_000;
}
