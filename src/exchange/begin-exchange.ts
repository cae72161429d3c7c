/**
 * What an admitted request begins, in this order: a listener that redirects answers; its route is found (routing.ts); the operator's
 * rules judge it (judging.ts); hooks of the application are asked (run-hooks.ts); then it is an exchange with an origin (exchange.ts), or a
 * request for a tunnel. What does not apply is left out, and where a step takes time the request waits (waiting-exchange.ts).
 */
import { Kind } from "../wire/fields.ts";
import type { RequestMessage } from "../wire/messages.ts";
import type { Admission } from "./admission.ts";
import type { Verdict } from "./authentication.ts";
import type { ClientExchange } from "./client-exchange.ts";
import { clientKeyOf, userKeyOf } from "./client-key.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { beginJudged } from "./judging.ts";
import type { OwnRecord } from "./record-notes.ts";
import { redirected } from "./redirect.ts";
import { beginHooked } from "./run-hooks.ts";
import { TunnelRequest } from "./tunnel-request.ts";
import { type GivenUp, WaitingExchange } from "./waiting-exchange.ts";

/** What an admitted request begins; where a fault of our own shows in that, its answer: whatever was begun with a record has an end. */
export function begin(
  context: ProxyContext,
  client: ClientSide,
  head: RequestMessage,
  admission: Admission,
  record: OwnRecord,
): ClientExchange {
  try {
    return beginChecked(context, client, head, admission, record);
  } catch (fault) {
    context.observer.internalError(fault);
    return new Exchange(context, client, head, { ...admission, denied: "internal-error" }, record);
  }
}

function beginChecked(
  context: ProxyContext,
  client: ClientSide,
  head: RequestMessage,
  admission: Admission,
  record: OwnRecord,
): ClientExchange {
  const { redirectPort } = client.connection.socket;
  if (redirectPort !== undefined) {
    return new Exchange(context, client, head, redirected(admission, redirectPort), record);
  }
  if (!context.isGateway) return beginForward(context, client, head, admission, record);
  const decided = context.routing.decide?.(head, admission, client.connection) ?? admission;
  if (decided.route?.policy === undefined && context.settings.rateLimit === undefined) {
    return beginAllowed(context, client, head, decided, record);
  }
  const parts = { context, client, head, admission: decided, record };
  return beginJudged(parts, (judged) => beginAllowed(context, client, head, judged, record));
}

function beginAllowed(
  context: ProxyContext,
  client: ClientSide,
  head: RequestMessage,
  admission: Admission,
  record: OwnRecord,
): ClientExchange {
  const Begun = admission.target.form === "authority" ? TunnelRequest : Exchange;
  // What is denied, or answered by a route, is nothing to an application, which may be asked for too much.
  const isAsked = context.hooks.onRequest !== undefined || admission.route?.changes?.request !== undefined;
  if (!isAsked || admission.denied !== undefined || admission.answer !== undefined) {
    return new Begun(context, client, head, admission, record);
  }
  const parts = { context, client, head, admission, record };
  return beginHooked(parts, (sent, decided) => new Begun(context, client, sent, decided, record));
}

function beginForward(
  context: ProxyContext,
  client: ClientSide,
  head: RequestMessage,
  admission: Admission,
  record: OwnRecord,
): ClientExchange {
  const authentication = context.settings.forward?.authentication;
  const { peer } = client.connection.record;
  const credentials = head.fields.valuesOf(Kind.proxyAuthorization);
  const judged = (verdict: Verdict | GivenUp): ClientExchange => {
    const user = verdict === "good" ? authentication?.nameOf(credentials) : undefined;
    if (user !== undefined) record.user = user;
    const key = user === undefined ? clientKeyOf(peer) : userKeyOf(user);
    const decided = { ...admission, client: key, ...(user === undefined ? {} : { user }) };
    const what = verdict === "good" ? decided : { ...decided, denied: verdict };
    return beginAllowed(context, client, head, what, record);
  };
  if (authentication === undefined) return judged("good");
  let waiting: WaitingExchange | undefined;
  const verdict = authentication.judge(credentials, peer, (late) => waiting?.goOn(() => judged(late)));
  if (verdict !== undefined) return judged(verdict);
  waiting = new WaitingExchange(context, client, record, judged);
  return waiting;
}
