/** How long origins let connections idle, against what they say, and against the pools that may stand in front of them. */

import type { Finding } from "../finding.ts";
import { remediesFor } from "../remedies.ts";
import { plural, seconds } from "../words.ts";
import { compared } from "./neighbours.ts";
import type { Told } from "./told.ts";
import type { EndpointTraffic, Traffic } from "./traffic.ts";

export const LIFETIME_ID = "HW851";
export const FRONT_ID = "HW853";

/** A close may come so much earlier than said, and keeps the promise: timers, and the way. */
const EARLY_MS = 250;
/** Of several endpoints these many are told one by one. */
const ENDPOINTS_MAX = 20;

export function lifetimeFindings({ endpoints }: Traffic, told: Told): readonly Finding[] {
  return busiest(endpoints.all).flatMap((endpoint) => [lifetime(endpoint, told), ...front(endpoint, told)]);
}

function busiest(endpoints: readonly EndpointTraffic[]): readonly EndpointTraffic[] {
  return endpoints.toSorted((one, other) => other.requests - one.requests).slice(0, ENDPOINTS_MAX);
}

/** By hopwise's own estimate where it can be asked, otherwise by the closes that were seen; none was: undefined. */
function lifetimeOf({ learned_ms, closedIdle }: EndpointTraffic): number | undefined {
  return learned_ms ?? closedIdle.median_ms;
}

function lifetime(endpoint: EndpointTraffic, { product }: Told): Finding {
  const { name, closedIdle, reused, advertised_ms } = endpoint;
  const seen_ms = lifetimeOf(endpoint);
  const isBroken = seen_ms !== undefined && advertised_ms !== undefined && seen_ms + EARLY_MS < advertised_ms;
  const says = advertised_ms === undefined ? "" : `; it says ${seconds(advertised_ms)}`;
  const longest = reused.count === 0 ? "" : `; the longest that was used again had idled ${seconds(reused.longest_ms)}`;
  const spread = closedIdle.count < 2 ? "" : ` (${closedIdle.count} closes, ${closedIdle.text})`;
  return {
    id: LIFETIME_ID,
    section: "between",
    claim: "An origin keeps idle connections for as long as it says.",
    verdict: seen_ms === undefined ? "not-measurable" : isBroken ? "fail" : "pass",
    measured:
      seen_ms === undefined
        ? `${name} was not seen to close an idle connection${longest}${says}`
        : `${name} closes connections that have idled ${seconds(seen_ms)}${spread}${says}`,
    values: {
      endpoint: name,
      ...(seen_ms === undefined ? {} : { idle_timeout_ms: Math.round(seen_ms), closes: closedIdle.count }),
      ...(advertised_ms === undefined ? {} : { advertised_ms }),
      ...(reused.count === 0 ? {} : { longest_reused_ms: Math.round(reused.longest_ms) }),
    },
    consequence: isBroken ? "A client that believes what the origin says sends requests into closed connections." : "",
    fixes: isBroken ? remediesFor("idle-timeout-promise-broken", product?.name) : [],
    ...(isBroken ? { cap: { grade: "D", because: "an origin closes connections before the time that it says" } } : {}),
    evidence: [],
  };
}

/** What would happen if hopwise were gone. */
function front(endpoint: EndpointTraffic, { product, fronts }: Told): readonly Finding[] {
  const lifetime_ms = lifetimeOf(endpoint);
  if (lifetime_ms === undefined) return [];
  const { losers, fixes } = compared({ product: product?.name, version: product?.version, lifetime_ms }, fronts);
  const isTold = fronts !== undefined;
  const loses = losers.length > 0;
  return [
    {
      id: FRONT_ID,
      section: "between",
      claim: "Without hopwise in between, the pools in front give connections up before the origin closes them.",
      verdict: loses ? (isTold ? "fail" : "advice") : "pass",
      measured: loses
        ? `${endpoint.name}: ${seconds(lifetime_ms)} is too short behind ${losers.join(", ")}`
        : `${endpoint.name}: ${seconds(lifetime_ms)} outlasts ${isTold ? fronts.join(", ") : "the pools that are common in front"}`,
      values: { endpoint: endpoint.name, idle_timeout_ms: Math.round(lifetime_ms), losers: losers.join(", ") },
      consequence: loses
        ? "Some of their requests would meet a connection that is just closing, and fail with 502. Either side's setting ends that."
        : "",
      reference: "RFC 9112 section 9.5",
      fixes,
      ...(loses
        ? {
            cap: isTold
              ? ({ grade: "D", because: "requests are lost between two neighbours" } as const)
              : ({ grade: "B", because: "idle connections end before the pools in front give them up" } as const),
          }
        : {}),
      evidence: [],
    },
  ];
}

export const CLIENTS_ID = "HW854";

/** How long the clients themselves keep connections. */
export function clientsFinding({ clientsIdle, clientsOutlasted, endpoints }: Traffic): Finding {
  const own_ms = clientsIdle.median_ms;
  const lifetimes = endpoints.all.flatMap((endpoint) => lifetimeOf(endpoint) ?? []);
  const shortest_ms = lifetimes.length === 0 ? undefined : Math.min(...lifetimes);
  const outlasts = Math.max(clientsIdle.longest_ms, clientsOutlasted.longest_ms);
  const isLonger = shortest_ms !== undefined && outlasts >= shortest_ms;
  const half = clientsIdle.count < 3 ? "" : `, half of them ${seconds(own_ms ?? 0)} or less`;
  const left =
    own_ms === undefined
      ? []
      : [`clients closed ${plural(clientsIdle.count, "connection")} that had idled ${clientsIdle.text}${half}`];
  const kept =
    clientsOutlasted.count === 0
      ? []
      : [
          `${plural(clientsOutlasted.count, "connection")} idled ${seconds(clientsOutlasted.longest_ms)} until hopwise closed them`,
        ];
  const isSeen = left.length + kept.length > 0;
  return {
    id: CLIENTS_ID,
    section: "between",
    claim: "Clients give idle connections up before the origin would close them.",
    verdict: !isSeen ? "not-measurable" : isLonger ? "advice" : shortest_ms === undefined ? "info" : "pass",
    measured: isSeen ? [...left, ...kept].join("; ") : "no client's connection was seen to end while it idled",
    values: {
      ...(own_ms === undefined
        ? {}
        : { client_idle_ms: Math.round(own_ms), client_idle_longest_ms: Math.round(outlasts) }),
      client_closes: clientsIdle.count,
      outlasted: clientsOutlasted.count,
    },
    consequence: isLonger
      ? `The origin closes after ${seconds(shortest_ms)}: without hopwise in between these clients run into its close.`
      : "",
    fixes: [],
    evidence: [],
  };
}
