/** What a reason to answer means, towards clients and towards an application. Deliberately absent: the reasons, see answers.ts. */

/** Whose doing it is that a request is not answered by its origin. `application`: the program that hopwise is a part of. */
export type AnswerSource = "client" | "origin" | "proxy" | "application";

export interface AnswerMeaning {
  readonly source: AnswerSource;
  /** An origin may have seen (some of) the request, so that only an idempotent one may be sent again without asking. */
  readonly wasSent: boolean;
  readonly status: number;
  readonly text: string;
  /** The error type of `Proxy-Status` (RFC 9209 section 2.3). */
  readonly proxyError: string;
}
