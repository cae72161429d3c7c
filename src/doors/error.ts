/**
 * The error that a handler hands to `next`, where it was told not to answer by itself (`errors: "next"`).
 *
 * It has what frameworks look for: `status`, `statusCode` and `expose`. Deliberately absent: what clients must not see; nothing in its message
 * tells of addresses or internals.
 */
import { type AnswerReason, type AnswerSource, answerMeaning } from "../exchange/answers.ts";

/** Why a request was not forwarded, or could not be answered by its origin. */
export class HandlerError extends Error {
  override readonly name = "HandlerError";
  /** The reason, as in answers of hopwise's own and in logs. */
  readonly code: AnswerReason;
  /** Whose doing it is. */
  readonly source: AnswerSource;
  /** An origin may have seen (some of) the request: only an idempotent one may be sent again without asking. */
  readonly wasSent: boolean;
  /** The status that hopwise would have answered with. */
  readonly status: number;
  /** The same, by the name that Express and Fastify look for. */
  readonly statusCode: number;
  /** Whether clients may read its message, by the custom of Koa, Nest and `http-errors`: of what is their own doing. */
  readonly expose: boolean;
  /** The system's error code (`ECONNREFUSED`); none: undefined. */
  readonly fault: string | undefined;

  constructor(code: AnswerReason, fault: string | undefined) {
    const { status, text, source, wasSent } = answerMeaning(code);
    super(`${code}: ${text}`);
    this.code = code;
    this.source = source;
    this.wasSent = wasSent;
    this.status = status;
    this.statusCode = status;
    this.expose = status < 500;
    this.fault = fault;
  }
}
