/**
 * What another server's request asks for: its head, judged again; its body, where something has read that before.
 *
 * Deliberately absent: `Upgrade`. Of a request that came as one nothing can become a tunnel, so none is offered to the origin.
 */
import { type Admission, admit } from "../proxy/admission.ts";
import { type AnswerReason, answer } from "../proxy/answers.ts";
import type { ProxyContext } from "../proxy/context.ts";
import { traceOf } from "../proxy/trace.ts";
import type { Octets } from "../wire/octets.ts";
import type { RequestHead } from "../wire/request-head.ts";
import { bodyAgain, wasRead } from "./consumed-body.ts";
import type { Forwarded } from "./door-exchange.ts";
import type { HandlerConfig } from "./handler-config.ts";
import { isHttp2, type Request, type Response } from "./outer.ts";
import type { OuterClient } from "./outer-client.ts";
import { FieldNames, readHead } from "./request-head.ts";

/** A request that goes no further. */
export interface Refused {
  readonly refusal: AnswerReason;
  readonly head: RequestHead;
}

const UPGRADE = new FieldNames("upgrade");
/** 100 (Continue) has been said: there is nothing to wait for any more. */
const UPGRADE_AND_EXPECT = new FieldNames("upgrade", "expect");
const CHUNKED = "Transfer-Encoding: chunked\r\n";
/** What a body that is put together again does not need. */
const FRAMING_TOO = new FieldNames("upgrade", "expect", "content-length", "transfer-encoding", "trailer");

export function readForwarded(
  request: Request,
  response: Response,
  client: OuterClient,
  context: ProxyContext,
  { keepsMountPath, body: source }: HandlerConfig,
): Forwarded | Refused {
  const { settings } = context;
  const { url = "" } = request;
  const target = keepsMountPath ? (request.originalUrl ?? url) : url;
  const isContinueOurs = owesContinue(request, response);
  const without = isContinueOurs ? UPGRADE : UPGRADE_AND_EXPECT;
  const writing = { target, without, instead: comesInPieces(request) ? CHUNKED : "" };
  const { head, refusal } = readHead(request, writing, settings.headLimits);
  if (refusal !== undefined) return { refusal, head };
  const admission = admitted(head, client, context);
  if (typeof admission === "string") return { refusal: admission, head };
  const { kind, length } = admission.framing;
  if (kind === "none" || length === 0 || !wasRead(request)) return { head, admission, body: undefined, isContinueOurs };

  const body = bodyAgain(request, head, kind === "length" ? length : undefined, source);
  if (body === undefined) return { refusal: "body-consumed", head };
  const again = {
    target,
    without: FRAMING_TOO,
    instead: `Content-Length: ${body.length}\r\n`,
  };
  return readAgain(request, again, body, client, context);
}

function readAgain(
  request: Request,
  writing: Parameters<typeof readHead>[1],
  body: Octets,
  client: OuterClient,
  context: ProxyContext,
): Forwarded | Refused {
  const { head, refusal } = readHead(request, writing, context.settings.headLimits);
  if (refusal !== undefined) return { refusal, head };
  const admission = admitted(head, client, context);
  if (typeof admission === "string") return { refusal: admission, head };
  return { head, admission, body, isContinueOurs: false };
}

function admitted(head: RequestHead, client: OuterClient, { settings }: ProxyContext): Admission | AnswerReason {
  return admit(head, settings.viaName, true, client.isTrusted || client.socket.isSecure === true);
}

/** Whether an HTTP/2 request has a body whose length it does not tell. */
function comesInPieces(request: Request): boolean {
  if (!isHttp2(request) || request.stream === undefined || request.stream.endAfterHeaders === true) return false;
  return !request.rawHeaders.includes("content-length");
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
  const answering = context.answerContext(head, "");
  if (head.method === "TRACE") return answer(200, "message/http", traceOf(head), "", answering);
  return answer(200, "", "", "", answering);
}
