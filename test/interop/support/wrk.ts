/**
 * wrk, and what it reports.
 */
import { run } from "./programs.ts";

export interface WrkReport {
  readonly requests: number;
  readonly errors: {
    /** Connections that were refused. */
    readonly connect: number;
    /** Connections that died before a response was complete. */
    readonly read: number;
    readonly write: number;
    readonly timeout: number;
  };
  readonly non2xx: number;
}

/** @param interrupt has it report what came of it so far, and end */
export async function wrk(args: readonly string[], interrupt?: AbortSignal, timeout_ms?: number): Promise<WrkReport> {
  const options = {
    ...(interrupt === undefined ? {} : { interrupt }),
    ...(timeout_ms === undefined ? {} : { timeout_ms }),
  };
  const { code, stdout, stderr } = await run("wrk", args, options);
  const report = stdout.toString();
  const requests = /(\d+) requests in/.exec(report)?.[1];
  if (code !== 0 || requests === undefined) throw new Error(`wrk ended with code ${code}: ${report}${stderr}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report) ?? [];
  const [connect = 0, read = 0, write = 0, timeout = 0] = errors.slice(1).map(Number);
  return {
    requests: Number(requests),
    errors: { connect, read, write, timeout },
    non2xx: Number(/Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? 0),
  };
}
