/**
 * How much processor time a message costs, judged on a machine that does other things, too.
 *
 * Both the time on the wall and the time that the whole process was given are upper bounds of what the work took: the lesser
 * counts, and of several runs the least, since everything else only adds. Where one run is far below all limits nothing can
 * be wrong, and it stays the only one. What fails is run again later, when the runtime has compiled it and the machine may be
 * quieter, before it is a failure.
 */

/** Bytes of a head, and eight times as many: as large as a head may be. */
export const SMALL_BYTES = 8 * 1024;
export const LARGE_BYTES = 64 * 1024;
/** What a head of `LARGE_BYTES` may cost, whatever it says. */
export const HEAD_LIMIT_MS = 5;
/** Eight times the bytes are eight times the work; twice that is noise, or what a larger buffer costs. */
const RATIO_MAX = 16;
/** Below, times tell more of the machine than of the work. */
const FLOOR_MS = 1;
/** A small message that takes less stays within the limit at eight times the size even if the work is not linear, or nearly. */
const SMALL_ENOUGH_MS = 0.25;
const RUNS = 5;
/** How often a failure is run again. */
const REPEATS = 3;

/** Processor time of one run in milliseconds, or more. */
function timed(work: () => void): number {
  const cpu = process.cpuUsage();
  const from = performance.now();
  work();
  const wall_ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(wall_ms, (user + system) / 1_000);
}

/** The least of several runs, or the first that takes no more than `enough_ms`. */
function leastOf(enough_ms: number, work: () => void): number {
  let least_ms = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS && least_ms > enough_ms; run++) least_ms = Math.min(least_ms, timed(work));
  return least_ms;
}

/** Some work that depends on how many bytes there are. */
export interface Input {
  readonly name: string;
  /** What `LARGE_BYTES` may take. */
  readonly limit_ms: number;
  /** Makes the message, and returns how to play it. */
  prepare(bytes: number): () => void;
}

export class Bench {
  inputs = 0;
  /** The most that an input took at its large size, the least of several runs each. */
  worst = { name: "", ms: 0 };
  private readonly suspects: Input[] = [];

  /** @param isThorough measures the large size even where the small one leaves no doubt */
  measure(input: Input, isThorough: boolean): void {
    this.inputs++;
    const small_ms = leastOf(SMALL_ENOUGH_MS, input.prepare(SMALL_BYTES));
    if (small_ms > input.limit_ms) this.suspects.push(input);
    else if ((isThorough || small_ms > SMALL_ENOUGH_MS) && this.fault(input) !== undefined) this.suspects.push(input);
  }

  /** What is wrong, in words; nothing: undefined. */
  private fault({ name, limit_ms, prepare }: Input): string | undefined {
    const small = prepare(SMALL_BYTES);
    const small_ms = leastOf(0, small);
    // Whatever takes as long at the small size needs no second look: the large one may take minutes.
    if (small_ms > limit_ms) return `${name}: ${small_ms.toFixed(2)} ms for ${SMALL_BYTES} bytes`;
    const large_ms = leastOf(Math.max(FLOOR_MS, this.worst.ms), prepare(LARGE_BYTES));
    if (large_ms > this.worst.ms) this.worst = { name, ms: large_ms };
    if (large_ms <= FLOOR_MS) return undefined;
    const times = `${large_ms.toFixed(2)} ms for ${LARGE_BYTES} bytes, ${small_ms.toFixed(2)} ms for ${SMALL_BYTES}`;
    return large_ms > limit_ms || large_ms > RATIO_MAX * small_ms ? `${name}: ${times}` : undefined;
  }

  /** What takes too long, once more for sure. */
  faults(): string[] {
    return this.suspects.flatMap((input) => {
      let fault: string | undefined;
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        fault = this.fault(input);
        if (fault === undefined) return [];
      }
      return fault ?? [];
    });
  }
}
