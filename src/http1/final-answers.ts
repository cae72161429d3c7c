/**
 * Answers of the proxy's own that need no exchange: to requests that are refused, to TRACE and OPTIONS that end here.
 *
 * Deliberately absent: what becomes of the connection behind them, see downstream.ts; what is said, see
 * answers.ts.
 */

import type { HopMessages } from "../connection/message-states.ts";
import type { CloseReason } from "../connection/reasons.ts";
import { type AnswerReason, answerMeaning } from "../exchange/answers.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { endRecord, type OwnRecord } from "../exchange/record-notes.ts";
import { traceOf } from "../exchange/trace.ts";
import type { Outbox } from "../net/outbox.ts";
import type { RequestHead } from "../wire/request-head.ts";
import { answer, answering } from "./answer-text.ts";
import { errorPage } from "./error-page.ts";

const CLOSE = "Connection: close\r\n";
/** The one interim response of our own (RFC 9110 section 15.2.1). */
export const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** Where the answer goes. */
interface Answered extends ClientConnection {
  readonly outbox: Outbox;
  readonly messages: HopMessages;
  flush(): void;
}

/** @param head what was read of the request; nothing: undefined */
export function answerRefused(
  context: ProxyContext,
  downstream: Answered,
  head: RequestHead | undefined,
  record: OwnRecord,
  reason: AnswerReason,
  closeReason: CloseReason,
): void {
  downstream.messages.answered(closeReason);
  record.reason = reason;
  record.received = head?.unreadable;
  const method = head?.methodSoFar ?? "";
  const text = errorPage(
    context,
    { reason, method, target: head?.target ?? "" },
    answering(context, head?.fields, method, CLOSE),
  );
  send(context, downstream, record, answerMeaning(reason).status, text);
}

/** Answers TRACE and OPTIONS as their final recipient (RFC 9110 section 7.6.2). */
export function answerFinally(context: ProxyContext, downstream: Answered, head: RequestHead, record: OwnRecord): void {
  downstream.messages.answered("max-forwards");
  const asked = answering(context, head.fields, head.method, CLOSE);
  const text =
    head.method === "TRACE" ? answer(200, "message/http", traceOf(head), "", asked) : answer(200, "", "", "", asked);
  send(context, downstream, record, 200, text);
}

function send(context: ProxyContext, downstream: Answered, record: OwnRecord, status: number, text: string): void {
  record.outcome = "answered";
  record.status = status;
  downstream.outbox.addText(text);
  downstream.flush();
  endRecord(context, record);
}
