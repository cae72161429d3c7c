/**
 * The ledger's figures for Prometheus.
 *
 * Nothing is kept here: a registry is made of the figures whenever somebody scrapes. Every word of every closed list is
 * there from the first scrape on, with 0, so that alerts need no guesses. Deliberately absent: labels whose values
 * clients can invent (targets, addresses).
 */
import { Counter, Gauge, type Metric, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";
import { hops } from "../connection/connection-record.ts";
import { checkFailures } from "../connection/reasons.ts";
import { runtimeFacts } from "../net/runtime-facts.ts";
import { type ConfigFigures, reloadOutcomes } from "./config-figures.ts";
import {
  conditionOf,
  type EndpointFigures,
  endpointsByName,
  type Figures,
  type HistogramFigures,
  lifetime_ms,
  liveStates,
  type TallyFigures,
  type WorkerFigures,
} from "./figures.ts";
import { durationBounds_ms } from "./histogram.ts";
import { statusClasses } from "./ledger.ts";
import { lookupResults, type NameFigures } from "./name-figures.ts";
import { handshakeKinds, reloadResults, type TlsFigures } from "./tls-figures.ts";
import { version } from "./version.ts";

type Labels = Record<string, string>;
/** Gives the value of one series. */
type Tell = (labels: Labels, value: number) => void;

/** Describes a figure of each endpoint; of those that have none there is no series. */
type PerEndpoint = (name: string, help: string, read: (endpoint: EndpointFigures) => number | undefined) => void;

/** The label of all origins that clients of a forward proxy have named. */
const NAMED = "named-by-clients";

/**
 * When the process began, also for those who ask in one of its threads. Reckoned once: made anew of the clock and the time since, it would
 * move with the clock, and look like a restart.
 */
const PROCESS_STARTED_S = Math.round(Date.now() / 1_000 - process.uptime());

interface Labelled {
  readonly durations: HistogramFigures;
  readonly labels: Labels;
}

/** The figures in Prometheus' text format. */
export function metricsText(figures: Figures): Promise<string> {
  // A series is an endpoint's, whichever groups it is of.
  return new Metrics({ ...figures, endpoints: endpointsByName(figures.endpoints) }).registry.metrics();
}

export const metricsContentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

class Metrics {
  readonly registry = new Registry();

  constructor(figures: Figures) {
    this.describeConnections(figures);
    this.describeReuse(figures);
    this.describeExchanges(figures);
    this.describeEndpoints(figures);
    if (figures.names.length > 0) this.describeNames(figures.names);
    this.describeProcess(figures);
    this.describeConfig(figures.config);
    if (figures.workers !== undefined) this.describeWorkers(figures.workers);
    if (figures.tls !== undefined) this.describeTls(figures.tls);
  }

  private describeConnections(figures: Figures): void {
    this.gauge("hopwise_connections", "Connections that are not gone, by hop and state.", ["hop", "state"], (tell) => {
      for (const hop of hops) for (const state of liveStates) tell({ hop, state }, figures.states[hop][state]);
    });
    this.counter("hopwise_connections_opened_total", "Connections opened.", ["hop", "reason"], (tell) => {
      for (const hop of hops) {
        for (const [reason, times] of Object.entries(figures.opened[hop])) {
          // Clients connect, and origins are connected to: each hop has its own reasons.
          if ((reason === "accepted") === (hop === "downstream")) tell({ hop, reason }, times);
        }
      }
    });
    this.counter("hopwise_connections_closed_total", "Connections gone, by reason.", ["hop", "reason"], (tell) => {
      for (const hop of hops)
        for (const [reason, times] of Object.entries(figures.closed[hop])) tell({ hop, reason }, times);
    });
    this.counter("hopwise_accept_failures_total", "Connections that could not be accepted.", ["fault"], (tell) => {
      for (const [fault, times] of Object.entries(figures.acceptFaults)) tell({ fault }, times);
    });
  }

  private describeTls({ handshakes, reloads, certificates }: TlsFigures): void {
    this.counter("hopwise_tls_handshakes_total", "Handshakes with clients that succeeded.", ["kind"], (tell) => {
      for (const kind of handshakeKinds) tell({ kind }, handshakes[kind]);
    });
    this.counter(
      "hopwise_tls_certificate_reloads_total",
      "Certificates whose files had changed: renewed, or kept because what is there now cannot be used.",
      ["result"],
      (tell) => {
        for (const result of reloadResults) tell({ result }, reloads[result]);
      },
    );
    this.gauge(
      "hopwise_tls_certificate_expiry_timestamp_seconds",
      "When the certificate in use ends, since 1970.",
      ["certificate"],
      (tell) => {
        for (const { certificate, expiresAt_ms } of certificates) tell({ certificate }, expiresAt_ms / 1_000);
      },
    );
  }

  private describeReuse(figures: Figures): void {
    this.counter("hopwise_upstream_reuse_total", "Exchanges on a connection that had carried one before.", [], (tell) =>
      tell({}, figures.reused),
    );
    this.counter(
      "hopwise_upstream_reuse_refused_total",
      "Idle connections that were not reused for a request, by reason.",
      ["reason"],
      (tell) => {
        for (const [reason, times] of Object.entries(figures.reuseRefusedFor)) tell({ reason }, times);
      },
    );
    this.gauge("hopwise_upstream_waiting", "Requests that wait for room in the pool.", [], (tell) =>
      tell({}, figures.waiting),
    );
  }

  private describeExchanges(figures: Figures): void {
    this.counter("hopwise_exchanges_total", "Exchanges that ended, by outcome.", ["outcome"], (tell) => {
      for (const [outcome, times] of Object.entries(figures.outcomes)) tell({ outcome }, times);
    });
    this.counter("hopwise_answers_total", "Requests that the proxy answered itself, by reason.", ["reason"], (tell) => {
      for (const [reason, times] of Object.entries(figures.answers)) tell({ reason }, times);
    });
    this.counter("hopwise_responses_total", "Exchanges by the class of the status sent.", ["class"], (tell) => {
      for (const [index, name] of statusClasses.entries()) tell({ class: name }, figures.statuses[index] ?? 0);
    });
    this.counter(
      "hopwise_tolerated_total",
      "Heads of responses with a fault that was mended (--tolerate), by kind.",
      ["kind"],
      (tell) => {
        for (const [kind, times] of Object.entries(figures.tolerated)) tell({ kind }, times);
      },
    );
    this.counter("hopwise_retries_total", "Requests sent again because a reused connection was dead.", [], (tell) =>
      tell({}, figures.retries),
    );
    this.counter("hopwise_request_body_bytes_total", "Bytes of request bodies.", [], (tell) =>
      tell({}, figures.requestBodyBytes),
    );
    this.counter("hopwise_response_body_bytes_total", "Bytes of response bodies.", [], (tell) =>
      tell({}, figures.responseBodyBytes),
    );
    this.counter(
      "hopwise_access_log_dropped_total",
      "Lines of the access log that were lost: its output took none, or not as many.",
      [],
      (tell) => tell({}, figures.accessLogDropped),
    );
    this.counter("hopwise_internal_errors_total", "Faults of the proxy's own: each ends one connection.", [], (tell) =>
      tell({}, figures.internalErrors),
    );
    this.counter("hopwise_drain_cut_total", "Exchanges and tunnels cut at the end of a drain.", [], (tell) =>
      tell({}, figures.cut),
    );
    this.histogram(
      "hopwise_exchange_duration_seconds",
      "From the end of a request's head to the end of its exchange; no tunnels.",
      { durations: figures.durations, labels: {} },
    );
    this.histogram(
      "hopwise_response_wait_seconds",
      "From the end of a request's head to the first byte of the origin's response.",
      { durations: figures.waits, labels: {} },
    );
  }

  private describeEndpoints(figures: Figures): void {
    const own = figures.endpoints.filter(({ tally }) => tally !== undefined);
    const named = figures.endpoints.filter(({ tally }) => tally === undefined);
    const perEndpoint: PerEndpoint = (name, help, read) =>
      this.gauge(name, help, ["endpoint"], (tell) => {
        for (const each of own) {
          const value = read(each);
          if (value !== undefined) tell({ endpoint: each.endpoint }, value);
        }
      });
    const inAll = (name: string, help: string, read: (endpoint: EndpointFigures) => number) =>
      this.gauge(name, help, ["endpoint"], (tell) => {
        for (const each of own) tell({ endpoint: each.endpoint }, read(each));
        if (named.length > 0)
          tell(
            { endpoint: NAMED },
            named.reduce((sum, each) => sum + read(each), 0),
          );
      });
    perEndpoint(
      "hopwise_endpoint_available",
      "1; 0 while it is avoided or ejected for its failures, or unhealthy by its health checks.",
      (endpoint) => ((conditionOf(endpoint)?.state ?? "available") === "available" ? 1 : 0),
    );
    if (own.some((endpoint) => conditionOf(endpoint)?.check !== undefined)) this.describeChecks(own, perEndpoint);
    inAll("hopwise_endpoint_in_use", "Exchanges and tunnels in progress.", (endpoint) => endpoint.inUse);
    inAll("hopwise_endpoint_idle", "Connections that may be reused.", (endpoint) => endpoint.idle);
    inAll(
      "hopwise_endpoint_bound",
      "Idle connections that authentication (NTLM, Negotiate) has bound to one client each.",
      (endpoint) => endpoint.bound,
    );
    perEndpoint(
      "hopwise_endpoint_lifetime_learned_seconds",
      "How long the endpoint lets its connections idle, as far as that was seen; absent until it was.",
      (endpoint) => seconds(lifetime_ms(endpoint)),
    );
    this.describeTallies(talliesOf(figures));
  }

  private describeChecks(own: readonly EndpointFigures[], perEndpoint: PerEndpoint): void {
    perEndpoint(
      "hopwise_endpoint_healthy",
      "1, or 0 by its health checks; absent before the first, and where there are none.",
      (endpoint) => {
        const state = conditionOf(endpoint)?.check?.state;
        return state === undefined || state === "unknown" ? undefined : state === "healthy" ? 1 : 0;
      },
    );
    this.counter(
      "hopwise_endpoint_checks_total",
      "Health checks, by how they ended.",
      ["endpoint", "result"],
      (tell) => {
        for (const { endpoint, tally } of own) {
          if (tally === undefined) continue;
          for (const result of ["passed", ...Object.keys(checkFailures)]) {
            tell({ endpoint, result }, tally.checks[result] ?? 0);
          }
        }
      },
    );
  }

  private describeNames(names: readonly NameFigures[]): void {
    const labels = ["group", "name"];
    this.counter("hopwise_lookups_total", "Look-ups of names, by how they ended.", [...labels, "result"], (tell) => {
      for (const { group, name, lookups } of names) {
        for (const result of lookupResults) tell({ group, name, result }, lookups[result] ?? 0);
      }
    });
    this.gauge("hopwise_name_addresses", "Addresses that are endpoints; 0 until some were found.", labels, (tell) => {
      for (const { group, name, addresses } of names) tell({ group, name }, addresses.length);
    });
    this.gauge("hopwise_name_found", "1, or 0 if the latest look-up of the name failed.", labels, (tell) => {
      for (const { group, name, isFailing } of names) tell({ group, name }, isFailing ? 0 : 1);
    });
  }

  private describeTallies(tallies: readonly (readonly [endpoint: string, tally: TallyFigures])[]): void {
    this.counter("hopwise_endpoint_dial_failures_total", "Times that dialing failed.", ["endpoint"], (tell) => {
      for (const [endpoint, { failures }] of tallies) tell({ endpoint }, failures);
    });
    this.counter(
      "hopwise_endpoint_responses_total",
      "Exchanges with the endpoint by the class of the status sent.",
      ["endpoint", "class"],
      (tell) => {
        for (const [endpoint, { statuses }] of tallies) {
          for (const [index, name] of statusClasses.entries()) tell({ endpoint, class: name }, statuses[index] ?? 0);
        }
      },
    );
    this.histogram(
      "hopwise_endpoint_duration_seconds",
      "From the end of a request's head to the end of its exchange with the endpoint; no tunnels.",
      ...tallies.map(([endpoint, { durations }]) => ({ durations, labels: { endpoint } })),
    );
  }

  private describeProcess(figures: Figures): void {
    this.gauge("hopwise_info", "1, with the version as a label.", ["version"], (tell) => tell({ version }, 1));
    this.gauge(
      "hopwise_runtime_info",
      "1, with the runtime, its version, and what connections stand on as labels.",
      ["runtime", "version", "sockets"],
      (tell) => tell({ runtime: runtimeFacts.name, version: runtimeFacts.version, sockets: runtimeFacts.sockets }, 1),
    );
    this.gauge("hopwise_draining", "1 while the proxy drains.", [], (tell) => tell({}, figures.isDraining ? 1 : 0));
    this.gauge("process_start_time_seconds", "Start time since 1970.", [], (tell) => tell({}, PROCESS_STARTED_S));
    this.counter("process_cpu_seconds_total", "CPU time spent; by all workers together.", [], (tell) =>
      tell({}, figures.processorSeconds),
    );
    this.gauge("process_resident_memory_bytes", "Resident memory; what workers share is counted in each.", [], (tell) =>
      tell({}, figures.residentBytes),
    );
  }

  private describeConfig({ since_ms, reloads, isLatestRefused }: ConfigFigures): void {
    this.counter(
      "hopwise_reloads_total",
      "Attempts to replace the configuration, by what became of them.",
      ["result"],
      (tell) => {
        for (const result of reloadOutcomes) tell({ result }, reloads[result]);
      },
    );
    this.gauge(
      "hopwise_config_last_reload_successful",
      "0 if the configuration that was tried last was refused.",
      [],
      (tell) => tell({}, isLatestRefused ? 0 : 1),
    );
    this.gauge(
      "hopwise_config_last_reload_success_timestamp_seconds",
      "Since when the configuration is in use, since 1970.",
      [],
      (tell) => tell({}, since_ms / 1_000),
    );
  }

  private describeWorkers({ running, lost, restarted }: WorkerFigures): void {
    this.gauge("hopwise_workers", "Worker processes that run.", [], (tell) => tell({}, running.length));
    this.counter("hopwise_workers_lost_total", "Workers that ended unasked, by how.", ["how"], (tell) => {
      for (const [how, times] of Object.entries(lost)) tell({ how }, times);
    });
    this.counter("hopwise_workers_restarted_total", "Workers started in place of one that was lost.", [], (tell) =>
      tell({}, restarted),
    );
  }

  private counter(name: string, help: string, labelNames: string[], read: (tell: Tell) => void): void {
    const counter = new Counter({ name, help, labelNames, registers: [this.registry] });
    read((labels, value) => counter.inc(labels, value));
  }

  private gauge(name: string, help: string, labelNames: string[], read: (tell: Tell) => void): void {
    const gauge = new Gauge({ name, help, labelNames, registers: [this.registry] });
    read((labels, value) => gauge.set(labels, value));
  }

  /** prom-client's own histogram can only observe; this one tells what was observed elsewhere. */
  private histogram(name: string, help: string, ...sources: readonly Labelled[]): void {
    const get = async (): Promise<MetricObjectWithValues<MetricValue<string>>> => ({
      name,
      help,
      // prom-client writes the type's name; its type says a number.
      type: "histogram" as never,
      aggregator: "sum",
      collect() {},
      values: sources.flatMap((source) => histogramValues(name, source)),
    });
    this.registry.registerMetric({ name, help, type: "histogram", get, reset() {} } as unknown as Metric);
  }
}

/** Each endpoint's, and one of all that clients named, once they have. */
function talliesOf({ endpoints, named }: Figures): readonly (readonly [endpoint: string, tally: TallyFigures])[] {
  const own = endpoints.flatMap(({ endpoint, tally }) => (tally === undefined ? [] : [[endpoint, tally] as const]));
  const hasNamed = endpoints.length > own.length || named.failures > 0 || named.statuses.some((times) => times > 0);
  return hasNamed ? [...own, [NAMED, named]] : own;
}

function histogramValues(
  name: string,
  { durations, labels }: Labelled,
): (MetricValue<string> & { metricName: string })[] {
  const metricName = `${name}_bucket`;
  let upTo = 0;
  const buckets = durationBounds_ms.map((bound_ms, index) => {
    upTo += durations.counts[index] ?? 0;
    return { metricName, labels: { ...labels, le: bound_ms / 1_000 }, value: upTo };
  });
  return [
    ...buckets,
    { metricName, labels: { ...labels, le: "+Inf" }, value: durations.count },
    { metricName: `${name}_sum`, labels, value: durations.sum_ms / 1_000 },
    { metricName: `${name}_count`, labels, value: durations.count },
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms) / 1_000;
}
