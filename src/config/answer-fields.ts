/** Fields of whatever a gateway answers by itself, as an operator writes them. Deliberately absent: those that each answer says itself. */
import * as z from "zod";
import { FieldChanges, FieldError } from "../wire/field-changes.ts";
import { kind } from "./option.ts";
import { invalid } from "./values.ts";

export type AnswerFields = Readonly<Record<string, string | number>>;

const OF_EACH = /^(?:content-type|cache-control|retry-after|date|location|proxy-status|(?:www|proxy)-authenticate)$/i;

export const answerFieldsSchema = kind(
  z.record(z.string(), z.union([z.string(), z.number()])),
  'write { "Name": "value" }',
  (value): AnswerFields => {
    const own = Object.keys(value).find((name) => OF_EACH.test(name));
    if (own !== undefined) throw invalid(`${own} is said by each answer itself: leave it out`);
    try {
      linesOf(value);
    } catch (error) {
      if (error instanceof FieldError) throw invalid(error.message);
      throw error;
    }
    return value;
  },
).optional();

/** Each with its CRLF. @throws FieldError for what no field can be */
export function linesOf(fields: AnswerFields): string {
  const changes = new FieldChanges();
  for (const [name, value] of Object.entries(fields)) changes.set(name, value);
  return changes.lines;
}

/** Those of all answers, and those that this one says instead or beside. */
export function beside(ofAll: AnswerFields, own: AnswerFields): AnswerFields {
  const said = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(ofAll).filter(([name]) => !said.has(name.toLowerCase()))), ...own };
}
