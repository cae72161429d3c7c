/**
 * Changes of messages as an operator writes them: paths and fields, read once and then done to each message by hooks.
 *
 * Deliberately absent: regular expressions. What a path is compared with takes the same time whatever a client writes.
 */
import type { ChangeableRequest, ChangeableResponse } from "../exchange/admission.ts";
import type { Hooks } from "../exchange/hooks.ts";
import { type Template, type ToldFields, told, type Variables } from "../exchange/variables.ts";
import { FieldChanges, FieldError } from "../wire/field-changes.ts";
import { unambiguous } from "./configured-path.ts";
import { HopwiseError } from "./error.ts";
import { readTemplate } from "./field-templates.ts";
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
  /** The same where one of them has variables in it; none has: absent. */
  readonly templates?: readonly Template[];
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
  const problems: string[] = [];
  const read = settings.map((setting): FieldSetting => {
    try {
      return readSetting(setting);
    } catch (error) {
      if (!(error instanceof HopwiseError)) throw error;
      problems.push(error.problem);
      return setting;
    }
  });
  if (problems.length > 0) throw invalid(problems.join("; "));
  return read;
}

/** @throws HopwiseError `option-invalid` */
function readSetting({ name, values }: FieldSetting): FieldSetting {
  try {
    new FieldChanges().set(name, values);
  } catch (error) {
    if (error instanceof FieldError) throw invalid(error.message);
    throw error;
  }
  const templates = values.map((value) => templateOf(name, value));
  if (templates.every((one) => one === undefined)) return { name, values };
  return { name, values, templates: templates.map((one, index) => one ?? [values[index] ?? ""]) };
}

function templateOf(name: string, value: string): Template | undefined {
  try {
    return readTemplate(value);
  } catch (error) {
    throw error instanceof HopwiseError ? invalid(`${name}: ${error.problem}`) : error;
  }
}

/** Says them of a message. @param request of which variables are */
export function setFields(fields: ToldFields, settings: readonly FieldSetting[] = [], request: Variables): void {
  for (const { name, values, templates } of settings) {
    if (templates === undefined) fields.set(name, values);
    else
      fields.tell(
        name,
        templates.flatMap((template) => told(template, request)?.trim() ?? []),
      );
  }
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
    (settings ?? []).filter(({ values }) => values.length > 0 === isSet).map((one) => one.name + variableIn(one));
  const [said, taken] = [named(true), named(false)];
  return [
    ...(said.length === 0 ? [] : [`sets ${said.join(", ")} of the ${message}`]),
    ...(taken.length === 0 ? [] : [`takes ${taken.join(", ")} from the ${message}`]),
  ];
}

/** Where it is all of the value. */
function variableIn({ templates = [] }: FieldSetting): string {
  const [[part, ...others] = [], ...values] = templates;
  const isAlone = typeof part === "object" && others.length === 0 && values.length === 0;
  return isAlone ? ` to {${part.variable}}` : "";
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
            const known = request as ChangeableRequest;
            setFields(known.fields, requestFields, known);
          },
        }
      : {}),
    ...(responseFields.length > 0
      ? {
          onResponse(response, request) {
            setFields((response as ChangeableResponse).fields, responseFields, request as ChangeableRequest);
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
