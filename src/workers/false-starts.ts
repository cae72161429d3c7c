/** When a worker that was lost is replaced: one that cannot live should not take all of the processor by dying again and again. */

/** A worker that lived this long was no false start: its successor starts at once. */
const STEADY_MS = 10_000;
/** After a second false start in a row this long, then twice as long, and so on. */
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 10_000;

export function isSteady({ startedAt_ms }: { readonly startedAt_ms: number }): boolean {
  return performance.now() - startedAt_ms >= STEADY_MS;
}

/** @param falseStarts how many workers in a row did not live long, the present one included */
export function restartDelay_ms(falseStarts: number): number {
  return falseStarts <= 1 ? 0 : Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** (falseStarts - 2));
}
