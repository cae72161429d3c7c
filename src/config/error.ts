/**
 * The error of everything the operator can get wrong, or the machine cannot give: options, addresses, files.
 *
 * Deliberately absent: errors of traffic. Those are answers with a reason, never exceptions.
 */

export const errorCodes = {
  "option-unknown": "there is no such option",
  "option-missing": "an option without which nothing can start is not given",
  "option-invalid": "an option's value is not what it must be",
  "address-in-use": "another process, or this one, listens there",
  "address-forbidden": "the system does not let this user listen there",
  "address-unavailable": "this machine does not have that address",
  "listen-failed": "listening failed for another reason of the system's",
  "worker-unavailable": "one of several worker processes did not answer, so none was changed",
  "target-unreachable": "what a command was told to reach does not answer",
  "access-log-unwritable": "the access log cannot be opened for writing",
  "trace-unwritable": "the file of a trace cannot be opened for writing",
  "already-listening": "`listen()` was called twice",
  "not-listening": "`reload()` was called before `listen()`",
  "already-closed": "`listen()` or `reload()` was called after `close()`",
} as const;
export type HopwiseErrorCode = keyof typeof errorCodes;

/** One thing that is wrong with a file. */
export interface PlacedProblem {
  /** The file; a variable of the environment that says it instead: its name. */
  readonly file: string;
  /** From 1 on; where it is in an evaluated file is not known: null. */
  readonly line: number | null;
  readonly column: number | null;
  /** The value, as `routes[2].match.path`; the whole file, or none that could be read: empty. */
  readonly path: string;
  readonly message: string;
}

/** What hopwise throws. `message` says what was wrong, where, and what to do instead, in one line. */
export class HopwiseError extends Error {
  override readonly name = "HopwiseError";
  readonly code: HopwiseErrorCode;
  /** The option concerned, by its library name (`headTimeout`); none: undefined. */
  readonly option: string | undefined;
  /** The message without the option's name. */
  readonly problem: string;
  /** All that is wrong with a file, one by one; of anything else: empty. */
  readonly places: readonly PlacedProblem[];

  constructor(
    code: HopwiseErrorCode,
    problem: string,
    option?: string,
    cause?: unknown,
    places: readonly PlacedProblem[] = [],
  ) {
    super(sentence(code, problem, option), cause === undefined ? undefined : { cause });
    this.code = code;
    this.option = option;
    this.problem = problem;
    this.places = places;
  }

  /** The message with the option's name as it is spelled elsewhere, for instance as a flag. */
  messageNaming(spell: (option: string) => string): string {
    return sentence(this.code, this.problem, this.option === undefined ? undefined : spell(this.option));
  }
}

/** Several things that went wrong at once, as one: what `code` says is the first one's, `message` has a line for each. */
export class HopwiseErrors extends HopwiseError {
  readonly all: readonly HopwiseError[];

  constructor(all: readonly [HopwiseError, ...HopwiseError[]]) {
    const [{ code, cause }] = all;
    super(code, all.map(({ message }) => message).join("\n"), undefined, cause);
    this.all = all;
  }

  override messageNaming(spell: (option: string) => string): string {
    return this.all.map((one) => one.messageNaming(spell)).join("\n");
  }
}

/** @param faults at least one @returns one error for all; something that is none of hopwise's as it is */
export function together(faults: readonly unknown[]): unknown {
  const all: HopwiseError[] = [];
  for (const fault of faults) {
    if (!(fault instanceof HopwiseError)) return fault;
    all.push(...allIn(fault));
  }
  const [first, ...others] = all;
  return first === undefined || others.length === 0 ? first : new HopwiseErrors([first, ...others]);
}

/** Each by itself. */
export function allIn(error: HopwiseError): readonly HopwiseError[] {
  return error instanceof HopwiseErrors ? error.all : [error];
}

function sentence(code: HopwiseErrorCode, problem: string, option: string | undefined): string {
  if (option === undefined) return problem;
  if (code === "option-missing") return `${option} is missing: ${problem}`;
  return `${option}: ${problem}`;
}
