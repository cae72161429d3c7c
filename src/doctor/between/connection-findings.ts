/** How many requests a connection carries, on both hops, and why it carried no more. */
import type { Finding } from "../finding.ts";
import { remediesFor } from "../remedies.ts";
import { grouped } from "../report/text.ts";
import { plural } from "../words.ts";
import type { Told } from "./told.ts";
import type { Traffic } from "./traffic.ts";

export const CLIENT_REUSE_ID = "HW855";
export const ORIGIN_REUSE_ID = "HW856";
export const STRAY_ID = "HW857";

/** Fewer say nothing. */
const REQUESTS_MIN = 10;
/** Above so many connections for each request they hardly persist. */
const SHARE_MAX = 0.5;
const REASONS_MAX = 4;

export function connectionFindings(traffic: Traffic, told: Told): readonly Finding[] {
  return [clients(traffic), origins(traffic, told), ...strayBytes(traffic)];
}

function clients({ requests, clientConnections, fromOldClients, closes }: Traffic): Finding {
  const hardlyPersist = isHardlyReused(requests, clientConnections);
  const isOld = hardlyPersist && fromOldClients > requests / 2;
  return {
    id: CLIENT_REUSE_ID,
    section: "between",
    claim: "Clients use a connection for more than one request.",
    verdict: requests < REQUESTS_MIN ? "info" : isOld ? "advice" : hardlyPersist ? "info" : "pass",
    measured: `${shareText(requests, clientConnections)}${reasonsText(closes.downstream)}`,
    values: { requests, connections: clientConnections, requests_per_connection: ratio(requests, clientConnections) },
    consequence: isOld ? "Most requests say close or come in HTTP/1.0, so each pays for a connection of its own." : "",
    fixes: isOld
      ? [
          {
            product: "nginx",
            text: "Where it stands in front (before 1.29.7): speak HTTP/1.1 to its origin, and keep connections.",
            setting: 'keepalive 32; proxy_http_version 1.1; proxy_set_header Connection "";',
          },
          { product: "any", text: "Have the client speak HTTP/1.1, and not say close with each request." },
        ]
      : [],
    evidence: [],
  };
}

function origins(traffic: Traffic, { product }: Told): Finding {
  const { carried, upstreamConnections, closes } = traffic;
  const hardlyPersist = isHardlyReused(carried, upstreamConnections);
  const hasEnough = carried >= REQUESTS_MIN;
  return {
    id: ORIGIN_REUSE_ID,
    section: "between",
    claim: "An origin's connection carries more than one request.",
    verdict: hasEnough ? (hardlyPersist ? "advice" : "pass") : "info",
    measured: `${shareText(carried, upstreamConnections)}${reasonsText(closes.upstream)}`,
    values: {
      ...{ requests: carried, connections: upstreamConnections },
      requests_per_connection: ratio(carried, upstreamConnections),
      ...Object.fromEntries([...closes.upstream].map(([reason, count]) => [`closed_${reason}`, count])),
    },
    consequence: hasEnough && hardlyPersist ? "Most requests wait for a connection to be opened first." : "",
    fixes: hasEnough && hardlyPersist ? remediesFor(topicOf(closes.upstream), product?.name) : [],
    evidence: [],
  };
}

/** What ends connections most says what to change. */
function topicOf(closes: ReadonlyMap<string, number>): "persistence-off" | "idle-timeout-too-short" {
  const of = (...reasons: readonly string[]) => reasons.reduce((sum, reason) => sum + (closes.get(reason) ?? 0), 0);
  const bySaying = of("close-received", "http10-not-kept", "close-delimited");
  return of("hint-expired", "lifetime-learned", "peer-closed-idle") > bySaying
    ? "idle-timeout-too-short"
    : "persistence-off";
}

/** Bytes that belong to no exchange: hopwise never takes them for a response, others do. */
function strayBytes({ closes }: Traffic): readonly Finding[] {
  const count = (closes.upstream.get("unexpected-octets") ?? 0) + (closes.upstream.get("distrusted") ?? 0);
  if (count === 0) return [];
  return [
    {
      id: STRAY_ID,
      section: "between",
      claim: "An origin sends no bytes that belong to no request.",
      verdict: "fail",
      measured: `bytes that belong to no exchange ended ${plural(count, "connection")} (unexpected-octets)`,
      values: { connections: count },
      consequence: "A proxy that reads on takes such bytes for the response to somebody else's request.",
      reference: "RFC 9112 section 9.2",
      fixes: remediesFor("framing-of-responses", undefined),
      cap: { grade: "F", because: "bytes of one response may be taken for another" },
      evidence: [],
    },
  ];
}

function isHardlyReused(requests: number, connections: number): boolean {
  return requests >= REQUESTS_MIN && connections > requests * SHARE_MAX;
}

function ratio(requests: number, connections: number): number {
  return connections === 0 ? 0 : Number((requests / connections).toFixed(2));
}

function shareText(requests: number, connections: number): string {
  if (requests === 0) return "no request got that far";
  const each = connections === 0 ? "all on connections from before" : `${ratio(requests, connections)} on each`;
  return `${grouped(requests)} ${requests === 1 ? "request" : "requests"} on ${grouped(connections)} ${connections === 1 ? "connection" : "connections"}, ${each}`;
}

/** `; closed: idle-timeout 3, close-received 1`: the words of reasons.md. */
function reasonsText(closes: ReadonlyMap<string, number>): string {
  const most = [...closes].toSorted(([, one], [, other]) => other - one);
  if (most.length === 0) return "";
  const rest = most.length > REASONS_MAX ? " ..." : "";
  return `; closed: ${most
    .slice(0, REASONS_MAX)
    .map(([reason, count]) => `${reason} ${grouped(count)}`)
    .join(", ")}${rest}`;
}
