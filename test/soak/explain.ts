/**
 * Why did a client not get its response? Each failure is explained by what was planned for it, or by what its origin did
 * at that moment as the access log and the origins tell it; otherwise it is unexplained.
 */
import { type Failure, planOf, type Restart, seenOf } from "./plan.ts";

/** What the access log says of an exchange that was not completed. */
export interface LogEntry {
  readonly target: string;
  readonly reason?: string;
  readonly fault?: string;
  readonly upstream?: { readonly endpoint: string; readonly reused: boolean };
}

/** Restarts and failures are told by two processes; their clocks are the same, their turns are not. */
const SLACK_MS = 250;

const LOST = new Set(["502 upstream-closed", "502 response-incomplete", "truncated", "502 connect-failed"]);

/** @returns the explanation; there is none: undefined */
export function explanationOf(
  failure: Failure,
  entry: LogEntry | undefined,
  restarts: readonly Restart[],
): string | undefined {
  const { fault } = planOf(failure.target);
  if (seenOf(fault).includes(failure.seen)) return `the origin ${fault}`;
  if (entry === undefined) return undefined;
  if (LOST.has(failure.seen) && wasRestarted(failure, entry, restarts)) return "the origin was restarted";
  // The request went out on a connection that its origin was just closing, and must not be sent twice.
  const mayNotBeRepeated = failure.method === "POST" || failure.method === "PUT";
  if (failure.seen === "502 upstream-closed" && entry.upstream?.reused === true && mayNotBeRepeated) {
    return "the origin closed an idle connection at that moment; not repeated";
  }
  return undefined;
}

function wasRestarted({ began_ms, ended_ms }: Failure, entry: LogEntry, restarts: readonly Restart[]): boolean {
  const port = Number(/:(\d+)$/.exec(entry.upstream?.endpoint ?? "")?.[1] ?? 0);
  return restarts.some(
    (restart) =>
      (entry.upstream === undefined || restart.port === port) &&
      restart.began_ms - SLACK_MS <= ended_ms &&
      restart.ended_ms + SLACK_MS >= began_ms,
  );
}
