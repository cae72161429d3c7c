/**
 * How much processor time a message costs, judged on a machine that does other things, too.
 *
 * Both the time on the wall and the time that the whole process was given are upper bounds of what the work took: the lesser
 * counts, and of several runs the least, since everything else only adds. A machine that is slower than the one the limits
 * were set on, or is made slower by its other work, is told by a yardstick, and gets as much more time. What fails is run again
 * later, when the runtime has compiled it and the machine may be quieter, before it is a failure.
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
/**
 * A small message that costs so much more than the cheapest of its kind is looked at closely: if it costs less, even work that
 * grows with the square of the bytes stays within the limit at eight times the size.
 */
const EXCESS_MS = HEAD_LIMIT_MS / (LARGE_BYTES / SMALL_BYTES) ** 2;
const RUNS = 5;
/** How often a failure is run again. */
const REPEATS = 3;
/** What takes so many times the limit is not measured again: nothing that comes on top is as much. */
const HOPELESS = 4;
/** Failures that are told; where there are more, they are mostly one, and each takes long. */
const FAULTS_MAX = 4;
/** With so many doubts there is a fault, and more of them would take long. */
const SUSPECTS_MAX = 64;

/** Processor time of one run in milliseconds, or more. */
function timed(work: () => void): number {
  const cpu = process.cpuUsage();
  const from = performance.now();
  work();
  const wall_ms = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(wall_ms, (user + system) / 1_000);
}

/** The least of several runs, or the first that takes no more than `enough_ms`, or more than `hopeless_ms`. */
function leastOf(enough_ms: number, work: () => void, hopeless_ms = Number.POSITIVE_INFINITY): number {
  let least_ms = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    least_ms = Math.min(least_ms, timed(work));
    if (least_ms <= enough_ms || least_ms > hopeless_ms) break;
  }
  return least_ms;
}

/** What the yardstick takes on the machine that the limits were set on. */
const YARDSTICK_MS = 0.5;

function yardstick(): number {
  let sum = 0;
  for (let step = 0; step < 100_000; step++) sum = (sum * 31 + step) | 0;
  return sum;
}
for (let run = 0; run < 100; run++) yardstick();

/** How many times as long as on that machine everything takes here and now; never less than once. */
const slowness = () => Math.max(1, leastOf(0, yardstick) / YARDSTICK_MS);

/** Some work that depends on how many bytes there are. */
export interface Input {
  readonly name: string;
  /** What `LARGE_BYTES` may take. */
  readonly limit_ms: number;
  /** Makes the message, and returns how to play it. */
  prepare(bytes: number): () => void;
}

/** Whether the large size is far below all limits at once. */
function isBelowFloor({ prepare }: Input): boolean {
  return timed(prepare(LARGE_BYTES)) <= FLOOR_MS;
}

export class Bench {
  inputs = 0;
  /** The most that an input took at its large size, the least of several runs each. */
  worst = { name: "", ms: 0 };
  private readonly suspects: Input[] = [];
  private readonly isThorough: boolean;
  private readonly suspectsMax: number;

  /**
   * @param isThorough one large run that is far below all limits is not enough: the figures are wanted
   * @param suspectsMax how many are found before the rest is believed
   */
  constructor(isThorough: boolean, suspectsMax = SUSPECTS_MAX) {
    this.isThorough = isThorough;
    this.suspectsMax = suspectsMax;
  }

  /** Measures both sizes. */
  measure(input: Input): void {
    this.inputs++;
    if (!this.hasEnough && this.fault(input) !== undefined) this.suspects.push(input);
  }

  /**
   * Measures inputs that differ in nothing but what they say, the first one nothing that matters: the small size, and both where
   * that leaves a doubt.
   */
  measureAlike(inputs: readonly [Input, ...Input[]]): void {
    if (!isBelowFloor(inputs[0])) this.measure(inputs[0]);
    const plays = inputs.map((input) => input.prepare(SMALL_BYTES));
    const times_ms = plays.map(timed);
    const enough_ms = Math.min(...times_ms) + EXCESS_MS;
    for (const [index, input] of inputs.entries()) {
      const small_ms = times_ms[index] as number;
      const isCheap =
        this.hasEnough ||
        small_ms <= enough_ms ||
        (small_ms <= input.limit_ms &&
          (leastOf(enough_ms, plays[index] as () => void) <= enough_ms || isBelowFloor(input)));
      if (isCheap) this.inputs++;
      else this.measure(input);
    }
  }

  private get hasEnough(): boolean {
    return this.suspects.length >= this.suspectsMax;
  }

  /** What is wrong, in words; nothing: undefined. */
  private fault({ name, limit_ms, prepare }: Input): string | undefined {
    const hopeless_ms = HOPELESS * limit_ms;
    const small_ms = leastOf(0, prepare(SMALL_BYTES), hopeless_ms);
    // The large one may take minutes then.
    if (small_ms > limit_ms * slowness()) return `${name}: ${small_ms.toFixed(2)} ms for ${SMALL_BYTES} bytes`;
    const enough_ms = this.isThorough ? this.worst.ms : Math.min(limit_ms, RATIO_MAX * small_ms) / 2;
    const large_ms = leastOf(Math.max(FLOOR_MS, enough_ms), prepare(LARGE_BYTES), hopeless_ms);
    // What is hopeless was run once; if it lasts, it is told as a fault.
    if (large_ms > this.worst.ms && large_ms <= hopeless_ms) this.worst = { name, ms: large_ms };
    if (large_ms <= FLOOR_MS) return undefined;
    const times = `${large_ms.toFixed(2)} ms for ${LARGE_BYTES} bytes, ${small_ms.toFixed(2)} ms for ${SMALL_BYTES}`;
    const isLinear = large_ms <= RATIO_MAX * small_ms;
    return isLinear && (large_ms <= limit_ms || large_ms <= limit_ms * slowness()) ? undefined : `${name}: ${times}`;
  }

  /** What takes too long, once more for sure. */
  faults(): string[] {
    const faults: string[] = [];
    for (const suspect of this.suspects) {
      const fault = this.lastingFault(suspect);
      if (fault !== undefined) faults.push(fault);
      if (faults.length === FAULTS_MAX) break;
    }
    return faults;
  }

  private lastingFault(suspect: Input): string | undefined {
    let fault: string | undefined;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      fault = this.fault(suspect);
      if (fault === undefined) return undefined;
    }
    return fault;
  }
}
