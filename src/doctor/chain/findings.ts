/**
 * What a chain comes to: one finding for each pair of neighbours, and their report.
 *
 * Nothing is measured here, so there are no bytes to show; each figure says where it comes from instead.
 */
import { version } from "../../ledger/version.ts";
import type { Cap, Finding, Verdict } from "../finding.ts";
import { type Report, reportOf } from "../report/report.ts";
import type { Hop } from "./hop.ts";
import { raceWindow } from "./judge.ts";
import type { Pair } from "./pairs.ts";
import { remediesFor } from "./remedies.ts";
import { basisText, hopTitle, timeText } from "./words.ts";

export const IDLE_ORDER_ID = "HW801";
export const REUSE_ID = "HW802";

const LOSES: Cap = { grade: "D", because: "requests are lost between two neighbours" };

export function chainReport(hops: readonly Hop[], pairs: readonly Pair[], startedAt: Date): Report {
  return reportOf({
    mode: "chain",
    doctor: { name: "hopwise-doctor", version },
    target: hops.map(hopTitle).join(" > "),
    startedAt: startedAt.toISOString(),
    took_ms: 0,
    isComplete: true,
    cost: { connections: 0, requests: 0 },
    findings: pairs.map(findingOf),
    skipped: [],
  });
}

export function findingOf(pair: Pair): Finding {
  const { judgement, latency } = pair;
  const verdict = verdictOf(pair);
  const isLost = verdict === "fail" || verdict === "advice";
  const isReuse = judgement.why === "client-reuses-nothing" || judgement.why === "server-closes-each";
  return {
    id: isReuse ? REUSE_ID : IDLE_ORDER_ID,
    section: "chain",
    claim: isReuse
      ? "Neighbours use a connection for more than one request."
      : "A server keeps idle connections for longer than its client does.",
    verdict,
    measured: measuredText(pair),
    values: {
      client: pair.client.product.name,
      client_at: pair.clientAt,
      server: pair.server.product.name,
      server_at: pair.serverAt,
      ...(judgement.client_ms === undefined ? {} : { client_idle_ms: judgement.client_ms }),
      ...(judgement.server_ms === undefined ? {} : { server_idle_ms: judgement.server_ms }),
      ...(isLost ? windowValues(pair) : {}),
      rtt_ms: latency.rtt_ms,
      slack_ms: latency.slack_ms,
      why: judgement.why,
    },
    consequence: consequenceOf(pair, verdict),
    reference: "RFC 9112 section 9.5",
    fixes: isLost ? remediesFor(pair) : [],
    ...(verdict === "fail" ? { cap: LOSES } : {}),
    evidence: [],
  };
}

function verdictOf({ client, judgement }: Pair): Verdict {
  switch (judgement.verdict) {
    case "healthy":
      return judgement.why === "client-reuses-nothing" || judgement.why === "server-closes-each" ? "info" : "pass";
    case "unknown":
      return "not-measurable";
    case "unbounded":
      return "advice";
    case "too-close":
    case "inverted":
      // It asks again where that is safe, and a person sits in front of it.
      return client.product.role === "browser" ? "advice" : "fail";
  }
}

function windowValues({ judgement, latency }: Pair): Record<string, number> {
  if (judgement.server_ms === undefined) return {};
  const { from_ms, to_ms, width_ms } = raceWindow(judgement.server_ms, latency);
  return { race_from_ms: from_ms, race_to_ms: to_ms, race_window_ms: width_ms };
}

function measuredText(pair: Pair): string {
  const { client, server, clientTerms, serverTerms, judgement, assumed } = pair;
  const [front, back] = [hopTitle(client), hopTitle(server)];
  const sources = [basisText(clientTerms.basis, client.measuredIn), basisText(serverTerms.basis, server.measuredIn)];
  const said = serverTerms.said_ms === undefined ? "" : ` (it says ${timeText(serverTerms.said_ms)})`;
  const closes = `${back} closes idle connections after ${timeText(judgement.server_ms ?? 0)}${said}`;
  const keeps =
    judgement.client_ms === undefined
      ? `${front} has no limit for idle connections`
      : `${front} keeps them for ${timeText(judgement.client_ms)}`;
  const versions = assumed.length === 0 ? "" : `; so with ${assumed.join(" and ")}: name the version`;
  switch (judgement.why) {
    case "client-reuses-nothing":
      return `${front} opens a connection for each request (${sources[0]})`;
    case "server-closes-each":
      return `${back} closes behind each response (${sources[1]})`;
    case "server-never-closes":
      return `${back} has no limit for idle connections (${sources[1]}), so ${front} gives them up first`;
    case "client-learns":
      return `${front} learns when ${back} closes, and gives connections up before that`;
    case "no-limit-of-its-own":
      return `${closes}, and ${front} has no time after which a connection is given up (${sources[0]})`;
    case "not-known":
      return `how long ${judgement.missing === "client" ? `${front} keeps` : `${back} lets`} connections idle is not known`;
    case "client-heeds-hint":
      return `${closes} and says so, and ${front} gives them up after ${timeText(judgement.client_ms ?? 0)}`;
    case "client-leaves-first":
    case "server-leaves-first":
      return `${closes}; ${keeps} (${sources[1]}; ${sources[0]})${versions}`;
  }
}

function consequenceOf({ client, server, judgement, latency, clientAt }: Pair, verdict: Verdict): string {
  if (verdict === "not-measurable") {
    const side = judgement.missing === "client" ? `${client.product.name}:pool=60s` : `${server.product.name}:idle=75s`;
    return `Whether requests are lost here cannot be told: write it, like ${side}.`;
  }
  if (verdict === "info") return "Every request pays for a connection, and none is lost to an idle timeout.";
  if (verdict === "pass" || judgement.server_ms === undefined) return "";
  const { from_ms, to_ms, width_ms } = raceWindow(judgement.server_ms, latency);
  const window = `A request sent on a connection that has idled for ${stretch(from_ms, to_ms)} meets the close (${timeText(width_ms)} wide)`;
  return `${window}: ${lossText(client, clientAt)}.`;
}

function stretch(from_ms: number, to_ms: number): string {
  return `${Number((from_ms / 1_000).toFixed(4))} to ${Number((to_ms / 1_000).toFixed(4))} s`;
}

/** Who loses what. */
function lossText({ product }: Hop, at: number): string {
  if (product.whenLost !== undefined) return `${product.whenLost}, whatever the method`;
  const post = "a POST may not be (RFC 9110 section 9.2.2)";
  if (product.role === "browser") return `a GET is sent again, ${post}, and the page shows an error`;
  if (product.role === "library" || (at === 0 && product.role === "server"))
    return `a GET may be sent again, ${post}, and fails in the program with a reset`;
  return `a GET may be sent again, ${post}, and becomes a 502`;
}
