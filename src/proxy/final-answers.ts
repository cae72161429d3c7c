/**
 * Answers to requests that become no exchange: those that are refused, and TRACE and OPTIONS that end here.
 *
 * The connection closes behind each of them. Deliberately absent: closing it, see downstream.ts.
 */
import type { RequestHead } from "../wire/request-head.ts";
import { type AnswerReason, answer, answerMeaning, errorAnswer } from "./answers.ts";
import type { ProxyContext } from "./context.ts";
import type { DownstreamConnection } from "./downstream.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import { traceOf } from "./trace.ts";

const CLOSE = "Connection: close\r\n";

/** @param head what was read of the request; nothing: undefined */
export function answerRefused(
  context: ProxyContext,
  downstream: DownstreamConnection,
  head: RequestHead | undefined,
  record: ExchangeRecord,
  reason: AnswerReason,
): void {
  record.reason = reason;
  const text = errorAnswer(reason, downstream.answerContext(head, CLOSE));
  send(context, downstream, record, answerMeaning(reason).status, text);
}

/** Answers TRACE and OPTIONS as their final recipient (RFC 9110 section 7.6.2). */
export function answerFinally(
  context: ProxyContext,
  downstream: DownstreamConnection,
  head: RequestHead,
  record: ExchangeRecord,
): void {
  const answering = downstream.answerContext(head, CLOSE);
  const text =
    head.method === "TRACE"
      ? answer(200, "message/http", traceOf(head), "", answering)
      : answer(200, "", "", "", answering);
  send(context, downstream, record, 200, text);
}

function send(
  context: ProxyContext,
  downstream: DownstreamConnection,
  record: ExchangeRecord,
  status: number,
  text: string,
): void {
  record.outcome = "answered";
  record.status = status;
  context.outbox.addText(text);
  downstream.flush();
  record.endedAt_ms = context.clock.now();
  context.observer.exchangeEnded(record);
}
