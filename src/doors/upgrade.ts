/**
 * An upgrade: the server outside gives its socket away, and hopwise treats it as one that it accepted itself, for one request.
 *
 * The head is written again as bytes, and read as from any socket. So 101 begins a tunnel, and anything else is answered on the
 * socket, which then closes: another request on it would be one that the server outside never judged. Deliberately absent: mount
 * paths. No framework routes upgrades, so `request.url` is the whole of it.
 */

import type { AnswerReason } from "../exchange/answers.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { answering, errorAnswer } from "../http1/answer-text.ts";
import { readsUpgradeBodies, type StreamSocket, socketOver } from "../net/runtime.ts";
import type { Octets } from "../wire/octets.ts";
import { type HandlerSocket, type Request, rooted } from "./outer.ts";
import { headText, noFields } from "./request-head.ts";

const CLOSE = "Connection: close\r\n";

export function upgrade(
  gateway: Gateway,
  isClosing: boolean,
  request: Request,
  stream: HandlerSocket,
  early: Uint8Array,
): void {
  // It would never tell that it is gone.
  if (stream.destroyed) return;
  const text = headText(request, { target: rooted(request.url ?? ""), without: noFields, instead: "" });
  const refusal = isClosing ? "drain-deadline" : refusalOf(request, text);
  if (refusal !== undefined || text === undefined) {
    const answer = errorAnswer(refusal ?? "control-character", answering(gateway.context, undefined, "", CLOSE));
    stream.on("error", () => undefined);
    (stream as StreamSocket).end(answer, "latin1");
    return;
  }
  const socket = socketOver(stream as StreamSocket);
  gateway.accept(socket);
  // Each time whoever it is by then: a tunnel, or somebody who reads to the end.
  socket.handler.onData(Buffer.from(text, "latin1") as unknown as Octets);
  if (early.length > 0) socket.handler.onData(Buffer.from(early) as unknown as Octets);
}

/** Of `http.Server` in newer runtimes: whether a request that asks for an upgrade is told as one. */
interface UpgradeJudge {
  shouldUpgradeCallback?: (request: Request) => boolean;
}

const judged = new WeakSet<object>();

/**
 * From now on a request with a body is a request, whatever protocol it asks for (Java's client asks for h2c with each): where the runtime
 * reads such bodies itself, they could not go on as an upgrade.
 */
export function leaveBodiesToRequests(server: object): void {
  const judge = server as UpgradeJudge;
  const { shouldUpgradeCallback: before } = judge;
  if (!readsUpgradeBodies || before === undefined || judged.has(server)) return;
  judged.add(server);
  judge.shouldUpgradeCallback = (request) => before.call(server, request) && !hasBody(request);
}

function refusalOf(request: Request, text: string | undefined): AnswerReason | undefined {
  if (text === undefined) return "control-character";
  // Bytes of it would come from two places, and nobody could tell how they belong together.
  return readsUpgradeBodies && hasBody(request) ? "content-not-allowed" : undefined;
}

function hasBody({ rawHeaders }: Request): boolean {
  return rawHeaders.some((field, index) => {
    const name = index % 2 === 0 ? field.toLowerCase() : "";
    return name === "transfer-encoding" || (name === "content-length" && Number(rawHeaders[index + 1]) !== 0);
  });
}
