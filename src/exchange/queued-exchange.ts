/**
 * A request that waits in the line of its route (route-lines.ts).
 *
 * Somebody waits for an answer, unlike for what ends by itself in a moment: so its client is watched, and it gives way where clients'
 * connections are short.
 */
import type { Place } from "../connection/fair-share.ts";
import type { ClientExchange, ExchangeStage } from "./client-exchange.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import type { OwnRecord } from "./record-notes.ts";
import { type GivenUp, WaitingExchange } from "./waiting-exchange.ts";

export class QueuedExchange extends WaitingExchange {
  override readonly stage: ExchangeStage = "unanswered";
  private readonly owner: string;
  private readonly whenGivingWay: () => ClientExchange;

  /** @param owner whose it is */
  constructor(
    context: ProxyContext,
    client: ClientSide,
    record: OwnRecord,
    owner: string,
    deny: (reason: GivenUp | "gave-way") => ClientExchange,
  ) {
    super(context, client, record, deny);
    this.owner = owner;
    this.whenGivingWay = () => deny("gave-way");
  }

  override get place(): Place {
    const { owner: client, record } = this;
    const giveWay = () => this.goOn(this.whenGivingWay);
    return { client, since_ms: record.arrivedAt_ms, movedBytes: 0, isSlow: false, giveWay };
  }
}
