/** What each failure was, by the word of its reason, with what it means and what to do: the same sentences as in logs and `hopwise top`. */
import { explained } from "../../ledger/explained.ts";
import type { Cap, Finding, Verdict } from "../finding.ts";
import { escapedLine } from "../probe/redaction.ts";
import { grouped } from "../report/text.ts";
import { plural, seconds } from "../words.ts";
import type { FailureTraffic, Traffic } from "./traffic.ts";

export const FAILURE_ID = "HW858";

/** Kinds that are told one by one, the most frequent first. */
const KINDS_MAX = 20;
/** Clients that leave within this share of the same time have a timeout. */
const SAME_TIME = 0.1;
const LEAVERS_MIN = 5;

const CLAIM = "Each request gets its whole response.";

export function failureFindings({ failures, requests, savedFromBreaks, races }: Traffic): readonly Finding[] {
  const most = [...failures.values()].toSorted((one, other) => other.count - one.count).slice(0, KINDS_MAX);
  const found = most.map((failure) => failureFinding(failure, requests));
  if (savedFromBreaks > 0) found.push(brokenFinding(savedFromBreaks));
  if (found.length > 0) return found;
  const but = races.lost === 0 ? "" : ", but for those that were lost to a close (HW852)";
  const measured = `${requests === 1 ? "the one request" : `all ${grouped(requests)} requests`} did${but}`;
  return [finding("pass", measured, { failures: 0 })];
}

function failureFinding(failure: FailureTraffic, requests: number): Finding {
  const { first, count, statuses, faults, durations, stories } = failure;
  const about = explained(first);
  if (about === undefined) throw new Error("what has not failed is not told of");
  const { word, cause, todo, source, endpoint } = about;
  const leave_ms = word === "client-gone" ? sameTime(failure) : undefined;
  const isOrigins = source === "origin";
  const verdict: Verdict =
    leave_ms !== undefined || source === "proxy" || word === "origin-status" ? "advice" : isOrigins ? "fail" : "info";
  const codes = [...statuses, ...[...faults].map((fault) => escapedLine(fault).slice(0, 60))];
  const detail = codes.length === 0 ? "" : ` (${codes.join(", ")})`;
  const where = endpoint === undefined ? "" : `, ${endpoint}`;
  const left = leave_ms === undefined ? "" : `; they left after ${seconds(leave_ms)}, which looks like a timeout`;
  return {
    ...finding(verdict, `${grouped(count)} of ${grouped(requests)} requests: ${word}${detail}${where}${left}`, {
      ...{ reason: word, failures: count, source },
      ...(endpoint === undefined ? {} : { endpoint }),
      median_ms: Math.round(durations.median_ms ?? 0),
    }),
    consequence: verdict === "info" ? "" : cause,
    fixes: verdict === "info" ? [] : [{ product: "any", text: todo }],
    ...(verdict === "fail" ? { cap: capOf(word) } : {}),
    evidence: verdict === "info" ? [] : stories,
  };
}

function capOf(word: string): Cap {
  return { grade: "D", because: `requests failed at the origin (${word})` };
}

function brokenFinding(count: number): Finding {
  return {
    ...finding("advice", `${plural(count, "request")} went out again since the origin closed while it worked on them`, {
      broken: count,
    }),
    consequence: "This is not an idle timeout: without hopwise their clients would have got 502.",
    fixes: [{ product: "any", text: "Look into the origin's log at these times for crashes and restarts." }],
  };
}

/** About when all of them left; at all kinds of times: undefined. */
function sameTime({ count, durations }: FailureTraffic): number | undefined {
  const { median_ms = 0, shortest_ms, longest_ms } = durations;
  return count >= LEAVERS_MIN && longest_ms - shortest_ms <= median_ms * SAME_TIME ? median_ms : undefined;
}

function finding(verdict: Verdict, measured: string, values: Finding["values"]): Finding {
  const kind = { id: FAILURE_ID, section: "between", claim: CLAIM } as const;
  return { ...kind, verdict, measured, values, consequence: "", fixes: [], evidence: [] };
}
