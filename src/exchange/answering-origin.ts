/** The origin of a request that the application answers by itself: an origin side (origin-side.ts) that needs no connection. */
import { type ConnectionOptions, connectionOptionsOf, FieldTable } from "../wire/fields.ts";
import type { CheckedAnswer } from "./answers.ts";
import type { OriginListener, OriginSide, OriginTunnelEnd } from "./origin-side.ts";
import { framingOf } from "./own-answers.ts";

export const NO_OPTIONS: ConnectionOptions = connectionOptionsOf(new FieldTable());

/** It takes the request, and answers at once. */
export class AnsweringOrigin implements OriginSide {
  readonly record = undefined;
  readonly speaksHttp10 = false;
  readonly isBlocked = false;
  readonly awaitsWord = false;
  private readonly listener: OriginListener;
  private readonly answer: CheckedAnswer;
  private isOver = false;

  constructor(listener: OriginListener, answer: CheckedAnswer) {
    this.listener = listener;
    this.answer = answer;
  }

  get unsentBytes(): number {
    return 0;
  }

  /** A client that waits for 100 (Continue) gets the answer instead, and need not send the body. */
  get takesRest(): boolean {
    return !this.listener.awaitsContinue;
  }

  seek(): void {
    const { listener, answer } = this;
    if (!listener.onReady()) return;
    const { message, body } = answer;
    const framing = framingOf(answer, listener.head.method);
    if (!listener.onFinal(message, NO_OPTIONS, framing) || this.isOver) return;
    if (framing.length > 0) listener.onBody(body, 0, body.length);
    listener.onComplete(undefined);
  }

  begin(): void {}
  body(): void {}
  endBody(): void {}

  flush(): boolean {
    return true;
  }

  pause(): void {}
  resume(): void {}
  arm(): void {}

  end(): void {
    this.isOver = true;
  }

  close(): void {
    this.isOver = true;
  }

  get tunnelEnd(): OriginTunnelEnd {
    throw new Error("an answer is no tunnel");
  }
}
