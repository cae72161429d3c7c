/**
 * Changes of messages as an operator writes them: paths and fields, read once and then done to each message by hooks.
 *
 * Deliberately absent: regular expressions. What a path is compared with takes the same time whatever a client writes.
 */
import type { Hooks } from "../exchange/hooks.ts";
import { FieldChanges, FieldError } from "../wire/field-changes.ts";
import { unambiguous } from "./configured-path.ts";
import { invalid, shown } from "./values.ts";

/** The beginning of a path, and what takes its place. */
export interface PathRewrite {
  readonly from: string;
  readonly to: string;
}

/** A field, and what is said of it: nothing takes it away. */
export interface FieldSetting {
  readonly name: string;
  readonly values: readonly string[];
}

export type WrittenRewrites = string | readonly string[] | Readonly<Record<string, string>>;
export type WrittenFields =
  | string
  | readonly string[]
  | Readonly<Record<string, string | number | readonly string[] | null>>;

const PATH = /^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/;

/** `/api=/` or `{ "/api": "/" }`, the first that fits counts. */
export function readRewrites(written: WrittenRewrites): readonly PathRewrite[] {
  const pairs = pairsOf(written, "=", "FROM=TO, like /api=/");
  return pairs.map(([from, to]) => {
    for (const path of [from, to]) {
      if (!PATH.test(path))
        throw invalid(`"${shown(path)}" is not the beginning of a path: write one that begins with /`);
      unambiguous(path);
    }
    return { from, to };
  });
}

/** `Name: value` or `{ "Name": "value" }`; nothing behind the name, or null, takes the field away. */
export function readFieldSettings(written: WrittenFields): readonly FieldSetting[] {
  const isText = typeof written === "string" || Array.isArray(written);
  const settings = isText
    ? pairsOf(written as string | readonly string[], ":", '"Name: value", like "X-Frame-Options: DENY"').map(
        ([name, value]) => ({ name, values: value.trim() === "" ? [] : [value] }),
      )
    : Object.entries(written as Readonly<Record<string, unknown>>).map(([name, value]) => ({
        name,
        values: value === null ? [] : [value].flat().map(String),
      }));
  for (const { name, values } of settings) {
    try {
      new FieldChanges().set(name, values);
    } catch (error) {
      if (error instanceof FieldError) throw invalid(error.message);
      throw error;
    }
  }
  return settings;
}

function pairsOf(
  written: string | readonly string[] | Readonly<Record<string, string>>,
  mark: string,
  how: string,
): [string, string][] {
  if (typeof written !== "string" && !Array.isArray(written)) return Object.entries(written);
  return [written as string | readonly string[]].flat().map((pair) => {
    const at = pair.indexOf(mark);
    // What is behind the name may be a secret.
    const [told = ""] = mark === ":" ? pair.split(/\s/) : [pair];
    if (at < 1) throw invalid(`"${shown(told)}${told === pair ? "" : " ..."}" is not complete: write ${how}`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
}

/** The same for people: the names alone, since values may be secret. */
export function settingWords(settings: readonly FieldSetting[] | undefined, message: "request" | "response"): string[] {
  const named = (isSet: boolean) =>
    (settings ?? []).filter(({ values }) => values.length > 0 === isSet).map(({ name }) => name);
  const [said, taken] = [named(true), named(false)];
  return [
    ...(said.length === 0 ? [] : [`sets ${said.join(", ")} of the ${message}`]),
    ...(taken.length === 0 ? [] : [`takes ${taken.join(", ")} from the ${message}`]),
  ];
}

/** The path with the first beginning that fits replaced; none fits: as it is. Beginnings end where a segment does. */
export function rewritten(path: string, rewrites: readonly PathRewrite[]): string {
  for (const { from, to } of rewrites) {
    if (!path.startsWith(from)) continue;
    const rest = path.slice(from.length);
    const isWhole = from.endsWith("/") || rest === "" || rest.startsWith("/") || rest.startsWith("?");
    if (!isWhole) continue;
    if (to.endsWith("/") && rest.startsWith("/")) return to + rest.slice(1);
    const needsSlash = !to.endsWith("/") && rest !== "" && !rest.startsWith("/") && !rest.startsWith("?");
    return needsSlash ? `${to}/${rest}` : to + rest;
  }
  return path;
}

/** What an operator has set, done to each message before the application's own hooks see it. */
export function settingHooks(
  rewrites: readonly PathRewrite[],
  requestFields: readonly FieldSetting[],
  responseFields: readonly FieldSetting[],
): Hooks {
  const changesRequests = rewrites.length + requestFields.length > 0;
  return {
    ...(changesRequests
      ? {
          onRequest(request) {
            // A tunnel's request says nothing to its origin.
            if (request.method === "CONNECT") return;
            if (rewrites.length > 0) request.path = rewritten(request.path, rewrites);
            for (const { name, values } of requestFields) request.fields.set(name, values);
          },
        }
      : {}),
    ...(responseFields.length > 0
      ? {
          onResponse(response) {
            for (const { name, values } of responseFields) response.fields.set(name, values);
          },
        }
      : {}),
  };
}

/** Both, one after the other; where there is one, it alone. */
export function both(first: Hooks, then: Hooks): Hooks {
  const { onRequest: setsRequest, onResponse: setsResponse } = first;
  const { onRequest, onResponse } = then;
  return {
    ...then,
    ...(setsRequest === undefined
      ? {}
      : {
          onRequest(request) {
            setsRequest(request);
            return onRequest?.(request);
          },
        }),
    ...(setsResponse === undefined
      ? {}
      : {
          onResponse(response, request) {
            setsResponse(response, request);
            return onResponse?.(response, request);
          },
        }),
  };
}
