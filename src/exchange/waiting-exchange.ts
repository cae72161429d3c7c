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

/** Why it cannot be waited for any longer: the drain's deadline has come, or what was to begin has a fault of our own. */
export type GivenUp = "drain-deadline" | "internal-error";

export class WaitingExchange implements ClientExchange {
  readonly owed = "nothing";
  readonly requestBytes = 0;
  readonly stage: ExchangeStage = "local";
  private readonly context: ProxyContext;
  private readonly client: ClientSide;
  readonly record: OwnRecord;
  /** What it begins where it is given up. */
  private readonly deny: (reason: GivenUp) => ClientExchange;
  private isOver = false;

  constructor(context: ProxyContext, client: ClientSide, record: OwnRecord, deny: (reason: GivenUp) => ClientExchange) {
    this.context = context;
    this.client = client;
    this.record = record;
    this.deny = deny;
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
    this.client.goOn(this.begun(begin));
  }

  /** Nobody else would hear of a fault here: it may be a timer's turn, or a promise's. */
  private begun(begin: () => ClientExchange): ClientExchange {
    try {
      return begin();
    } catch (fault) {
      this.context.observer.internalError(fault);
      return this.deny("internal-error");
    }
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
    this.goOn(() => this.deny("drain-deadline"));
  }

  private abandon(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { record, context } = this;
    record.outcome = "client-gone";
    endRecord(context, record);
  }
}
