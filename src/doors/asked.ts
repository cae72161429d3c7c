/**
 * What another server's request asks for: its head, judged again; its body, where something has read that before.
 *
 * Deliberately absent: `Upgrade`. Of a request that came as one nothing can become a tunnel, so none is offered to the origin.
 */
import { type Admission, admit } from "../exchange/admission.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { thrownText } from "../exchange/thrown-text.ts";
import { traceOf } from "../exchange/trace.ts";
import { answer, answering } from "../http1/answer-text.ts";
import type { Octets } from "../wire/octets.ts";
import type { RequestHead } from "../wire/request-head.ts";
import { bodyAgain, wasRead } from "./consumed-body.ts";
import type { HandlerConfig } from "./handler-config.ts";
import { isHttp2, type Request, type Response, rooted } from "./outer.ts";
import type { OuterClient } from "./outer-client.ts";
import { FieldNames, type HeadWriting, readHead } from "./request-head.ts";

/** A request that is forwarded. */
export interface Forwarded {
  readonly head: RequestHead;
  readonly admission: Admission;
  /** Its body, where something has read it before and it was put together again; otherwise it is read: undefined. */
  readonly body: Octets | undefined;
  /** The server outside has left it to us to say 100 (Continue). */
  readonly isContinueOurs: boolean;
}

/** A request that goes no further. */
export interface Refused {
  readonly refusal: AnswerReason;
  readonly head: RequestHead;
}

const UPGRADE = new FieldNames("upgrade");
/** A body that is put together again has a framing of its own, and waits for nothing. */
const UPGRADE_AND_FRAMING = new FieldNames("upgrade", "expect", "content-length", "transfer-encoding", "trailer");
const CHUNKED = "Transfer-Encoding: chunked\r\n";

export function readForwarded(
  request: Request,
  response: Response,
  client: OuterClient,
  context: ProxyContext,
  { keepsMountPath, body: source }: HandlerConfig,
): Forwarded | Refused {
  const { url = "" } = request;
  const target = rooted(keepsMountPath ? (request.originalUrl ?? url) : url);
  const instead = comesInPieces(request) ? CHUNKED : "";
  const asked = admitted(request, { target, without: UPGRADE, instead }, client, context);
  if ("refusal" in asked) return asked;
  const { head, admission } = asked;
  const { kind, length } = admission.framing;
  if (kind !== "none" && length !== 0 && wasRead(request)) {
    const body = bodyOf(request, head, kind === "length" ? length : undefined, source);
    if (body === undefined) return { refusal: "body-consumed", head };
    const again = { target, without: UPGRADE_AND_FRAMING, instead: `Content-Length: ${body.length}\r\n` };
    const repeated = admitted(request, again, client, context);
    return "refusal" in repeated ? repeated : { ...repeated, body, isContinueOurs: false };
  }
  const isContinueOurs = admission.expectsContinue && owesContinue(request, response);
  // 100 (Continue) has been said: there is nothing to wait for any more.
  const decided = isContinueOurs ? admission : { ...admission, expectsContinue: false };
  return { head, admission: decided, body: undefined, isContinueOurs };
}

function admitted(
  request: Request,
  writing: HeadWriting,
  client: OuterClient,
  { settings }: ProxyContext,
): { readonly head: RequestHead; readonly admission: Admission } | Refused {
  const { head, refusal } = readHead(request, writing, settings.headLimits);
  if (refusal !== undefined) return { refusal, head };
  const admission = admit(head, settings.viaName, true, client);
  return typeof admission === "string" ? { refusal: admission, head } : { head, admission };
}

/** A function of the application's that throws harms its own request alone. */
function bodyOf(...asking: Parameters<typeof bodyAgain>): Octets | undefined {
  try {
    return bodyAgain(...asking);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : thrownText(error));
    return undefined;
  }
}

/** Whether an HTTP/2 request has a body whose length it does not tell. */
function comesInPieces(request: Request): boolean {
  if (!isHttp2(request) || request.stream === undefined || request.stream.endAfterHeaders === true) return false;
  return !request.rawHeaders.some((field, index) => index % 2 === 0 && field === "content-length");
}

/**
 * Whether the client waits for 100 (Continue), and the server outside has left it to us: without a listener for `checkContinue` Node
 * says it before anybody hears of the request.
 */
function owesContinue(request: Request, response: Response): boolean {
  const { stream, socket } = request;
  if (stream !== undefined) return stream.sentInfoHeaders?.some((it) => it[":status"] === 100) === false;
  if (response._sent100 === true) return false;
  return (socket?.server?.listenerCount?.("checkContinue") ?? 0) > 0;
}

/** The answer to TRACE and OPTIONS as their final recipient (RFC 9110 section 7.6.2). */
export function answerAtEnd(head: RequestHead, context: ProxyContext): string {
  const asked = answering(context, head.fields, head.method, "");
  if (head.method === "TRACE") return answer(200, "message/http", traceOf(head), "", asked);
  return answer(200, "", "", "", asked);
}
