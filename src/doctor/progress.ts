/** What an examination tells while it goes on. */

export interface Progress {
  /** Checks that are over. */
  readonly done: number;
  /** Checks in all. */
  readonly total: number;
  /** Sentences about what is going on, the longest first. */
  readonly running: readonly string[];
  readonly elapsed_ms: number;
  /** How much longer it takes at most; not known: undefined. */
  readonly left_ms: number | undefined;
}
