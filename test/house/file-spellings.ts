/**
 * How values of a file for `hopwise run` are spelled, as far as JSON Schema can say it: by what errors tell to write, and by what the
 * schema that reads the file takes. A secret is not looked into.
 *
 * Deliberately absent: what depends on other places (names of groups, what is given twice), and files that have to be there.
 */
import * as z from "zod";
import { AMBIGUOUS } from "../../src/config/configured-path.ts";
import { ROUTE_ACTIONS } from "../../src/config/gateway-config.ts";
import { ASKED_FIRST, ON_THE_WAY } from "../../src/config/policy-config.ts";
import type { JsonSchema } from "./file-keys.ts";

export const SECRET = "\\$\\{";

const PORT = "(?:[0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
const LISTEN_HOST = "(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)";
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const ORIGIN = String.raw`(?:[hH][tT][tT][pP][sS]?://(?:\[[^\]/]*\]|[^/?#@:\\\[\s]+)(?::${PORT}?)?/?|unix:(?://)?/.*)`;
const IPV4 = "(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(?:\\.(?!$|[\\s/,])|(?=$|[\\s/,]))){4}";
const NETWORK =
  `\\s*(?:${IPV4}(?:/0{0,2}(?:[12]?[0-9]|3[0-2]))?` +
  "|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[^/,\\s]+)?(?:/0{0,2}(?:[1-9]?[0-9]|1[01][0-9]|12[0-8]))?)\\s*";
const HOST = "(?:\\[[0-9A-Za-z:.]+\\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]{0,5})?";
const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?";
const PERCENT = "\\s*0?(?:[0-9]{1,2}(?:\\.[0-9]{1,3})?|100(?:\\.0{1,3})?)%\\s*";
const STATUS = "\\s*[2-9][0-9]{2}(?:-[2-9][0-9]{2})?\\s*";
const DOMAIN = "\\.?[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*";
const KIND = "\\s*(?:bare-lf|control-characters)\\s*";
const UNAMBIGUOUS = `(?![^?#]*(?:${AMBIGUOUS.replace("|$)", "|[?#]|$)")}))`;
const PATH = "/[\\x21\\x22\\x24-\\x3e\\x40-\\x7e]*";
const PREFIX = `(?!.*//)${UNAMBIGUOUS}/[\\x21\\x22\\x24-\\x3e\\x40-\\x7e]*[^/?# ]`;
const MATCHED =
  `(?!.*//)(?!.*(?:%2[fF]|%5[cC]|%00))(?!.*/:(?![A-Za-z_][A-Za-z0-9_]*(?:/|$)))${UNAMBIGUOUS}` +
  "/(?:[^?#*]*|(?:[^?#*]*/)?\\*)";

