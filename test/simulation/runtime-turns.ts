/**
 * Turns of the runtime's own loop, for worlds in which it has a part: `node:http2` answers in later turns, and none of that takes time.
 *
 * What it does depends on what it is given alone, so a seed's world is the same every time. A fault that is thrown where nobody can
 * catch it is the world's, too. Deliberately absent: what is waited for; so many turns in which nothing was said are enough.
 */

/** What the runtime hands on takes three turns at most: from the socket to its protocol, from there to us, and back. */
const QUIET_TURNS = Number(process.env.TESTS_SIM_TURNS ?? 5);
/** An end of the runtime's that is never reached is a fault of the world. */
const TURNS_MAX = 100_000;

export class RuntimeTurns {
  private readonly activity: () => number;
  private faults: unknown[] = [];

  /** @param activity how much has been read and written so far */
  constructor(activity: () => number) {
    this.activity = activity;
  }

  begin(): void {
    process.setUncaughtExceptionCaptureCallback((fault) => void this.faults.push(fault));
  }

  /** @throws what was thrown meanwhile */
  async settle(): Promise<void> {
    let before = this.activity();
    for (let turns = 0, quiet = 0; quiet < QUIET_TURNS && this.faults.length === 0; turns++) {
      if (turns > TURNS_MAX) throw new Error("the runtime does not come to rest");
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const now = this.activity();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
    if (this.faults.length > 0) throw this.faults[0];
  }

  async end(): Promise<void> {
    this.faults = [];
    for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
    process.setUncaughtExceptionCaptureCallback(null);
  }
}
