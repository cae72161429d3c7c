/** How long a close may take: the options of `close()`, read. */
import { HopwiseError } from "./error.ts";
import { shown } from "./values.ts";

/** How to close. */
export interface ClosingOptions {
  /** How long what is in flight may take, in milliseconds; `Infinity`: until it is over (25 days at most). */
  readonly graceMs?: number | undefined;
}

/** The longest delay that timers of the runtime know: 2^31 - 1 ms, nearly 25 days. */
export const GRACE_MS_MAX = 2_147_483_647;

/** @returns milliseconds; nothing is said: undefined; or what is wrong */
export function readGrace(options: ClosingOptions | undefined): number | undefined | HopwiseError {
  const graceMs: unknown = options?.graceMs;
  if (graceMs === undefined) return undefined;
  if (typeof graceMs === "number" && graceMs >= 0) return Math.min(graceMs, GRACE_MS_MAX);
  const problem = `${shown(String(graceMs))} is not a time to wait: write milliseconds, from 0 to Infinity`;
  return new HopwiseError("option-invalid", problem, "graceMs");
}
