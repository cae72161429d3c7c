/** A check that did not hold. The first one ends the run. */
export type Check =
  | "response-belongs-to-request"
  | "nothing-twice"
  | "truncation-is-visible"
  | "answer-or-close"
  | "cancelled-is-over"
  | "one-reason-each"
  | "told-as-it-is"
  | "limits"
  | "weights"
  | "fair-share"
  | "looked-after"
  | "names"
  | "liveness"
  | "nothing-left"
  | "left-drains"
  | "nothing-throws"
  | "unambiguous-request"
  | "hop-by-hop"
  | "well-formed-response"
  | "clean-reuse"
  | "bound-to-client"
  | "routes"
  | "port-contract";

export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
  readonly check: Check;

  constructor(check: Check, message: string) {
    super(`${check}: ${message}`);
    this.check = check;
  }
}

export function fail(check: Check, message: string): never {
  throw new CheckFailure(check, message);
}
