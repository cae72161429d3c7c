/** Requests that met the close of their connection: how many were saved, how many were lost, and whose they are. */
import type { Finding, Fix } from "../finding.ts";
import { grouped } from "../report/text.ts";
import { plural, seconds } from "../words.ts";
import { compared } from "./neighbours.ts";
import type { Told } from "./told.ts";
import type { EndpointTraffic, Traffic } from "./traffic.ts";

export const RACE_ID = "HW852";
const NAMED_MAX = 3;
/** Of the idle time that an origin allows. */
const NEARLY = 0.8;

export function raceFinding(traffic: Traffic, told: Told): Finding {
  const { races, requests, endpoints, leftInTime } = traffic;
  const { saved, lost, stories } = races;
  const met = saved + lost;
  const inTime =
    leftInTime === 0 ? "" : `; hopwise gave ${plural(leftInTime, "idle connection")} up before its origin did`;
  const raced = endpoints.all.filter((endpoint) => endpoint.raced.count > 0);
  const verdict = lost > 0 ? "fail" : saved > 0 ? "advice" : "pass";
  return {
    id: RACE_ID,
    section: "between",
    claim: "No request meets the close of the connection that it is sent on.",
    verdict,
    measured:
      met === 0
        ? `none of ${plural(requests, "request")} met a close${inTime}`
        : `${grouped(met)} of ${grouped(requests)} requests met a close (${listed(traffic.raceMethods)}): ${grouped(saved)} sent again and answered, ${grouped(lost)} lost${idleText(raced)}${inTime}`,
    values: { requests, races: met, saved, lost, left_in_time: leftInTime },
    consequence: met === 0 ? "" : consequence(traffic),
    reference: "RFC 9112 section 9.5",
    fixes: met === 0 ? [] : fixesFor(raced, told),
    ...(met === 0
      ? {}
      : {
          cap:
            lost > 0
              ? ({ grade: "D", because: "requests were lost to connections that were just closing" } as const)
              : ({ grade: "C", because: "requests met connections that were just closing" } as const),
        }),
    evidence: stories,
  };
}

function idleText(raced: readonly EndpointTraffic[]): string {
  const spreads = raced.map((endpoint) => endpoint.raced);
  if (spreads.length === 0) return "";
  const shortest = seconds(Math.min(...spreads.map(({ shortest_ms }) => shortest_ms)));
  const longest = seconds(Math.max(...spreads.map(({ longest_ms }) => longest_ms)));
  return `; their connections had idled ${shortest === longest ? shortest : `${shortest} to ${longest}`}`;
}

function consequence({ races: { saved, lost }, raceClients }: Traffic): string {
  const clients = raceClients.all
    .toSorted((one, other) => other.count - one.count)
    .slice(0, NAMED_MAX)
    .map(({ name, count }) => `${name} (${count})`);
  const others = raceClients.all.length > NAMED_MAX ? " and others" : "";
  const who = `They are requests of ${clients.join(", ")}${others}`;
  if (lost === 0) return `${who}: behind a proxy that does not send again all ${saved} would have failed with 502.`;
  return `${who}: ${lost} failed with 502, and behind a proxy that does not send again all ${saved + lost} would have.`;
}

/**
 * A connection that had idled for nearly as long as the origin allows was closed for that, and the settings of both neighbours end it;
 * otherwise it was closed for another reason.
 */
function fixesFor(raced: readonly EndpointTraffic[], { product, fronts }: Told): readonly Fix[] {
  const timedOut = raced.filter(({ raced: { longest_ms }, learned_ms, closedIdle }) => {
    const lifetime_ms = learned_ms ?? closedIdle.median_ms;
    return lifetime_ms === undefined || longest_ms >= lifetime_ms * NEARLY;
  });
  if (timedOut.length > 0) {
    const lifetime_ms = Math.max(1, Math.min(...timedOut.map(({ raced: { shortest_ms } }) => shortest_ms)));
    const { fixes } = compared({ product: product?.name, version: product?.version, lifetime_ms }, fronts);
    if (fixes.length > 0) return fixes;
  }
  return [
    {
      product: "any",
      text: "Find out what else closes the origin's connections: a restart, or a limit of requests or age.",
    },
  ];
}

/** `GET 2, POST 1` */
function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
}
