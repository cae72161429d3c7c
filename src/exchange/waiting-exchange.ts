/**
 * A request that waits for something of ours before it begins: the check of its credentials, or a hook of the application's.
 *
 * What follows its head waits on the client's connection meanwhile, bounded there. Deliberately absent: a limit of time. Whatever
 * is waited for ends in any case, and has its own bounds.
 */
import type { Place } from "../connection/fair-share.ts";
import type { ClientExchange, ExchangeStage } from "./client-exchange.ts";
import { clientKeyOf } from "./client-key.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import { endRecord, type OwnRecord } from "./record-notes.ts";

export class WaitingExchange implements ClientExchange {
  readonly owed = "nothing";
  readonly requestBytes = 0;
  readonly stage: ExchangeStage = "local";
  private readonly context: ProxyContext;
  private readonly client: ClientSide;
  readonly record: OwnRecord;
  /** What it begins where it cannot be waited for any longer: the drain's deadline has come. */
  private readonly whenCut: () => ClientExchange;
  private isOver = false;

  constructor(context: ProxyContext, client: ClientSide, record: OwnRecord, whenCut: () => ClientExchange) {
    this.context = context;
    this.client = client;
    this.record = record;
    this.whenCut = whenCut;
  }

  /** It ends soon by itself, and gives no way. */
  get place(): Place {
    const client = clientKeyOf(this.client.connection.record.peer);
    return { client, since_ms: this.record.arrivedAt_ms, movedBytes: 0, isSlow: false, giveWay: () => {} };
  }

  /** What was waited for is there. @param begin what the request begins; not asked for if it is over already */
  goOn(begin: () => ClientExchange): void {
    if (this.isOver) return;
    this.isOver = true;
    this.client.goOn(begin());
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
    this.goOn(this.whenCut);
  }

  private abandon(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { record, context } = this;
    record.outcome = "client-gone";
    endRecord(context, record);
  }
}
