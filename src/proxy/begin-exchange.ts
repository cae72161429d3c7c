/**
 * What an admitted request begins: an exchange with an origin, a request for a tunnel, or, where it takes time, first the
 * check of its credentials. What follows the head waits on the client's connection meanwhile, bounded there.
 *
 * Deliberately absent: a limit of time for the check. It ends in any case, and has its own bounds.
 */
import type { Place } from "../connection/fair-share.ts";
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
import { TunnelRequest } from "./tunnel-request.ts";

/** Makes what an admitted request begins, once it is known what became of its credentials. */
type Judged = (verdict: Verdict | "drain-deadline") => ClientExchange;

/** What an admitted request begins. */
export function begin(
  context: ProxyContext,
  client: ClientSide,
  head: RequestMessage,
  admission: Admission,
  record: ExchangeRecord,
): ClientExchange {
  if (context.isGateway) return new Exchange(context, client, head, admission, record);
  return beginForward(context, client, head, admission, record);
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
  const judged: Judged = (verdict) => {
    const user = verdict === "good" ? authentication?.nameOf(credentials) : undefined;
    const key = user === undefined ? clientKeyOf(clientName) : userKeyOf(user);
    const decided = { ...admission, client: key };
    const what = verdict === "good" ? decided : { ...decided, denied: verdict };
    const Begun = admission.target.form === "authority" ? TunnelRequest : Exchange;
    return new Begun(context, client, head, what, record);
  };
  if (authentication === undefined) return judged("good");
  let check: CredentialsCheck | undefined;
  const verdict = authentication.judge(credentials, clientName, (late) => check?.end(late));
  if (verdict !== undefined) return judged(verdict);
  check = new CredentialsCheck(context, client, record, judged);
  return check;
}

class CredentialsCheck implements ClientExchange {
  readonly owed = "nothing";
  readonly requestBytes = 0;
  readonly stage = "local";
  private readonly context: ProxyContext;
  private readonly client: ClientSide;
  readonly record: ExchangeRecord;
  private readonly judged: Judged;
  private isOver = false;

  constructor(context: ProxyContext, client: ClientSide, record: ExchangeRecord, judged: Judged) {
    this.context = context;
    this.client = client;
    this.record = record;
    this.judged = judged;
  }

  /** It ends soon by itself, and gives no way. */
  get place(): Place {
    const client = clientKeyOf(this.client.connection.clientName);
    return { client, since_ms: this.record.startedAt_ms, movedBytes: 0, isSlow: false, giveWay: () => {} };
  }

  end(verdict: Verdict | "drain-deadline"): void {
    if (this.isOver) return;
    this.isOver = true;
    this.client.goOn(this.judged(verdict));
  }

  seek(): void {}

  readRequest(_octets: unknown, from: number): number {
    return from;
  }

  /** What it sent before is still served. */
  onClientEnd(): void {}
  onClientDrain(): void {}
  onClientLate(): void {}
  onClientTooSlow(): void {}

  onClientGone(): void {
    this.abandon();
  }

  onBroken(): void {
    this.abandon();
  }

  cut(): void {
    this.end("drain-deadline");
  }

  private abandon(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { record, context } = this;
    record.outcome = "client-gone";
    record.endedAt_ms = context.clock.now();
    context.observer.exchangeEnded(record);
  }
}
