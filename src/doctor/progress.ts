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

const PROGRESS_MS = 200;

/** Tells at once and then again and again, until what it returns is called. Nobody listens: nothing is done. */
export function tellProgress(onProgress: ((progress: Progress) => void) | undefined, look: () => Progress): () => void {
  if (onProgress === undefined) return () => {};
  const tell = () => onProgress(look());
  tell();
  const timer = setInterval(tell, PROGRESS_MS);
  return () => clearInterval(timer);
}
