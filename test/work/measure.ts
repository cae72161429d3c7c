/**
 * How much processor time one piece of work takes, on a machine that does other things, too.
 *
 * Both the time on the wall and the time that the whole process was given are upper bounds of what the work took; the lesser
 * counts, and of several runs the least: what else happens on the machine only adds. Where a single run is far below all
 * limits, nothing can be wrong, and it stays the only one.
 */

/** Processor time of one run in milliseconds, or more. */
export function timed(work: () => void): number {
  const cpu = process.cpuUsage();
  const from = performance.now();
  work();
  const wall_ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(wall_ms, (user + system) / 1_000);
}

export function leastOf(runs: number, enough_ms: number, work: () => void): number {
  let least_ms = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs && least_ms > enough_ms; run++) least_ms = Math.min(least_ms, timed(work));
  return least_ms;
}
