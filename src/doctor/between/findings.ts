/** What traffic comes to: every finding about it, and their report. */
import { version } from "../../ledger/version.ts";
import type { Finding } from "../finding.ts";
import { type Report, reportOf } from "../report/report.ts";
import { connectionFindings } from "./connection-findings.ts";
import { failureFindings } from "./failure-findings.ts";
import { clientsFinding, lifetimeFindings } from "./lifetime-findings.ts";
import { raceFinding } from "./race-finding.ts";
import type { Told } from "./told.ts";
import type { Traffic } from "./traffic.ts";

export interface ReportFacts {
  readonly target: string;
  readonly startedAt: string;
  readonly took_ms: number;
  readonly isComplete: boolean;
}

/** @param more findings about how the traffic was seen */
export function betweenReport(traffic: Traffic, told: Told, facts: ReportFacts, more: readonly Finding[] = []): Report {
  const { target, startedAt, took_ms, isComplete } = facts;
  return reportOf({
    mode: "between",
    doctor: { name: "hopwise-doctor", version },
    target,
    ...(told.product === undefined ? {} : { product: told.product }),
    startedAt,
    took_ms: Math.round(took_ms),
    isComplete,
    cost: { connections: traffic.upstreamConnections, requests: traffic.requests },
    findings: [
      ...more,
      ...lifetimeFindings(traffic, told),
      raceFinding(traffic, told),
      clientsFinding(traffic),
      ...connectionFindings(traffic, told),
      ...failureFindings(traffic),
    ],
    skipped: [],
  });
}
