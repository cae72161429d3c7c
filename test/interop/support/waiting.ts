/**
 * Waiting for a condition, never for a time.
 */
const POLL_MS = 10;
/** Only ever spent by tests that fail, so that no machine is too busy. */
const WAIT_MS_MAX = 30_000;

/** Resolves as soon as `condition` holds; rejects with `what` when it does not hold in time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeout_ms = WAIT_MS_MAX,
): Promise<void> {
  const end = performance.now() + timeout_ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeout_ms} ms: ${what}`);
    await pause(POLL_MS);
  }
}

/** Resolves once `figure` has stayed the same for `still_ms`. */
export async function untilStill(figure: () => number, still_ms: number): Promise<void> {
  let last = figure();
  let since = performance.now();
  while (performance.now() - since < still_ms) {
    await pause(POLL_MS);
    if (figure() === last) continue;
    last = figure();
    since = performance.now();
  }
}

/** Time that is itself part of the case: a client that idles, an origin that is slow. */
export function pause(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
