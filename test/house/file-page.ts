/**
 * Writes docs/file.md: every key of a file for `hopwise run`, from the same data as schema.json (file-keys.ts).
 *
 * Deliberately absent: anything said of a key, but for examples where neither a default nor an error has one.
 */
import { flagOf, optionGroups, optionText } from "../../src/config/schema.ts";
import { type FileKey, fileKeys, isOption, type JsonSchema, sentence } from "./file-keys.ts";

const WRITTEN_BY =
  "<!-- Written by `npm run file:pages`. Edit the comments in src/config/public-*.ts and the schemas beside them, not this file. -->";

/** Where neither a default nor how to write it is one. */
const examples: Readonly<Record<string, string>> = {
  listeners: "[{ http: 127.0.0.1:8080 }]",
  groups: "{ app: { to: [http://127.0.0.1:3000] } }",
  routes: "[{ to: app }]",
  to: "http://127.0.0.1:3000",
  host: "0.0.0.0",
  port: "8080",
  redirect: "0.0.0.0:80",
  tlsCert: "./site.pem",
  tlsKey: "./site.key",
  clientCa: "./clients.pem",
  tls: "self-signed",
  proxyProtocol: "[10.0.0.0/8]",
  sendProxyProtocol: "v2",
  maxConnections: "5000",
  tolerate: "bare-lf",
  trusted: "[10.0.0.0/8, 192.168.0.0/16]",
  rewritePath: '{ "/api": "/" }',
  setRequestFields: "{ X-Env: test, X-Secret: null }",
  setResponseFields: "{ X-Frame-Options: DENY }",
  via: "proxy-1",
  drainDelay: "5s",
  admin: "127.0.0.1:9901",
  forwarded: "true",
  reusePort: "true",
  logConnections: "true",
  accessLog: "/var/log/hopwise/access.log",
  logFormat: "combined",
  trace: "/var/log/hopwise/trace.json",
  "listeners[].http": "127.0.0.1:8080",
  "listeners[].https": "0.0.0.0:8443",
  "listeners[].certificates": "[{ cert: ./site.pem, key: ./site.key }]",
  "listeners[].certificates[].cert": "./site.pem",
  "listeners[].certificates[].key": "./site.key",
  "listeners[].certificates[].clientCa": "./clients.pem",
  "listeners[].certificates[].clientCert": "optional",
  "listeners[].proxyProtocol": "[10.0.0.0/8]",
  "listeners[].redirect": "https",
  "listeners[].redirect.port": "8443",
  "groups.*.to": "[http://127.0.0.1:3000, { url: http://127.0.0.1:3001, weight: 2 }]",
  "groups.*.to[].url": "http://127.0.0.1:3001",
  "groups.*.to[].weight": "2",
  "groups.*.to[].proxyProtocol": "v2",
  "groups.*.proxyProtocol": "v2",
  "routes[].name": "the rest",
  "routes[].match": "{ host: app.example.com, path: /api/* }",
  "routes[].match.host": "[app.example.com, www.example.com]",
  "routes[].match.path": "/users/:id",
  "routes[].match.method": "[GET, HEAD]",
  "routes[].match.fields": '{ X-Canary: "1", Authorization: true }',
  "routes[].to": "app",
  "routes[].redirect": "{ to: /new/*, status: 307 }",
  "routes[].redirect.to": "/new/*",
  "routes[].redirect.status": "307",
  "routes[].respond": '{ status: 200, body: "hello\\n" }',
  "routes[].respond.status": "404",
  "routes[].respond.fields": "{ Content-Type: text/plain }",
  "routes[].respond.body": '"hello\\n"',
  "routes[].refuse": "true",
  "routes[].stripPrefix": "/api",
  "routes[].addPrefix": "/v1",
  "routes[].setRequestFields": "{ X-Env: test }",
  "routes[].localDestination": "true",
  "routes[].setResponseFields": "{ X-Frame-Options: DENY }",
};

/** An example of a key's value, as it stands behind the colon in YAML; there is none: undefined. */
export function exampleOf({ path, schema, how }: FileKey): string | undefined {
  const value = schema.default ?? schema.const ?? schema.enum?.[0];
  const written = value === undefined ? /\blike ([^\s,"]+[^\s,".])/.exec(how)?.[1] : String(value);
  return examples[path] ?? written;
}

