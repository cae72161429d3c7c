/** What is known of the neighbours beside the traffic itself. */
import type { TargetProduct } from "../report/report.ts";

export interface Told {
  /** The origin's. */
  readonly product: TargetProduct | undefined;
  /** What stands in front, or will, as `--chain` names it; nobody said: undefined. */
  readonly fronts: readonly string[] | undefined;
}
