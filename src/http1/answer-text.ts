/**
 * Answers of the proxy's own, written in HTTP/1: short, typed, with the reason's name in them.
 *
 * Deliberately absent: what the reasons mean, see exchange/answers.ts.
 */

import { type AnswerDetails, type AnswerReason, answerMeaning, type CheckedAnswer } from "../exchange/answers.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { reasonPhraseOf } from "../exchange/reason-phrases.ts";
import type { FieldTable } from "../wire/fields.ts";
import { hasNoWeight, listMembers, withoutParameters, withoutQuotedText } from "../wire/lists.ts";
import { dialErrorText, dialErrorType, isAlert } from "./dial-faults.ts";
import { malformedText, malformedType } from "./malformed-answers.ts";

/** RFC 7617 section 2.1: user names and passwords are UTF-8. */
const CHALLENGE = 'charset="UTF-8"\r\n';
const CHALLENGE_LINE = `Proxy-Authenticate: Basic realm="hopwise", ${CHALLENGE}`;

/** Seconds after which a client may try again: idle connections and slots come free within moments. */
export const RETRY_AFTER_S = 1;

export interface AnswerContext {
  /** The request's `Accept`; absent: text is sent. */
  readonly accept: string | undefined;
  readonly isHead: boolean;
  /** The value of `Date`. */
  readonly date: string;
  /** Connection field lines, each with its CRLF. */
  readonly connectionLines: string;
  readonly viaName: string;
  /** Field lines that the operator wants in every answer, each with its CRLF; none: absent. */
  readonly fieldLines?: string | undefined;
  /** What the client is told beside the reason; nothing: undefined. */
  readonly details?: AnswerDetails | undefined;
}

/** What an answer of the proxy's own needs. @param fields what was read of the request's; nothing: undefined */
export function answering(
  context: ProxyContext,
  fields: FieldTable | undefined,
  method: string,
  connectionLines: string,
  details?: AnswerDetails,
): AnswerContext {
  return {
    details,
    accept: fields?.get("accept"),
    isHead: method === "HEAD",
    date: context.date(),
    connectionLines,
    viaName: context.settings.viaName,
    fieldLines: context.settings.answerLines,
  };
}

/**
 * A whole answer with an error.
 *
 * @param fault the system's error code, for want of a connection; the rule that the origin's answer breaks
 */
export function errorAnswer(reason: AnswerReason, context: AnswerContext, fault?: string): string {
  const { status } = answerMeaning(reason);
  const { type, text } = toldOf(reason, fault ?? "");
  const title = reasonPhraseOf(status) || "Error";
  const wantsJson = context.accept !== undefined && takesJson(context.accept);
  const body = wantsJson
    ? `${JSON.stringify({ type: "about:blank", title, status, reason, detail: text })}\n`
    : `${status} ${title}: ${reason}\n${text}\n`;
  const extra =
    retryLine(context.details?.retryAfter_s ?? (status === 503 ? RETRY_AFTER_S : undefined)) +
    (status === 407 ? CHALLENGE_LINE : loginLine(context.details?.realm)) +
    proxyStatusLine(context.viaName, type, reason);
  return answer(status, wantsJson ? "application/problem+json" : "text/plain; charset=utf-8", body, extra, context);
}

/** What kind of failure it is, for programs and for people. */
function toldOf(reason: AnswerReason, fault: string): { readonly type: string; readonly text: string } {
  const { proxyError, text } = answerMeaning(reason);
  // That a certificate of ours is missing an origin says only once it has our request.
  const isOfHandshake = reason === "upstream-closed" && isAlert(fault);
  if (reason === "connect-failed" || reason === "connect-timeout" || isOfHandshake) {
    const type = dialErrorType(fault);
    return { type, text: dialErrorText(type) };
  }
  if (reason !== "response-malformed") return { type: proxyError, text };
  const rule = malformedText(fault);
  return { type: malformedType(fault) ?? proxyError, text: rule === undefined ? text : `${text} ${rule}` };
}

function retryLine(seconds: number | undefined): string {
  return seconds === undefined ? "" : `Retry-After: ${seconds}\r\n`;
}

function loginLine(realm: string | undefined): string {
  return realm === undefined ? "" : `WWW-Authenticate: Basic realm="${realm.replace(/["\\]/g, "\\$&")}", ${CHALLENGE}`;
}

/**
 * A name in `Via` as an item of a structured field (RFC 9209 section 2, RFC 8941 section 3.3): a token if it begins as one,
 * otherwise a string. It holds nothing that a string would have to escape.
 */
export function statusName(viaName: string): string {
  return /^[a-z*]/i.test(viaName) ? viaName : `"${viaName}"`;
}

/** Browsers send about ten. To a client with more, text is as good as anything. */
const ACCEPT_RANGES_MAX = 64;

const JSON_RANGES: ReadonlySet<string> = new Set(["application/json", "application/problem+json", "application/*"]);

/** Whether JSON is asked for by name; of those who take anything most are people (RFC 9110 section 12.5.1). */
export function takesJson(accept: string): boolean {
  const ranges = listMembers(withoutQuotedText(accept), ACCEPT_RANGES_MAX) ?? [];
  return ranges.some((range) => JSON_RANGES.has(withoutParameters(range)) && !hasNoWeight(range));
}

function proxyStatusLine(viaName: string, type: string, reason: AnswerReason): string {
  return `Proxy-Status: ${statusName(viaName)}; error=${type}; details="${reason}"\r\n`;
}

/** A whole answer with an error, as the application wants it. */
export function answerWith({ message, body }: CheckedAnswer, reason: AnswerReason, context: AnswerContext): string {
  const { status, changes } = message;
  // RFC 9110 section 15.5.8: without a challenge nobody knows what is asked for.
  const asks = status === 407 && !changes?.concerns("proxy-authenticate");
  const { details } = context;
  const logsIn = status === 401 && !changes?.concerns("www-authenticate");
  const retryAfter_s = changes?.concerns("retry-after") ? undefined : details?.retryAfter_s;
  return (
    `HTTP/1.1 ${status} ${reasonPhraseOf(status)}\r\nDate: ${context.date}\r\n` +
    `Content-Length: ${body.length}\r\n${changes?.lines ?? ""}${context.fieldLines ?? ""}` +
    (asks ? CHALLENGE_LINE : "") +
    retryLine(retryAfter_s) +
    loginLine(logsIn ? details?.realm : undefined) +
    `${proxyStatusLine(context.viaName, answerMeaning(reason).proxyError, reason)}${context.connectionLines}\r\n` +
    (context.isHead ? "" : body.latin1Slice())
  );
}

/** A whole answer of the proxy's own. */
export function answer(
  status: number,
  contentType: string,
  body: string,
  extraLines: string,
  context: AnswerContext,
): string {
  const type = contentType === "" ? "" : `Content-Type: ${contentType}\r\n`;
  return (
    `HTTP/1.1 ${status} ${reasonPhraseOf(status)}\r\nDate: ${context.date}\r\n${type}` +
    `Content-Length: ${body.length}\r\nCache-Control: no-store\r\n${context.fieldLines ?? ""}${extraLines}${context.connectionLines}\r\n` +
    (context.isHead ? "" : body)
  );
}
