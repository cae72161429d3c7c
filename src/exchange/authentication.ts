/**
 * Who may use a forward proxy: the question that is asked of every request, and what a client is told (RFC 9110
 * section 11.7). Deliberately absent: how credentials are checked, see basic-authentication.ts.
 */
import type { AnswerReason } from "./answers.ts";

/** `good`, or why the request is refused. */
export type Verdict = "good" | (AnswerReason & ("proxy-authentication-required" | "authentication-busy"));

export interface Authentication {
  /**
   * Judges the values of `Proxy-Authorization`.
   *
   * @param client whose they are: one client cannot keep all others waiting
   * @param later is called with the verdict if it takes time
   * @returns the verdict if it is known at once
   */
  judge(credentials: readonly string[], client: string, later: (verdict: Verdict) => void): Verdict | undefined;

  /** Who it is that has good credentials. */
  nameOf(credentials: readonly string[]): string | undefined;
}
