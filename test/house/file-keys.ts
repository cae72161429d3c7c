/**
 * What can be written in a file for `hopwise run`, as data: every key with its meaning, from the schema that reads it (src/config/*-schema.ts)
 * and the comments of the interfaces that a test keeps the same (src/config/public-*.ts).
 *
 * schema.json and docs/file.md are made of it. Deliberately absent: anything said of a key here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { LISTENERS_SAY } from "../../src/config/gateway-config.ts";
import { gatewaySchema } from "../../src/config/gateway-schema.ts";
import { proxySchema } from "../../src/config/schema.ts";
import { type Bounds, noteBounds, relateKeys, SECRET, spellAll } from "./file-spellings.ts";

/** As far as schemas of files use it. */
export interface JsonSchema {
  readonly $schema?: string;
  title?: string;
  type?: string | readonly string[];
  description?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  bounds?: Bounds;
  default?: unknown;
  const?: unknown;
  enum?: readonly unknown[];
  properties?: Record<string, JsonSchema>;
  required?: readonly string[];
  propertyNames?: JsonSchema;
  dependencies?: Record<string, JsonSchema>;
  not?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  readOnly?: boolean;
}

/** A key, or a kind of entry, and what is said of it. */
export interface FileKey {
  /** `routes[].match.path`; names of people's own are `*`. */
  readonly path: string;
  readonly schema: JsonSchema;
  /** What it means, with its default; of what has no comment: empty. */
  readonly meaning: string;
  /** How to write it, as errors say it; nothing is said: empty. */
  readonly how: string;
  /** It must be there. */
  readonly isRequired: boolean;
}

export function fileSchema(): JsonSchema {
  const schema = plainSchema();
  spellAll(schema);
  schema.title = "The file of hopwise run";
  relateKeys(schema, LISTENERS_SAY);
  for (const { schema: at, meaning, how } of keysIn(schema)) {
    at.description = [meaning, sentence(how)].filter((text) => text !== "").join(" ");
    if (at.description === "") delete at.description;
  }
  const properties = mapped(schema.properties ?? {}, secretly);
  return { ...schema, properties: { $schema: { type: "string" }, ...properties } };
}

const WHOLE: JsonSchema = { type: "string", pattern: `^${SECRET}[^}]*\\}$` };

/** The same, or the name of a secret in the place of any value that is not text anyway: a number, a switch, one word of several. */
function secretly(schema: JsonSchema): JsonSchema {
  const { properties, additionalProperties: others, items, anyOf } = schema;
  const below = {
    ...schema,
    ...(properties === undefined ? {} : { properties: mapped(properties, secretly) }),
    ...(typeof others === "object" ? { additionalProperties: secretly(others) } : {}),
    ...(items === undefined ? {} : { items: secretly(items) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((one) => (isWord(one) ? one : secretly(one))) }),
  };
  if (anyOf !== undefined) {
    const isNeeded = anyOf.some(isWord) && !anyOf.some(isText);
    return isNeeded ? { ...below, anyOf: [...(below.anyOf ?? []), WHOLE] } : below;
  }
  if (!isWord(schema)) return below;
  const { description, default: normally, ...rest } = schema;
  return {
    ...(normally === undefined ? {} : { default: normally }),
    ...(description === undefined ? {} : { description }),
    anyOf: [rest, WHOLE],
  };
}

function isWord(schema: JsonSchema): boolean {
  const { type, enum: words, const: word } = schema;
  if (words !== undefined || word !== undefined) return true;
  return !isText(schema) && [type].flat().some((one) => one === "number" || one === "integer" || one === "boolean");
}

function isText({ type, enum: words, const: word }: JsonSchema): boolean {
  return words === undefined && word === undefined && [type].flat().includes("string");
}

function mapped(
  schemas: Record<string, JsonSchema>,
  change: (schema: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([key, one]) => [key, change(one)]));
}

let written: string | undefined;

