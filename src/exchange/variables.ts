/**
 * What fields that an operator sets may take from the request that they belong to. The list is closed: each of these is short of meaning
 * anything to a parser, whatever a client writes.
 *
 * Deliberately absent: fields of the request, since what a client says would then stand where an operator's word is believed.
 */
import type { HookFields } from "./hooks.ts";

export const variables = ["client", "scheme", "host", "uri", "method", "user"] as const;
export type Variable = (typeof variables)[number];

/** A request, as far as it says them. */
export interface Variables {
  /** There is none: empty. */
  variable(name: Variable): string;
}

/** Fields of which a value may be as long as the request itself, which has passed the limit of its head. */
export interface ToldFields extends HookFields {
  tell(name: string, values: readonly string[]): void;
}

/** Text, and variables in it. */
export type Template = readonly (string | { readonly variable: Variable })[];

/** @returns undefined where one of its variables is empty: half a value would be another one */
export function told(template: Template, request: Variables): string | undefined {
  let text = "";
  for (const part of template) {
    const value = typeof part === "string" ? part : request.variable(part.variable);
    if (value === "" && typeof part !== "string") return undefined;
    text += value;
  }
  return text;
}

/** A name that a client has logged in with may have any letters, and a field may not: those are encoded as in a URL, `%` too. */
export function fieldSafe(name: string): string {
  return name.replace(/[^\x21-\x24\x26-\x7e]+/gu, (letters) =>
    [...new TextEncoder().encode(letters)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}