/** Texts by what errors tell to write instead; the first that fits. */
const texts: readonly (readonly [how: RegExp, pattern: string])[] = [
  [/^write a duration/, "\\s*(?:[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h)|0)\\s*"],
  [/^write a size/, "\\s*[0-9]+(?:\\.[0-9]+)?[kKmMgG]?[bB]?\\s*"],
  [/^write a whole number/, "\\s*[0-9]{1,15}\\s*"],
  [/^write a port$/, `\\s*${PORT}\\s*`],
  [/^write PORT, HOST:PORT or https/, `\\s*(?:[hH][tT][tT][pP][sS]?://)?(?:${LISTEN_HOST}:)?${PORT}/?\\s*`],
  [/^write PORT/, `\\s*(?:${LISTEN_HOST}:)?${PORT}\\s*`],
  [/^write (?:the origin's URL|the URLs? of)/, `\\s*${ORIGIN}\\s*`],
  [/^write the name of a group/, `${ORIGIN}|(?!unix:|.*://)(?:.|\n)+`],
  [/^write (?:networks like|addresses or ranges$)/, NETWORK],
  [/^write addresses or ranges, like/, `${NETWORK}(?:,${NETWORK})*`],
  [/^write keep, origin, or HOST/, HOST],
  [/^write HOST or HOST:PORT/, HOST],
  [/^write a percentage/, PERCENT],
  [/^write a status, a range/, STATUS],
  [/^write kinds like/, `${KIND}(?:,${KIND})*`],
  [/^write the name of a (?:field|cookie)/, TOKEN],
  [/^write client, \{/, "client"],
  [/^write least-outstanding/, "(?:least-outstanding|round-robin|two-choices)"],
  [/^write a path like \/healthz/, `${UNAMBIGUOUS}/[\\x21\\x22\\x24-\\x7e]*`],
  [/^write the beginning of a path/, PREFIX],
  [/^write a path like \/new/, `${UNAMBIGUOUS}(?:/(?!/)[\\x21-\\x7e]*|[hH][tT][tT][pP][sS]?://[\\x21-\\x7e]+)`],
  [/^write a path like \/login/, MATCHED],
  [/^write a name like app/, `(?:(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*\\.?|\\[[0-9A-Fa-f:.]+\\])`],
  [/^write the name of a server/, `(?![0-9.]*$)${LABEL}(?:\\.${LABEL})*`],
  [/^write a method/, "(?:.|\\n)+"],
  [/^write "Name: value"/, `${TOKEN}:(?:.|\\n)*`],
  [/^write FROM=TO/, `${UNAMBIGUOUS}/[\\x21\\x22\\x24-\\x3c\\x3e\\x40-\\x7e]*=${UNAMBIGUOUS}${PATH}`],
  [/^write a name$/, `[!#$%&'*+.^_\`|~0-9A-Za-z-]{1,128}(?::[0-9]{1,5})?`],
];

/** Lists that say nothing if they are empty. */
const filled =
  /^write (?:networks like|addresses or ranges, like|the URLs? of|the origin's URL|a (?:path|name|method) like|a status|PORT)/;

/** What is not text, or is text by what it stands for, of a map by its names. */
const maps: readonly (readonly [how: RegExp, names: string, values: string])[] = [
  [/^write FROM=TO/, `${UNAMBIGUOUS}${PATH}`, `${UNAMBIGUOUS}${PATH}`],
  [/^write \{ DOMAIN/, `(?:\\*|${DOMAIN})`, DOMAIN],
  [/^write "Name: value"/, TOKEN, "[\\t\\x20-\\x7e\\x80-\\xff]*"],
  [/^write \{ "Name": "value" \}$/, TOKEN, "[\\t\\x20-\\x7e\\x80-\\xff]*"],
];

const whole = (pattern: string) => `^(?:${pattern})$|${SECRET}`;
const patternFor = (all: typeof texts, how: string) => all.find(([told]) => told.test(how));

/** Says in a schema how all that is in it is spelled. */
export function spellAll(schema: JsonSchema): void {
  // Arrays are not changed by those who read them, which editors need not know.
  delete schema.readOnly;
  bound(schema);
  const how = schema.description ?? "";
  const [, text] = patternFor(texts, how) ?? [];
  const [, names, values] = maps.find(([told]) => told.test(how)) ?? [];
  if (text !== undefined) spell(schema, whole(text), filled.test(how));
  if (names !== undefined && values !== undefined) spellMap(schema, whole(names), whole(values));
  const { properties = {}, additionalProperties: others, items, anyOf = [] } = schema;
  const below = [...Object.values(properties), ...anyOf, items, typeof others === "object" ? others : undefined];
  for (const one of below) if (one !== undefined) spellAll(one);
}

/** Its texts have this form; so have those of a list of it. */
function spell(schema: JsonSchema, pattern: string, isFilled: boolean): void {
  const types = [schema.type].flat();
  if (types.includes("string") && schema.pattern === undefined) schema.pattern = pattern;
  if (types.includes("array") && isFilled) schema.minItems = 1;
  for (const one of [schema.items, ...(schema.anyOf ?? [])]) if (one !== undefined) spell(one, pattern, isFilled);
}

function spellMap(schema: JsonSchema, names: string, values: string): void {
  for (const one of [schema, ...(schema.anyOf ?? [])]) {
    if (typeof one.additionalProperties !== "object") continue;
    one.propertyNames = { pattern: names };
    spell(one.additionalProperties, values, false);
  }
}

/** Which numbers a kind of value takes. */
export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly type: "integer" | "number";
}

/** Notes which numbers the schema that reads the file takes; none: nothing. */
export function noteBounds(zodSchema: z.core.$ZodType, schema: JsonSchema): void {
  // A number by itself says all of it.
  if (zodSchema._zod.def.type === "number" || zodSchema._zod.def.type === "string") return;
  const takes = (value: number) => z.safeParse(zodSchema, value).success;
  const taken = Array.from({ length: 42 }, (_, power) => 2 ** power).find(takes);
  if (taken === undefined) return;
  const greatest = edge(takes, taken, 2 ** 53);
  schema.bounds = {
    type: takes(taken + 0.5) ? "number" : "integer",
    ...(takes(-1) ? {} : { minimum: takes(0) ? 0 : edge(takes, taken, 0) }),
    ...(greatest < 2 ** 53 - 1 ? { maximum: greatest } : {}),
  };
}

function bound(schema: JsonSchema): void {
  const { bounds } = schema;
  delete schema.bounds;
  if (bounds !== undefined) boundAs(schema, bounds);
}

/** What it takes alone it takes in a list, too. */
function boundAs(schema: JsonSchema, bounds: Bounds): void {
  const types = [schema.type].flat();
  if (types.includes("number")) {
    const { type, ...limits } = bounds;
    const told = types.map((one) => (one === "number" ? type : one)).filter((one) => one !== undefined);
    Object.assign(schema, limits, { type: told.length === 1 ? told[0] : told });
  }
  for (const one of [schema.items, ...(schema.anyOf ?? [])]) if (one !== undefined) boundAs(one, bounds);
}

/** The last whole number that is taken on the way from one that is to one that is not. */
function edge(takes: (value: number) => boolean, inside: number, outside: number): number {
  if (Math.abs(outside - inside) <= 1) return inside;
  const middle = Math.trunc((inside + outside) / 2);
  return takes(middle) ? edge(takes, middle, outside) : edge(takes, inside, middle);
}

const NEVER: JsonSchema = { not: {} };
const without = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, NEVER]));

/** What there may be beside what. @param schema of the whole file @param said what listeners say, so that nothing else does */
export function relateKeys(schema: JsonSchema, said: readonly string[]): void {
  const { listeners, routes, groups } = schema.properties ?? {};
  if (listeners?.items !== undefined) {
    listeners.items.oneOf = [
      { required: ["http"], properties: without(["https", "certificates", "tls"]) },
      {
        required: ["https"],
        properties: without(["http", "redirect"]),
        oneOf: [{ required: ["certificates"] }, { required: ["tls"] }],
      },
    ];
  }
  if (routes?.items !== undefined) {
    routes.items.oneOf = ROUTE_ACTIONS.map((key) => ({
      required: [key],
      ...(key === "to" ? {} : { properties: without([...ON_THE_WAY, ...(key === "refuse" ? ASKED_FIRST : [])]) }),
    }));
    routes.items.dependencies = {
      stripPrefix: { required: ["match"], properties: { match: { type: "object", required: ["path"] } } },
    };
  }
  const group = typeof groups?.additionalProperties === "object" ? groups.additionalProperties : undefined;
  for (const one of group?.properties?.balance?.anyOf ?? []) {
    const hashed = one.properties?.hash?.anyOf?.find(({ properties }) => properties !== undefined);
    if (hashed !== undefined) hashed.oneOf = [{ required: ["field"] }, { required: ["cookie"] }];
  }
  const tls = group?.properties?.tls;
  if (tls !== undefined) {
    tls.anyOf = ["ca", "cert", "serverName"].map((key) => ({ required: [key] }));
    tls.dependencies = { cert: { required: ["key"] }, key: { required: ["cert"] } };
  }
  schema.oneOf = [{ required: ["routes"], properties: without(["sendProxyProtocol"]) }, { required: ["to"] }];
  schema.dependencies = {
    listeners: { properties: without(said) },
    clientCa: { required: ["tlsCert"] },
    tlsCert: { required: ["tlsKey"], properties: without(["tls"]) },
    tlsKey: { required: ["tlsCert"], properties: without(["tls"]) },
  };
}
