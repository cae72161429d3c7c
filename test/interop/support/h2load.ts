/** h2load, and what it reports. */
import { run } from "./programs.ts";

export interface H2loadReport {
  readonly total: number;
  /** Those that were sent: what the proxy announces to end gets no more, and h2load counts the rest as failed. */
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timeout: number;
  /** Answers that were not 2xx. */
  readonly non2xx: number;
}

export async function h2load(args: readonly string[], timeout_ms: number): Promise<H2loadReport> {
  const { code, stdout, stderr } = await run("h2load", args, { timeout_ms });
  const report = stdout.toString();
  const counts = /(\d+) total, (\d+) started, \d+ done, (\d+) succeeded, (\d+) failed, \d+ errored, (\d+) timeout/;
  const statuses = /status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(report);
  const [total, started, succeeded, failed, timeout] = (counts.exec(report) ?? []).slice(1).map(Number);
  if (code !== 0 || timeout === undefined || statuses === null)
    throw new Error(`h2load ended with code ${code}: ${report}${stderr}`);
  const non2xx = statuses.slice(1).reduce((sum, count) => sum + Number(count), 0);
  return { total, started, succeeded, failed, timeout, non2xx } as H2loadReport;
}
