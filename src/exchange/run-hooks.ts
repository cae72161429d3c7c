/**
 * Calls the hooks of the application: what they throw, return or never settle concerns their own exchange only, and has a reason.
 */
import { limitTime } from "../net/time-limit.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import type { Admission } from "./admission.ts";
import type { AnswerReason } from "./answers.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import { RequestView, ResponseView } from "./hook-views.ts";
import { leadsToTls, serverNamedBy } from "./origin-references.ts";
import { checkAnswer } from "./own-answers.ts";
import type { OwnRecord } from "./record-notes.ts";
import { WaitingExchange } from "./waiting-exchange.ts";

export interface HookedParts {
  readonly context: ProxyContext;
  readonly client: ClientSide;
  readonly head: RequestMessage;
  readonly admission: Admission;
  readonly record: OwnRecord;
}

type Begin = (head: RequestMessage, admission: Admission) => ClientExchange;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";
}

/** Asks `onRequest`, and begins with what it says. */
export function beginHooked(parts: HookedParts, begin: Begin): ClientExchange {
  const { context, client, head, admission, record } = parts;
  const { hooks, observer, clock } = context;
  const request = new RequestView(head, admission, client.connection, context);
  // A 2xx to CONNECT would say that there is a tunnel (RFC 9110 section 9.3.6).
  const leastStatus = admission.target.form === "authority" ? 300 : 200;
  const denied = (reason: AnswerReason) => begin(head, { ...admission, denied: reason });
  const failed = (fault: unknown) => {
    request.send();
    observer.hookFailed("onRequest", fault);
    return denied("hook-failed");
  };
  const goOn = (result: unknown): ClientExchange => {
    try {
      const answer = result === undefined ? undefined : checkAnswer(result, leastStatus);
      const sent = request.send();
      return begin(sent.head, { ...sent.admission, hooked: request, ...(answer === undefined ? {} : { answer }) });
    } catch (fault) {
      return failed(fault);
    }
  };
  let result: unknown;
  try {
    admission.route?.changes?.request?.(request);
    result = hooks.onRequest?.(request);
    // Also what it returned may throw when it is looked at.
    if (!isThenable(result)) return goOn(result);
  } catch (fault) {
    return failed(fault);
  }

  const waiting = new WaitingExchange(context, client, record, (reason) => {
    request.send();
    return denied(reason);
  });
  const stop = limitTime(clock, hooks.timeout_ms, () =>
    waiting.goOn(() => {
      request.send();
      observer.hookFailed("onRequest", new Error(`its promise was not settled within ${hooks.timeout_ms} ms`));
      return denied("hook-timeout");
    }),
  );
  const settled = (what: () => ClientExchange) => {
    stop();
    waiting.goOn(what);
  };
  // What only looks like a promise may call back at once.
  Promise.resolve(result).then(
    (late) => settled(() => goOn(late)),
    (fault: unknown) => settled(() => failed(fault)),
  );
  return waiting;
}

/** Asks `onResponse`, if it is an origin's. @returns the response as it goes on; the hook has failed: undefined */
export function hookedResponse(
  context: ProxyContext,
  head: ResponseMessage,
  asked: Pick<HookedParts, "head" | "admission" | "client">,
): ResponseMessage | undefined {
  const { admission, client } = asked;
  const { route, answer } = admission;
  const changes = route?.changes;
  const { isTrusted, socket } = client.connection;
  if ((context.hooks.onResponse ?? changes?.response) === undefined || answer !== undefined) return head;
  const request = admission.hooked ?? new RequestView(asked.head, admission, client.connection, context);
  const response = new ResponseView(head);
  try {
    changes?.response?.(response, {
      variable: (name) => request.variable(name),
      authority: admission.target.authority,
      namesOrigin: (scheme, authority) =>
        context.referencesOf(admission.origin).namesOrigin(scheme, authority) ||
        leadsToTls(scheme, authority, serverNamedBy(asked.head, isTrusted, socket.isSecure === true)),
    });
    const result: unknown = context.hooks.onResponse?.(response, request);
    if (isThenable(result)) result.then(undefined, () => undefined);
    if (result !== undefined)
      throw new TypeError("onResponse must return nothing, and no promise: it cannot be waited for");
    return response.send();
  } catch (fault) {
    response.send();
    context.observer.hookFailed("onResponse", fault);
    return undefined;
  }
}
