/** How a group is looked after that says nothing beyond that it is. */
import type { CheckPlan, EjectionPlan } from "../../src/pool/group.ts";

export const health: CheckPlan = {
  path: "/healthz",
  host: undefined,
  interval_ms: 2_000,
  timeout_ms: 1_000,
  statuses: [[200, 399]],
  healthy: 2,
  unhealthy: 3,
};

export const ejection: EjectionPlan = {
  errors: 0.5,
  requests: 20,
  window_ms: 10_000,
  time_ms: 30_000,
  most: 0.5,
};
