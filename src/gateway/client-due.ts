/** What becomes of a client whose time has passed: which time it was decides (client-limits.ts). */
import type { Life } from "../connection/life.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { Socket } from "../net/ports.ts";
import { type ClientDue, whyUnheard } from "./client-limits.ts";

/** The client's connection, as far as its limits end it. */
export interface DueClient {
  readonly life: Pick<Life, "state">;
  readonly socket: Pick<Socket, "isSecure" | "security" | "preamble">;
  /** Why it may not idle for long, if so. */
  readonly leaving: CloseReason | undefined;
  close(reason: CloseReason): void;
  /** With an answer, where something was asked. */
  turnAway(reason: AnswerReason, closeReason: CloseReason): void;
  /** The work for it is cancelled. */
  giveUpOnClient(reason: CloseReason): void;
  sayContinue(): void;
}

export function onClientDue(due: ClientDue, client: DueClient, exchange: ClientExchange | undefined): void {
  switch (due) {
    case "keep-alive":
      return client.close(client.leaving ?? "idle-timeout");
    case "head":
      return client.turnAway(
        "head-timeout",
        client.life.state === "active" ? "head-timeout" : whyUnheard(client.socket),
      );
    case "body-late":
      return exchange?.onClientLate();
    case "body-too-slow":
      return exchange?.onClientTooSlow();
    case "write-late":
      return client.giveUpOnClient("write-timeout");
    case "write-too-slow":
      return client.giveUpOnClient("too-slow");
    case "presence-probe":
      return client.sayContinue();
    case "presence-cancel":
      return client.giveUpOnClient("client-closed");
  }
}
