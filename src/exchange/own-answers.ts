/**
 * Answers of an application's own (hooks.ts), validated.
 *
 * Deliberately absent: sending them, as an origin's response (answering-origin.ts) or as an error's page (answers.ts).
 */
import { FieldChanges, FieldError } from "../wire/field-changes.ts";
import { FieldTable } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { Octets } from "../wire/octets.ts";
import type { CheckedAnswer } from "./answers.ts";
import { reasonPhraseOf } from "./reason-phrases.ts";

const NO_FIELDS = new FieldTable();
const KEYS: ReadonlySet<string> = new Set(["status", "fields", "body"]);

/** Statuses of responses without a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Whether a response with this status has a body, whatever its request. */
export function hasBody(status: number): boolean {
  return !BODILESS.has(status);
}

/** @throws TypeError for a status that is none, or not from `least` to 599 */
export function checkStatus(status: unknown, least: number): asserts status is number {
  if (Number.isInteger(status) && (status as number) >= least && (status as number) <= 599) return;
  throw new FieldError(`${String(status)} is not a status here: write one from ${least} to 599`);
}

/** @throws TypeError for something that is no answer @param leastStatus 400 for an error's page, 300 to CONNECT, otherwise 200 */
export function checkAnswer(answer: unknown, leastStatus: number): CheckedAnswer {
  if (typeof answer !== "object" || answer === null)
    throw new FieldError(`${shownType(answer)} is not an answer: write ${HOW}`);
  const unknown = Object.keys(answer).find((key) => !KEYS.has(key));
  if (unknown !== undefined) throw new FieldError(`"${unknown}" is nothing that an answer has: write ${HOW}`);
  const { status, fields = {}, body = "" } = answer as Record<string, unknown>;
  checkStatus(status, leastStatus);
  // Of a list, a Map or Headers nothing would be said, or something else.
  if (typeof fields !== "object" || fields === null || Symbol.iterator in fields)
    throw new FieldError(
      'the fields of an answer are an object of names and values, such as { "Content-Type": "text/html" }',
    );
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
    // Of either kind: the overloads know one at a time.
    body: Buffer.from(body as Uint8Array) as unknown as Octets,
  };
}

/**
 * The answer that leads to `place`, which may hold all of a target: that has passed the limit of its head, and the limit of changes is not
 * for it.
 *
 * @param place visible ASCII @param fields beside `Location`
 */
export function redirectAnswer(
  status: number,
  place: string,
  fields: Readonly<Record<string, string | number>> = {},
): CheckedAnswer {
  const answer = checkAnswer({ status, fields }, 300);
  answer.message.changes?.replace("Location", [place]);
  return answer;
}

/** How an answer's body ends, for the client that has asked with `method`. */
export function framingOf({ message: { status }, body }: CheckedAnswer, method: string): Framing {
  const isWithout = method === "HEAD" || status === 204 || status === 304;
  return isWithout ? { kind: "none", length: 0 } : { kind: "length", length: body.length };
}

const HOW = '{ status: 404, fields: { "Content-Type": "text/html" }, body: "…" }';

function shownType(value: unknown): string {
  return value === null ? "null" : `a ${typeof value}`;
}
