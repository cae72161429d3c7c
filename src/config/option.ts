/**
 * What an option is: its kind of value, and what is said of it for people.
 *
 * Deliberately absent: the options, see schema.ts.
 */
import * as z from "zod";
import { HopwiseError } from "./error.ts";

export const optionGroups = {
  way: "Where from and where to",
  tls: "TLS for clients",
  clients: "Client connections",
  origins: "Origin connections",
  fields: "Forwarding fields",
  operation: "Operation",
} as const;
export type OptionGroup = keyof typeof optionGroups;

/** What is said of an option, beside its schema. */
export interface OptionText {
  readonly group: OptionGroup;
  /** How its value is written in a usage line; a switch has none. */
  readonly placeholder?: string;
  /** May be given several times. */
  readonly isList?: true;
  /** Only for the library: the flag has another spelling. */
  readonly isLibraryOnly?: true;
  readonly description: string;
  /** The default as it is told; when absent it is the schema's own. */
  readonly defaultText?: string;
  /** Why this default. */
  readonly reason: string;
}

/** What is said of each option of the schema. */
export const optionTexts = z.registry<OptionText>();

export function option<Schema extends z.ZodType>(schema: Schema, text: OptionText): Schema {
  optionTexts.add(schema, text);
  return schema;
}

/** A kind of value: what may be written, and what it becomes. */
export function kind<Written, Value, Input = Written>(
  written: z.ZodType<Written, Input>,
  how: string,
  read: (written: Written) => Value,
) {
  return written
    .transform((value, context): Value => {
      try {
        return read(value);
      } catch (error) {
        if (!(error instanceof HopwiseError)) throw error;
        context.addIssue({ code: "custom", message: error.problem });
        return z.NEVER as Value;
      }
    })
    .describe(how);
}
