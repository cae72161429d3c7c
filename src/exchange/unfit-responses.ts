/**
 * Responses that are well-formed and still no answer to what was asked, each `no` with its reason.
 *
 * Deliberately absent: how they are framed (wire/framing.ts).
 */
import type { ResponseMessage } from "../wire/messages.ts";
import { type Admission, isSwitchOffered } from "./admission.ts";
import type { AnswerReason } from "./answers.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";

interface Asked {
  readonly client: ClientSide;
  readonly admission: Admission;
}

/** Final ones. It is fit: undefined. */
export function unfitFinal(
  { status }: ResponseMessage,
  { client, admission }: Asked,
  context: ProxyContext,
): AnswerReason | undefined {
  if (status === 407 && !context.isGateway && admission.answer === undefined) return "proxy-authentication-unexpected";
  return status < 300 && client.agreement !== undefined ? "upgrade-not-agreed" : undefined;
}

/** 101 (Switching Protocols). It is fit: undefined. */
export function unfitSwitch(head: ResponseMessage, { client, admission }: Asked): AnswerReason | undefined {
  if (!isSwitchOffered(admission, head)) return "upgrade-unexpected";
  const { acceptance } = client.agreement ?? {};
  if (acceptance === undefined) return undefined;
  return head.fields.get("sec-websocket-accept") === acceptance ? undefined : "upgrade-not-agreed";
}
