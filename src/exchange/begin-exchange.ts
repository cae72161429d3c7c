/**
 * What an admitted request begins: an exchange with an origin, or a request for a tunnel; where it takes time, the check of its
 * credentials or a hook of the application's comes first, and it waits (waiting-exchange.ts).
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
import type { ExchangeRecord } from "./exchange-record.ts";
import { beginHooked } from "./run-hooks.ts";
import { TunnelRequest } from "./tunnel-request.ts";
import { WaitingExchange } from "./waiting-exchange.ts";

/** What an admitted request begins. */
export function begin(
  context: ProxyContext,
  client: ClientSide,
  head: RequestMessage,
  admission: Admission,
  record: ExchangeRecord,
): ClientExchange {
  if (!context.isGateway) return beginForward(context, client, head, admission, record);
  if (context.hooks.onRequest === undefined) return new Exchange(context, client, head, admission, record);
  const parts = { context, client, head, admission, record };
  return beginHooked(parts, (sent, decided) => new Exchange(context, client, sent, decided, record));
}

function beginForward(
  context: ProxyContext,
  client: ClientSide,
  head: RequestMessage,
  admission: Admission,
  record: ExchangeRecord,
): ClientExchange {
  const authentication = context.settings.forward?.authentication;
  const { clientName } = client.connection;
  const credentials = head.fields.valuesOf(Kind.proxyAuthorization);
  const judged = (verdict: Verdict | "drain-deadline"): ClientExchange => {
    const user = verdict === "good" ? authentication?.nameOf(credentials) : undefined;
    const key = user === undefined ? clientKeyOf(clientName) : userKeyOf(user);
    const decided = { ...admission, client: key };
    const what = verdict === "good" ? decided : { ...decided, denied: verdict };
    const Begun = admission.target.form === "authority" ? TunnelRequest : Exchange;
    return new Begun(context, client, head, what, record);
  };
  if (authentication === undefined) return judged("good");
  let waiting: WaitingExchange | undefined;
  const verdict = authentication.judge(credentials, clientName, (late) => waiting?.goOn(() => judged(late)));
  if (verdict !== undefined) return judged(verdict);
  waiting = new WaitingExchange(context, client, record, () => judged("drain-deadline"));
  return waiting;
}
