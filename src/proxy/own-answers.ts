/**
 * Answers of an application's own (hooks.ts), validated: as a message that goes the way of an origin's response, or as an error page.
 */
import { FieldChanges, FieldError } from "../wire/field-changes.ts";
import { type ConnectionOptions, connectionOptionsOf, FieldTable } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import { reasonPhraseOf } from "./answers.ts";
import { checkStatus, hasBody } from "./hook-views.ts";
import type { OriginListener, OriginSide, OriginTunnelEnd } from "./origin-side.ts";

const NO_FIELDS = new FieldTable();
const NO_OPTIONS: ConnectionOptions = connectionOptionsOf(NO_FIELDS);
const KEYS: ReadonlySet<string> = new Set(["status", "fields", "body"]);

/** An answer that can be sent. */
export interface CheckedAnswer {
  readonly message: ResponseMessage;
  readonly body: Octets;
}

/** @throws TypeError for something that is no answer @param leastStatus 400 for an error's page, otherwise 200 */
export function checkAnswer(answer: unknown, leastStatus: number): CheckedAnswer {
  if (typeof answer !== "object" || answer === null)
    throw new FieldError(`${shownType(answer)} is no answer: write ${HOW}`);
  const unknown = Object.keys(answer).find((key) => !KEYS.has(key));
  if (unknown !== undefined) throw new FieldError(`"${unknown}" is nothing that an answer has: write ${HOW}`);
  const { status, fields = {}, body = "" } = answer as Record<string, unknown>;
  checkStatus(status, leastStatus);
  if (typeof fields !== "object" || fields === null) throw new FieldError("the fields of an answer are an object");
  if (typeof body !== "string" && !(body instanceof Uint8Array)) throw new FieldError("a body is text or bytes");
  if (body.length > 0 && !hasBody(status)) throw new FieldError(`an answer with status ${status} has no body`);
  const changes = new FieldChanges();
  for (const [name, value] of Object.entries(fields)) changes.set(name, value);
  if (typeof body === "string" && body !== "" && !changes.concerns("content-type")) {
    changes.set("Content-Type", "text/plain; charset=utf-8");
  }
  return {
    message: {
      status,
      reasonPhrase: reasonPhraseOf(status),
      minorVersion: 1,
      receivedMinorVersion: 1,
      fields: NO_FIELDS,
      isIrregular: false,
      isDoubtful: false,
      changes,
      hasNewStartLine: true,
    },
    body: (typeof body === "string" ? Buffer.from(body) : Buffer.from(body)) as unknown as Octets,
  };
}

const HOW = '{ status: 404, fields: { "Content-Type": "text/html" }, body: "…" }';

function shownType(value: unknown): string {
  return value === null ? "null" : `a ${typeof value}`;
}

/** The origin of a request that the application answers: it takes the request, and answers at once. */
export class AnsweringOrigin implements OriginSide {
  readonly speaksHttp10 = false;
  readonly isBlocked = false;
  private readonly listener: OriginListener;
  private readonly answer: CheckedAnswer;
  private isOver = false;

  constructor(listener: OriginListener, answer: CheckedAnswer) {
    this.listener = listener;
    this.answer = answer;
  }

  /** A client that waits for 100 (Continue) gets the answer instead, and need not send the body. */
  get takesRest(): boolean {
    return !this.listener.awaitsContinue;
  }

  seek(): void {
    const { listener, answer } = this;
    if (!listener.onReady()) return;
    const { message, body } = answer;
    const { status } = message;
    const isWithout = listener.head.method === "HEAD" || status === 204 || status === 304;
    const framing: Framing = isWithout ? { kind: "none", length: 0 } : { kind: "length", length: body.length };
    if (!listener.onFinal(message, NO_OPTIONS, framing) || this.isOver) return;
    if (!isWithout && body.length > 0) listener.onBody(body, 0, body.length);
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