/** A new one each time, for those who write in it. */
function plainSchema(): JsonSchema {
  // Each place is one of its own, also where kinds of values share a schema.
  written ??= JSON.stringify(asJsonSchema());
  return JSON.parse(written) as JsonSchema;
}

function asJsonSchema(): JsonSchema {
  return z.toJSONSchema(gatewaySchema, {
    ...{ io: "input", target: "draft-7", unrepresentable: "any" },
    override: ({ zodSchema, jsonSchema }) => noteBounds(zodSchema, jsonSchema as JsonSchema),
  }) as JsonSchema;
}

/** Every key, each behind what it is a key of. */
export function fileKeys(): readonly FileKey[] {
  return keysIn(plainSchema());
}

function keysIn(schema: JsonSchema): readonly FileKey[] {
  return [...keysOf(schema, "", "GatewayConfig")];
}

/** @param owner the interface whose keys these are; none has them: undefined */
function* keysOf(schema: JsonSchema, path: string, owner: string | undefined): Generator<FileKey> {
  for (const [key, at] of Object.entries(schema.properties ?? {})) {
    const member = owner === undefined ? undefined : memberOf(owner, key);
    const own = path === "" ? key : `${path}.${key}`;
    const isRequired = schema.required?.includes(key) === true;
    yield { path: own, schema: at, meaning: member?.comment ?? "", how: at.description ?? "", isRequired };
    yield* keysBelow(at, own, /\b(\w+Options)\b(?!\[")/.exec(member?.type ?? "")?.[1]);
  }
}

function* keysBelow(schema: JsonSchema, path: string, owner: string | undefined): Generator<FileKey> {
  yield* keysOf(schema, path, owner);
  for (const one of schema.anyOf ?? []) yield* keysBelow(one, path, owner);
  if (schema.items !== undefined) yield* keysBelow(schema.items, `${path}[]`, owner);
  if (typeof schema.additionalProperties === "object") {
    yield* keysBelow(schema.additionalProperties, `${path}.*`, owner);
  }
}

interface Member {
  readonly comment: string;
  readonly type: string;
}

interface Interface {
  readonly parents: readonly string[];
  readonly members: ReadonlyMap<string, Member>;
}

const interfaces = readInterfaces(fileURLToPath(new URL("../../src/config/", import.meta.url)));

function readInterfaces(folder: string): ReadonlyMap<string, Interface> {
  const files = readdirSync(folder).filter((name) => /^public-[a-z-]+\.ts$/.test(name));
  const text = files.map((name) => readFileSync(`${folder}${name}`, "utf8")).join("\n");
  return new Map(
    [...text.matchAll(/^export interface (\w+)(.*?) \{\n([\s\S]*?)^\}/gm)].map(
      ([, name = "", parents = "", body = ""]) => [
        name,
        { parents: parents.match(/\w+Options/g) ?? [], members: readMembers(body) },
      ],
    ),
  );
}

function readMembers(body: string): ReadonlyMap<string, Member> {
  const members = body.matchAll(
    /^ {2}(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+)?readonly (\w+)\??:([\s\S]*?)(?=^ {2}(?:\/\*\*|readonly)|(?![\s\S]))/gm,
  );
  return new Map(
    [...members].map(([, comment = "", name = "", type = ""]) => [name, { comment: plain(comment), type }]),
  );
}

function memberOf(owner: string, key: string): Member | undefined {
  const { members, parents } = interfaces.get(owner) ?? { members: new Map<string, Member>(), parents: [] };
  return members.get(key) ?? parents.map((parent) => memberOf(parent, key)).find((member) => member !== undefined);
}

function plain(comment: string): string {
  return comment
    .replace(/\n\s*\*/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

export function sentence(how: string): string {
  return how === "" ? "" : `${how[0]?.toUpperCase()}${how.slice(1)}.`;
}

/** The options of the command line, which are keys of the file, too. */
export function isOption(path: string): boolean {
  return path in proxySchema.shape && path !== "to";
}
