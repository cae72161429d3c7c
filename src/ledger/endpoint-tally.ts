/**
 * What is counted for each endpoint: how exchanges with it ended, how long they took, and dials that failed.
 *
 * Origins that clients name share one tally: as many as clients like would each be a series of the metrics for ever. Where an
 * endpoint goes, its tally goes, but for theirs. Deliberately absent: what can be counted by looking (figures.ts).
 */
import type { Endpoint } from "../pool/endpoint.ts";
import { DurationHistogram } from "./histogram.ts";

export class EndpointTally {
  /** By class of status, in the ledger's order. */
  readonly statuses: Float64Array;
  /** As `hopwise_exchange_duration_seconds`: no tunnels. */
  readonly durations = new DurationHistogram();
  failures = 0;

  constructor(classes: number) {
    this.statuses = new Float64Array(classes);
  }
}

export class EndpointTallies {
  /** Of all origins that clients name. */
  readonly named: EndpointTally;
  private readonly classes: number;
  private readonly tallies = new WeakMap<Endpoint, EndpointTally>();
  private latestEndpoint: Endpoint | undefined;
  private latest: EndpointTally;

  /** @param classes how many there are of statuses */
  constructor(classes: number) {
    this.classes = classes;
    this.named = new EndpointTally(classes);
    this.latest = this.named;
  }

  /** Exchanges in a row mostly have the same endpoint, and look nothing up. */
  of(endpoint: Endpoint): EndpointTally {
    if (endpoint !== this.latestEndpoint) {
      this.latestEndpoint = endpoint;
      this.latest = endpoint.origin.isNamedByClients ? this.named : this.find(endpoint);
    }
    return this.latest;
  }

  private find(endpoint: Endpoint): EndpointTally {
    const tally = this.tallies.get(endpoint) ?? new EndpointTally(this.classes);
    this.tallies.set(endpoint, tally);
    return tally;
  }
}
