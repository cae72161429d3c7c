/** What a file says of how a group is looked after, as its pool is made from it. */
import type { Group } from "../pool/group.ts";
import { HopwiseError } from "./error.ts";
import type { GroupValues } from "./group-schema.ts";
import { formatDuration } from "./values.ts";

const CHECK_TIMEOUT_MS = 1_000;
/** A burst of a hundred in ten seconds harms nobody, and is what one endpoint with a hundred connections leaves when it dies. */
const RETRIES_PER_SECOND = 10;

/** @throws HopwiseError for values that cannot be together */
export function careOf({
  health,
  ejection,
  slowStart,
  retryBudget,
  retryTimeouts,
}: GroupValues): Omit<Group, "name" | "endpoints"> {
  return {
    ...(health === undefined ? {} : { health: checkPlan(health) }),
    ...(ejection === undefined ? {} : { ejection: ejectionPlan(ejection) }),
    ...(slowStart === undefined ? {} : { slowStart_ms: slowStart }),
    ...(retryTimeouts ? { retriesTimeouts: true } : {}),
    // All of them are no limit.
    ...(retryBudget >= 1 ? {} : { retryBudget: { share: retryBudget, perSecond: RETRIES_PER_SECOND } }),
  };
}

function checkPlan(values: NonNullable<GroupValues["health"]>): NonNullable<Group["health"]> {
  const { path, host, interval, status, healthy, unhealthy } = values;
  const { timeout = Math.min(CHECK_TIMEOUT_MS, interval) } = values;
  if (timeout > interval) {
    const [long, short] = [timeout, interval].map(formatDuration);
    const problem = `its timeout of ${long} is longer than its interval of ${short}: write a shorter timeout`;
    throw new HopwiseError("option-invalid", problem, "health");
  }
  return { path, host, interval_ms: interval, timeout_ms: timeout, statuses: status, healthy, unhealthy };
}

function ejectionPlan(values: NonNullable<GroupValues["ejection"]>): NonNullable<Group["ejection"]> {
  const { errors, requests, window, time, most } = values;
  return { errors, requests, window_ms: window, time_ms: time, most };
}
