/** A request's head with the trace that its attempt belongs to, instead of the client's. Deliberately absent: which, see exchange/tracing.ts. */
import type { TraceFields } from "../exchange/tracing.ts";
import { FieldChanges } from "../wire/field-changes.ts";
import type { RequestMessage } from "../wire/messages.ts";

/** @param trace as the client said it: undefined */
export function tracedHead(head: RequestMessage, trace: TraceFields | undefined): RequestMessage {
  if (trace === undefined) return head;
  const changes = (head.changes ?? new FieldChanges()).without("traceparent").without("tracestate");
  changes.set("traceparent", trace.traceparent);
  changes.set("tracestate", trace.tracestate === "" ? [] : trace.tracestate);
  const { method, target, minorVersion, receivedMinorVersion, fields, isIrregular } = head;
  const hasNewStartLine = head.hasNewStartLine === true;
  return { method, target, minorVersion, receivedMinorVersion, fields, isIrregular, changes, hasNewStartLine };
}
