/**
 * A fault of hopwise's own ends where it happens: with the connection in whose event it showed, and with nothing else.
 *
 * What peers send is a value or an answer, never an exception, so one that gets here is a bug of ours. What is left of the
 * event is not done; the state behind it is not to be trusted, and is let go of as a whole.
 */

export interface Confined {
  /** A fault of our own showed here: everything ends that it may have spoilt. */
  breakDown(fault: unknown): void;
}

type Entry = (this: Confined, first?: unknown, second?: unknown, third?: unknown) => void;

/** Names the methods through which events come in; what they throw goes to `breakDown`. They return nothing. */
export function confine<Owner extends Confined>(prototype: Owner, ...names: readonly (keyof Owner & string)[]): void {
  for (const name of names) {
    const original = prototype[name] as Entry;
    const confined: Entry = function (first, second, third) {
      try {
        original.call(this, first, second, third);
      } catch (fault) {
        this.breakDown(fault);
      }
    };
    Object.defineProperty(prototype, name, { value: confined, configurable: true, writable: true });
  }
}
