/**
 * Reads what an origin says to one request: interim responses, the final one's head, its body, its trailers.
 *
 * What was read has been told when `read` returns. Deliberately absent: how far the response is, which its receiver notes
 * (connection/message-states.ts); connections, and what a response means for them.
 */
import { BodyReader } from "../wire/body-reader.ts";
import type { BodySink } from "../wire/chunk-scanner.ts";
import { type ConnectionOptions, connectionOptionsOf } from "../wire/fields.ts";
import { type Framing, responseFraming } from "../wire/framing.ts";
import type { HeadLimits } from "../wire/head-reader.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { responseHeadFor, type ToleranceKind } from "../wire/tolerance.ts";
import type { Trailers } from "../wire/trailers.ts";

export interface ResponseReceiver extends BodySink {
  /** A fault of this kind was mended. */
  onTolerated(kind: ToleranceKind): void;
  /** A head has begun, and is not whole. */
  onHeadBegun(): void;
  /** False: nothing more is wanted. */
  onInterim(head: ResponseHead, options: ConnectionOptions): boolean;
  /** False: nothing more is wanted. */
  onFinal(head: ResponseHead, options: ConnectionOptions, framing: Framing): boolean;
  /** 101: `rest` is what came behind it. */
  onSwitch(head: ResponseHead, rest: Octets): void;
  onMalformed(refusal: RefusalCode): void;
  /** @param hasMore bytes came behind the response */
  onComplete(trailers: Trailers | undefined, hasMore: boolean): void;
}

export interface ResponseLimits {
  readonly headLimits: HeadLimits;
  readonly tolerates: ReadonlySet<ToleranceKind>;
}

export class ResponseReader {
  private head: ResponseHead | undefined;
  /** Set once the final response's head was told. */
  private body: BodyReader | undefined;
  private readonly method: string;
  private readonly limits: ResponseLimits;
  private readonly receiver: ResponseReceiver;

  /** @param method the request's: it decides whether there is a body */
  constructor(method: string, limits: ResponseLimits, receiver: ResponseReceiver) {
    this.method = method;
    this.limits = limits;
    this.receiver = receiver;
  }

  read(octets: Octets): void {
    let position = 0;
    while (this.body === undefined) {
      const hadBegun = this.head !== undefined;
      this.head ??= responseHeadFor(this.limits.headLimits, this.limits.tolerates);
      const { head } = this;
      position = head.read(octets, position);
      if (position < 0) {
        if (head.refusal !== undefined) this.receiver.onMalformed(head.refusal);
        else if (!hadBegun) this.receiver.onHeadBegun();
        return;
      }
      for (const kind of head.tolerated) this.receiver.onTolerated(kind);
      if (head.status === 101) return this.receiver.onSwitch(head, octets.subarray(position));
      const goesOn = head.status >= 200 ? this.tellFinal(head) : this.tellInterim(head);
      if (!goesOn || (this.body === undefined && position === octets.length)) return;
    }
    this.readBody(this.body, octets, position);
  }

  private tellInterim(head: ResponseHead): boolean {
    this.head = undefined;
    const options = this.optionsOf(head);
    return options !== undefined && this.receiver.onInterim(head, options);
  }

  private tellFinal(head: ResponseHead): boolean {
    const framing = responseFraming(head, this.method);
    if (typeof framing === "string") {
      this.receiver.onMalformed(framing);
      return false;
    }
    const options = this.optionsOf(head);
    if (options === undefined || !this.receiver.onFinal(head, options, framing)) return false;
    this.body = BodyReader.for(framing, this.limits.headLimits, true);
    return true;
  }

  private optionsOf(head: ResponseHead): ConnectionOptions | undefined {
    const options = connectionOptionsOf(head.fields);
    if (options.refusal === undefined) return options;
    this.receiver.onMalformed(options.refusal);
    return undefined;
  }

  private readBody(body: BodyReader, octets: Octets, from: number): void {
    const end = body.read(octets, from, this.receiver);
    if (body.refusal !== undefined) this.receiver.onMalformed(body.refusal);
    else if (body.isComplete) this.complete(end < octets.length);
  }

  /** The origin closed in order, which ends a body that only a close ends. */
  endByClose(): void {
    if (this.body?.endByClose()) this.complete(false);
  }

  private complete(hasMore: boolean): void {
    this.receiver.onComplete(this.body?.trailers, hasMore);
  }
}
