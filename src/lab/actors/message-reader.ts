/**
 * Reads the messages that arrive on one connection, one after the other, with the wire room's own strict readers.
 *
 * Bodies are kept whole: a lab's are small. Deliberately absent: interim (1xx) responses, which no actor sends.
 */
import { BodyReader } from "../../wire/body-reader.ts";
import { type Framing, requestFraming, responseFraming } from "../../wire/framing.ts";
import { defaultHeadLimits } from "../../wire/head-reader.ts";
import type { Octets } from "../../wire/octets.ts";
import { RequestHead } from "../../wire/request-head.ts";
import { ResponseHead } from "../../wire/response-head.ts";

type Head = RequestHead | ResponseHead;

export interface Message<H extends Head> {
  readonly head: H;
  readonly body: string;
}

interface Handlers<H extends Head> {
  /** A head is complete; its body is still to come. @param endsByClose only a close shows the end of it */
  readonly onHead?: (head: H, endsByClose: boolean) => void;
  readonly onMessage: (message: Message<H>) => void;
  /** Something that cannot be read. */
  readonly onFault: (fault: string) => void;
}

export abstract class MessageReader<H extends Head> {
  private head: H | undefined;
  private body: BodyReader | undefined;
  private content = "";
  private isStopped = false;
  private readonly handlers: Handlers<H>;

  constructor(handlers: Handlers<H>) {
    this.handlers = handlers;
  }

  protected abstract newHead(): H;
  protected abstract framingOf(head: H): Framing | string;

  /** Reads no further: what follows is none of the reader's business. */
  stop(): void {
    this.isStopped = true;
  }

  read(octets: Octets): void {
    let position = 0;
    while (position < octets.length && !this.isStopped) {
      if (this.body === undefined) {
        this.head ??= this.newHead();
        const end = this.head.read(octets, position);
        if (this.head.refusal !== undefined) return this.fail(this.head.refusal);
        if (end < 0) return;
        position = end;
        if (!this.beginBody(this.head)) return;
      } else {
        position = this.body.read(octets, position, {
          onBodyOctets: (piece, from, to) => {
            this.content += piece.latin1Slice(from, to);
          },
        });
        if (this.body.refusal !== undefined) return this.fail(this.body.refusal);
        this.checkComplete();
      }
    }
  }

  /** The peer has closed its side, which ends a body that only a close ends. */
  end(): void {
    if (this.body?.kind === "close" && this.body.endByClose()) this.checkComplete();
  }

  private beginBody(head: H): boolean {
    const framing = this.framingOf(head);
    if (typeof framing === "string") {
      this.fail(framing);
      return false;
    }
    this.body = BodyReader.for(framing, defaultHeadLimits);
    this.handlers.onHead?.(head, framing.kind === "close");
    if (!this.isStopped) this.checkComplete();
    return true;
  }

  private checkComplete(): void {
    const { head, body, content } = this;
    if (head === undefined || body === undefined || !body.isComplete) return;
    this.head = undefined;
    this.body = undefined;
    this.content = "";
    this.handlers.onMessage({ head, body: content });
  }

  private fail(fault: string): void {
    this.isStopped = true;
    this.handlers.onFault(fault);
  }
}

export class RequestReader extends MessageReader<RequestHead> {
  protected newHead(): RequestHead {
    return new RequestHead(defaultHeadLimits);
  }

  protected framingOf(head: RequestHead): Framing | string {
    return requestFraming(head);
  }
}

export class ResponseReader extends MessageReader<ResponseHead> {
  protected newHead(): ResponseHead {
    return new ResponseHead(defaultHeadLimits);
  }

  protected framingOf(head: ResponseHead): Framing | string {
    return responseFraming(head, "GET");
  }
}
