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
  "target-unreachable": "nobody answers where a command was told to go",
  "access-log-unwritable": "the access log cannot be opened for writing",
  "already-listening": "`listen()` was called twice",
  "already-closed": "`listen()` was called after `close()`",
} as const;
export type HopwiseErrorCode = keyof typeof errorCodes;

/** What hopwise throws. `message` says what was wrong, where, and what to do instead, in one line. */
export class HopwiseError extends Error {
  override readonly name = "HopwiseError";
  readonly code: HopwiseErrorCode;
  /** The option concerned, by its library name (`headTimeout`); none: undefined. */
  readonly option: string | undefined;
  /** The message without the option's name. */
  readonly problem: string;

  constructor(code: HopwiseErrorCode, problem: string, option?: string, cause?: unknown) {
    super(sentence(code, problem, option), cause === undefined ? undefined : { cause });
    this.code = code;
    this.option = option;
    this.problem = problem;
  }

  /** The message with the option's name as it is spelled elsewhere, for instance as a flag. */
  messageNaming(spell: (option: string) => string): string {
    return sentence(this.code, this.problem, this.option === undefined ? undefined : spell(this.option));
  }
}

function sentence(code: HopwiseErrorCode, problem: string, option: string | undefined): string {
  if (option === undefined) return problem;
  if (code === "option-missing") return `${option} is missing: ${problem}`;
  return `${option}: ${problem}`;
}
