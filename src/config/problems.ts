/**
 * What is wrong with a configuration: all of it at once, each fault with its place and with what to write instead.
 *
 * Deliberately absent: finding it. Schemas do (gateway-schema.ts), and those who read what schemas cannot know.
 */
import type * as z from "zod";
import { HopwiseError, type PlacedProblem } from "./error.ts";
import { nearest } from "./nearest.ts";
import { otherKey } from "./other-keys.ts";
import { shown } from "./values.ts";

/** The way to a value: keys, and numbers of list entries from 0 on. */
export type Path = readonly PropertyKey[];

export interface Problem {
  readonly path: Path;
  /** In one sentence, without the place. */
  readonly message: string;
}

/** `routes[2].match.path`; the whole: empty. */
export function pathText(path: Path): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : index === 0 ? String(key) : `.${String(key)}`))
    .join("");
}

/** What a schema has found. @param value what was read by it */
export function problemsOf(error: z.ZodError, schema: z.ZodType, value: unknown): readonly Problem[] {
  return problemsIn(error.issues, schema, value);
}

function problemsIn(issues: readonly z.core.$ZodIssue[], schema: z.ZodType, value: unknown): readonly Problem[] {
  return issues.flatMap((issue) => {
    const { path } = issue;
    const meant =
      issue.code === "invalid_union" ? unionProblems(issue, schemaAt(schema, path), valueAt(value, path)) : [];
    if (meant.length > 0) return meant.map((it) => ({ ...it, path: [...path, ...it.path] }));
    if (issue.code === "unrecognized_keys") {
      const known = keysOf(schemaAt(schema, path));
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
    }
    const given = valueAt(value, path);
    const how = howToWrite(schemaAt(schema, path)) ?? kindsText(issue);
    if ((issue.code === "too_small" || issue.code === "too_big") && typeof given === "number") {
      return [{ path, message: `${given} is too ${issue.code === "too_small" ? "small" : "large"}: ${how}` }];
    }
    if (["custom", "too_small", "invalid_format"].includes(issue.code)) return [{ path, message: issue.message }];
    if (path.length === 0 && given !== undefined) {
      return [
        { path, message: `it is ${typeOf(given)}: write a map of keys, like routes: [{ to: http://127.0.0.1:3000 }]` },
      ];
    }
    const message = given === undefined ? `it is missing: ${how}` : `${typeOf(given)} is no value for it: ${how}`;
    return [{ path, message }];
  });
}

/** What to write where the schema itself does not say it. */
function kindsText(issue: z.core.$ZodIssue): string {
  const all = [...new Set(kindsOf(issue))];
  return `write ${all.length < 2 ? "" : `${all.slice(0, -1).join(", ")} or `}${all.at(-1) ?? "something else"}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
  array: "a list",
  object: "a map",
  record: "a map",
};

function kindsOf(issue: z.core.$ZodIssue): readonly string[] {
  switch (issue.code) {
    case "invalid_type":
      return [KINDS[issue.expected] ?? issue.expected];
    case "invalid_value":
      return issue.values.map(String);
    case "invalid_union":
      return issue.errors.flatMap((issues) => issues.flatMap(kindsOf));
    case "too_small":
      return [`${issue.minimum} or more`];
    case "too_big":
      return [`at most ${issue.maximum}`];
    default:
      return [];
  }
}

/** What is wrong within the one of several kinds of value that was meant, as far as that can be told; it cannot: nothing. */
function unionProblems(
  { errors }: z.core.$ZodIssueInvalidUnion,
  schema: z.ZodType | undefined,
  value: unknown,
): readonly Problem[] {
  const { options = [] } = schema === undefined ? {} : (bare(schema).def as Definition);
  const meant = errors.findIndex((issues) =>
    issues.every(({ code, path }) => (code !== "invalid_type" && code !== "invalid_value") || path.length > 0),
  );
  const [issues, option] = [errors[meant], options[meant]];
  return issues === undefined || option === undefined ? [] : problemsIn(issues, option, value);
}

function unknownKey(key: string, known: readonly string[]): string {
  // What is a comment elsewhere is a key in YAML, which would be told with all keys there are.
  if (/^\/[/*]/.test(key)) return `"${shown(key)}" is read as a key: a comment begins with #`;
  const other = otherKey(key, known);
  if (other !== undefined) return `"${shown(key)}" is not known here: ${other}`;
  const near = nearest(key, known);
  return `"${shown(key)}" is not known here; ${near === undefined ? `there are: ${known.join(", ")}` : `did you mean ${near}?`}`;
}

/** Where values stand in a file. */
export interface Places {
  /** `file:line:column` of a value, or of the last that there is on the way to it; of evaluated files: the file alone. */
  placeOf(path: Path): string;
  /** The same, to be compared: what stands further down is more. */
  offsetOf(path: Path): number;
  /** Whether the place says already what is at `path`: a variable does. */
  isNamedBy?(path: Path): boolean;
}

/** All of them, a line each; of a file with their places, from its top to its bottom. */
export function problemsError(problems: readonly Problem[], places?: Places): HopwiseError {
  const inOrder =
    places === undefined
      ? problems
      : [...problems].sort((one, other) => places.offsetOf(one.path) - places.offsetOf(other.path));
  const lines = inOrder.map(({ path, message }) =>
    [places?.placeOf(path) ?? "", places?.isNamedBy?.(path) === true ? "" : pathText(path), message]
      .filter((part) => part !== "")
      .join(": "),
  );
  const placed = inOrder.map(({ path, message }) =>
    placedProblem(places?.placeOf(path) ?? "", pathText(path), message),
  );
  return new HopwiseError("option-invalid", [...new Set(lines)].join("\n"), undefined, undefined, placed);
}

/** @param place `file:line:column`, or a file alone */
export function placedProblem(place: string, path: string, message: string): PlacedProblem {
  const [, file, line, column] = /^(.*):([0-9]+):([0-9]+)$/s.exec(place) ?? [];
  if (file === undefined) return { file: place, line: null, column: null, path, message };
  return { file, line: Number(line), column: Number(column), path, message };
}

interface Definition {
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** Without what only says when a value may be absent, and what becomes of it. */
function bare(schema: z.ZodType): z.ZodType {
  const { innerType, in: before } = schema.def as Definition;
  const inner = innerType ?? before;
  return inner === undefined ? schema : bare(inner);
}

/** The schema of the value at `path`; there is none: undefined. */
function schemaAt(schema: z.ZodType | undefined, path: Path): z.ZodType | undefined {
  const [key, ...rest] = path;
  if (schema === undefined || key === undefined) return schema;
  const { shape, element, valueType, options } = bare(schema).def as Definition;
  if (options !== undefined) return options.map((option) => schemaAt(option, path)).find((it) => it !== undefined);
  return schemaAt(shape?.[String(key)] ?? element ?? valueType, rest);
}

function keysOf(schema: z.ZodType | undefined): readonly string[] {
  const { shape = {}, options = [] } = schema === undefined ? {} : (bare(schema).def as Definition);
  return [...Object.keys(shape), ...options.flatMap(keysOf)];
}

/** What a schema says about how to write its value, through what surrounds it. */
export function howToWrite(schema: z.ZodType | undefined): string | undefined {
  if (schema === undefined || schema.description !== undefined) return schema?.description;
  const { innerType, in: before } = schema.def as Definition;
  return howToWrite(innerType ?? before);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined | null)?.[key], value);
}

export function typeOf(value: unknown): string {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : `a ${typeof value}`;
}