export function filePage(): string {
  const keys = fileKeys();
  const own = keys
    .filter(({ path }) => !path.includes(".") && !path.includes("[") && !isOption(path))
    .sort(({ path: one }, { path: other }) => rankOf(one) - rankOf(other));
  return [
    "# The file of `hopwise run`",
    "",
    WRITTEN_BY,
    "",
    "Every key of `hopwise.config.yaml` (or `.json`, `.js`, `.ts`), and of `createGateway` in a program. How routes are chosen and what",
    "files are for is in [the guide](guide.md#one-file-listeners-groups-and-routes); `hopwise check` says what a file means, or all that",
    "is wrong with it. Editors check it while you write with [schema.json](../schema.json), which `hopwise check --schema` prints:",
    "",
    "```yaml",
    "# yaml-language-server: $schema=./node_modules/hopwise/schema.json",
    "listeners:",
    "  - http: 127.0.0.1:8080",
    "groups:",
    "  app: { to: [http://127.0.0.1:3000] }",
    "routes:",
    "  - to: app",
    "```",
    "",
    "Durations are written `500ms`, `5s`, `2m`, `1h`, or as a number of milliseconds; sizes `512`, `16k`, `1m`, or as a number of bytes.",
    `\`$\{NAME}\` in any text is a variable of the environment, \`$\{file:PATH}\` what a file holds. Variables that begin with \`HOPWISE_\` count`,
    "before [keys that are flags, too](options.md).",
    "",
    ...own.flatMap((key) => section(key, keys)),
    "## Options",
    "",
    "Each flag of `hopwise proxy` is a key as well, at the top of the file; behind each link stands why its default is what it is.",
    "",
    ...Object.entries(optionGroups).flatMap(([group, title]) => [
      `### ${title}`,
      "",
      ...table(
        keys.filter(({ path }) => isOption(path) && optionText(path).group === group),
        (key) => {
          const heading = optionText(key.path).isLibraryOnly ? key.path : flagOf(key.path);
          return `[\`${key.path}\`](options.md#${heading.toLowerCase()})`;
        },
      ),
    ]),
  ].join("\n");
}

/** What a file begins with; what follows is in the order of the schema. */
function rankOf(path: string): number {
  const at = ["listeners", "groups", "routes", "to"].indexOf(path);
  return at < 0 ? Number.MAX_SAFE_INTEGER : at;
}

/** One of the file's own keys, and what is below it. */
function section(key: FileKey, keys: readonly FileKey[]): string[] {
  const { path, meaning } = key;
  const below = keys.filter((other) => /^[.[]/.test(other.path.slice(path.length)) && other.path.startsWith(path));
  const example = exampleOf(key);
  return [
    `## ${path}`,
    "",
    ...[meaning, example === undefined ? "" : `Example: \`${path}: ${example}\``].flatMap((text) =>
      text === "" ? [] : [text, ""],
    ),
    ...table(below, (one) => `\`${one.path.slice(path.length).replace(/^(?:\[\]|\.\*)?\.?/, "")}\``),
  ];
}

function table(keys: readonly FileKey[], nameOf: (key: FileKey) => string): string[] {
  if (keys.length === 0) return [];
  const rows = keys.map((key) => {
    const example = exampleOf(key);
    const meaning = key.meaning.replace(/ ?Default: .*$/, "") || sentence(key.how);
    const cells = [
      nameOf(key) + (key.isRequired ? " (needed)" : ""),
      kindOf(key),
      defaultOf(key),
      meaning,
      example === undefined ? "" : `\`${example}\``,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return ["| key | written as | default | meaning | example |", "|---|---|---|---|---|", ...rows, ""];
}

function defaultOf({ schema, meaning }: FileKey): string {
  if (schema.default !== undefined) return `\`${String(schema.default)}\``;
  const [, told] = /Default: (.*?)\.?$/.exec(meaning) ?? [];
  return told ?? "";
}

/** By how errors say to write it, otherwise by its type. */
function kindOf({ how, schema }: FileKey): string {
  for (const [sentence, kind] of [
    [/^write a duration/, "duration"],
    [/^write a size/, "size"],
    [/^write a whole number$/, "whole number"],
    [/^write a port$/, "port"],
    [/^write PORT/, "address"],
  ] as const) {
    if (sentence.test(how)) return isListToo(schema) ? `${kind}, or a list of them` : kind;
  }
  return typeText(schema);
}

function isListToo({ anyOf = [] }: JsonSchema): boolean {
  return anyOf.some(({ type }) => type === "array");
}

function typeText(schema: JsonSchema): string {
  const { anyOf, type, enum: values, const: value } = schema;
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeText))].join(" or ");
  if (value !== undefined) return `\`${String(value)}\``;
  if (values !== undefined) return values.map((one) => `\`${String(one)}\``).join(" or ");
  if (type === "array")
    return schema.items === undefined ? "list" : `list of ${typeText(schema.items).replace(/\b(text|map)\b/g, "$1s")}`;
  return [type ?? "anything"]
    .flat()
    .map((one) => typeNames[one] ?? one)
    .join(" or ");
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  object: "map",
  boolean: "`true` or `false`",
  integer: "whole number",
  null: "nothing",
};
