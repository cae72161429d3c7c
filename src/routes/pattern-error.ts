/** A route that cannot be: its message says which part of it, why, and what to write. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  /** Which of several routes it is, from 0 on; it was read by itself: undefined. */
  readonly route: number | undefined;

  constructor(message: string, route?: number) {
    super(message);
    this.route = route;
  }
}
