/**
 * What is counted for each endpoint: how exchanges with it ended, how long they took, dials that failed, and health checks.
 *
 * Origins that clients name share one tally: as many as clients like would each be a series of the metrics for ever. Where an
 * endpoint goes, its tally goes, but for theirs. Deliberately absent: what can be counted by looking (figures.ts).
 */
import type { EndpointRecord } from "../connection/connection-record.ts";
import type { CheckFailure } from "../connection/reasons.ts";
import { DurationHistogram } from "./histogram.ts";

export class EndpointTally {
  /** By class of status, in the ledger's order. */
  readonly statuses: Float64Array;
  /** As `hopwise_exchange_duration_seconds`: no tunnels. */
  readonly durations = new DurationHistogram();
  failures = 0;
  /** Health checks, by how they ended. */
  readonly checks = new Map<"passed" | CheckFailure, number>();

  constructor(classes: number) {
    this.statuses = new Float64Array(classes);
  }
}

export class EndpointTallies {
  /** Of all origins that clients name. */
  readonly named: EndpointTally;
  private readonly classes: number;
  private readonly tallies = new WeakMap<EndpointRecord, EndpointTally>();
  private latestEndpoint: EndpointRecord | undefined;
  private latest: EndpointTally;

  /** @param classes how many there are of statuses */
  constructor(classes: number) {
    this.classes = classes;
    this.named = new EndpointTally(classes);
    this.latest = this.named;
  }

  /** Exchanges in a row mostly have the same endpoint, and look nothing up. */
  of(endpoint: EndpointRecord): EndpointTally {
    if (endpoint !== this.latestEndpoint) {
      this.latestEndpoint = endpoint;
      this.latest = endpoint.isNamedByClients ? this.named : this.find(endpoint);
    }
    return this.latest;
  }

  private find(endpoint: EndpointRecord): EndpointTally {
    const tally = this.tallies.get(endpoint) ?? new EndpointTally(this.classes);
    this.tallies.set(endpoint, tally);
    return tally;
  }
}
