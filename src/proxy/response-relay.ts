/**
 * The response on its way to the client: interim responses, the final one's head, its body, its trailers.
 *
 * What may be forwarded has been handed to the client's side when `read` returns. Deliberately absent: connections; what the
 * response means for them is the exchange's decision.
 */
import { BodyReader } from "../wire/body-reader.ts";
import type { BodySink } from "../wire/chunk-scanner.ts";
import { type ConnectionOptions, connectionOptionsOf } from "../wire/fields.ts";
import { type Framing, responseFraming } from "../wire/framing.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { responseHeadFor } from "../wire/tolerance.ts";
import type { AnswerReason } from "./answers.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";

/**
 * 1xx responses to one request: so many at once, and one more for each second since it began. A job that reports its progress
 * may take all day; a flood ends.
 */
const INTERIM_RESPONSES_AT_ONCE_MAX = 32;
const INTERIM_RESPONSE_EVERY_MS = 1_000;

/** Who is told what the origin said, before the client is. */
export interface ResponseReceiver {
  onInterim(status: number): void;
  /** It tells the client. */
  onFinal(head: ResponseHead, options: ConnectionOptions, framing: Framing): void;
  /** 101: `rest` is what came behind it. */
  onSwitch(head: ResponseHead, rest: Octets): void;
  onFault(reason: AnswerReason, refusal?: RefusalCode): void;
  /** @param hasMore octets came behind the response */
  onComplete(hasMore: boolean): void;
}

export class ResponseRelay implements BodySink {
  /** Octets of the body received. */
  bytes = 0;
  isComplete = false;
  private head: ResponseHead | undefined;
  /** Set once the final response's head was forwarded. */
  private body: BodyReader | undefined;
  private interimResponses = 0;
  private readonly beganAt_ms: number;
  private readonly context: ProxyContext;
  private readonly request: RequestHead;
  private readonly receiver: ResponseReceiver;
  private readonly client: ClientSide;

  constructor(context: ProxyContext, request: RequestHead, receiver: ResponseReceiver, client: ClientSide) {
    this.context = context;
    this.request = request;
    this.receiver = receiver;
    this.client = client;
    this.beganAt_ms = context.clock.now();
  }

  /** Whether the client has been sent (some of) the final response. */
  get isForwarding(): boolean {
    return this.body !== undefined;
  }

  /** Whether the origin owes a response and has sent nothing of it (or of the next one, after an interim one). */
  get isAwaited(): boolean {
    return this.head === undefined && this.body === undefined;
  }

  /** Whether a head has begun to arrive and is not complete. */
  get isInHead(): boolean {
    return this.head !== undefined && this.body === undefined;
  }

  read(octets: Octets): void {
    let position = 0;
    while (this.body === undefined) {
      this.head ??= responseHeadFor(this.context.settings.headLimits, this.context.settings.tolerates);
      const { head } = this;
      position = head.read(octets, position);
      if (position < 0) {
        if (head.refusal !== undefined) this.receiver.onFault("response-malformed", head.refusal);
        return;
      }
      if (head.tolerated.length > 0) this.tellTolerated(head);
      if (head.status === 101) return this.receiver.onSwitch(head, octets.subarray(position));
      if (head.status >= 200) {
        if (!this.forwardHead(head)) return;
      } else if (!this.forwardInterim(head) || position === octets.length) {
        return;
      }
    }
    this.readBody(this.body, octets, position);
  }

  private tellTolerated({ tolerated }: ResponseHead): void {
    for (const kind of tolerated) this.context.observer.responseTolerated?.(kind);
  }

  private get age_ms(): number {
    return this.context.clock.now() - this.beganAt_ms;
  }

  private forwardInterim(head: ResponseHead): boolean {
    this.head = undefined;
    if (++this.interimResponses > INTERIM_RESPONSES_AT_ONCE_MAX + this.age_ms / INTERIM_RESPONSE_EVERY_MS) {
      this.receiver.onFault("too-many-interim-responses");
      return false;
    }
    const options = this.optionsOf(head);
    if (options === undefined) return false;
    this.receiver.onInterim(head.status);
    this.client.interim(head, options);
    return true;
  }

  private optionsOf(head: ResponseHead): ConnectionOptions | undefined {
    const options = connectionOptionsOf(head.fields);
    if (options.refusal === undefined) return options;
    this.receiver.onFault("response-malformed", options.refusal);
    return undefined;
  }

  private forwardHead(head: ResponseHead): boolean {
    const framing = responseFraming(head, this.request.method);
    if (typeof framing === "string") {
      this.receiver.onFault("response-malformed", framing);
      return false;
    }
    if (head.status === 407 && !this.context.isGateway) {
      this.receiver.onFault("proxy-authentication-unexpected");
      return false;
    }
    const options = this.optionsOf(head);
    if (options === undefined) return false;
    this.receiver.onFinal(head, options, framing);
    this.body = BodyReader.for(framing, this.context.settings.headLimits);
    return true;
  }

  private readBody(body: BodyReader, octets: Octets, from: number): void {
    const end = body.read(octets, from, this);
    if (body.refusal !== undefined) this.receiver.onFault("response-malformed", body.refusal);
    else if (body.isComplete) this.complete(end < octets.length);
  }

  onBodyOctets(octets: Octets, from: number, to: number): void {
    this.bytes += to - from;
    this.client.body(octets, from, to);
  }

  /** The origin closed in order. @returns whether the response is complete by that */
  endByClose(): boolean {
    if (this.isComplete || !this.body?.endByClose()) return this.isComplete;
    this.complete(false);
    return true;
  }

  private complete(hasMore: boolean): void {
    this.isComplete = true;
    this.client.endBody(this.body?.trailers);
    this.receiver.onComplete(hasMore);
  }
}
