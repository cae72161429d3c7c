/**
 * Writes docs/options.md: every option of the commands that are proxies, in the order of their `--help`.
 *
 * What an option is called, does and is by default comes from the schemas, and which command has it from the command line.
 * Only for flags that no library option belongs to is something said here. Deliberately absent: `hopwise lab`, whose flags
 * say how a play is shown.
 */
import type { Command, Option } from "commander";
import type * as z from "zod";
import { variableText } from "../../src/cli/environment.ts";
import { programWith } from "../../src/cli/program.ts";
import { forwardSchema } from "../../src/config/forward-options.ts";
import {
  defaultText,
  flagOf,
  type OptionText,
  optionGroups,
  optionText,
  proxySchema,
} from "../../src/config/schema.ts";

const WRITTEN_BY =
  "<!-- Written by `npm run options:page`. Edit src/config/schema.ts and src/config/forward-options.ts, not this file. -->";

/** The commands that take a proxy's options, and the schema of each. */
const schemas: Readonly<Record<string, z.ZodObject>> = {
  proxy: proxySchema,
  forward: forwardSchema,
  demo: proxySchema,
};

/** How values are written, by the placeholder of `--help`. */
const kinds: Readonly<Record<string, string>> = {
  "<[host:]port>": "address",
  "<[scheme://][host:]port>": "address, behind `http://` or `https://` if need be",
  "<cidr>": "address or range, like `10.0.0.0/8`",
  "<count>": "whole number",
  "<duration>": "duration",
  "<file>": "path of a file",
  "<from=to>": "`FROM=TO`; in a program also an object",
  "<host>": "`keep`, `origin` or a name",
  "<kinds>": "list, with commas",
  "<name: value>": "`Name: value`; in a program also an object",
  "<name|off>": "name, or `off`",
  "<port>": "whole number",
  "<ports>": "ports",
  "<pretty|common|combined|json>": "`pretty`, `common`, `combined` or `json`",
  "<probe|cancel|finish>": "`probe`, `cancel` or `finish`",
  "<required|optional>": "`required` or `optional`",
  "<self-signed>": "`self-signed`",
  "<size>": "size",
  "<url>": "URL",
  "<v1|v2>": "`v1` or `v2`",
};

/** The same of options that programs alone have. */
const libraryKinds: Readonly<Record<string, string>> = {
  host: "host name or address",
  port: "whole number",
  hookTimeout: "duration",
};

/** Flags of the command line alone: why they are as they are. */
const reasonsOfOwnFlags: Readonly<Record<string, { readonly normally: string; readonly reason: string }>> = {
  "--workers": { normally: "`1`", reason: "one process learns from all traffic and keeps all limits by itself" },
  "--hash-password": { normally: "off", reason: "it is another task: no proxy is started" },
  "--quiet": { normally: "off", reason: "where it listens and how it ends is worth a line" },
  "--json": { normally: "off", reason: "people read it, most of the time" },
  "--no-http2": { normally: "off", reason: "browsers would need six connections for what they ask for on one" },
  "--no-traffic": { normally: "off", reason: "without traffic there is nothing to see" },
};

/** Where a program's default is not the command line's. */
const defaultsInPrograms: Readonly<Record<string, string>> = { admin: "none; `true` is the command line's default" };

/** An option of one command, or of the library alone. */
interface Variant {
  readonly command: string;
  readonly description: string;
  readonly normally: string;
  readonly reason: string;
}

/** One section of the page: an option, as all commands have it. */
interface Entry {
  /** What its section is called. */
  readonly title: string;
  readonly group: string;
  readonly kind: string;
  /** None: the command line alone has it. */
  readonly libraryName?: string;
  /** Of the environment; none: it is no setting, or programs alone have it. */
  readonly variable?: string | undefined;
  readonly variants: Variant[];
}

export function optionsPage(): string {
  const entries = allEntries();
  const groups = [...new Set([...Object.values(optionGroups), ...entries.map(({ group }) => group)])];
  return [
    "# Options",
    "",
    WRITTEN_BY,
    "",
    "Every option of `hopwise proxy`, `hopwise forward` and `hopwise demo`, in the order of their `--help`, and of `createProxy` and",
    "`createForwardProxy`. An option is the same thing everywhere: `--head-timeout 10s` on the command line is",
    '`headTimeout: "10s"` in a program. A file for `hopwise run` has the same keys ([the guide](guide.md#one-file-listeners-groups-and-routes)).',
    "Those of `hopwise lab` say how a play is shown: `hopwise lab --help`. `createHandler` takes those about origins, fields and bodies,",
    "and [some of its own](guide.md#inside-your-own-server); hooks are [functions](guide.md#seeing-and-changing-what-passes).",
    "",
    "Each flag is a variable of the environment, too: `HOPWISE_HEAD_TIMEOUT=10s`. A flag counts before its variable, the variable before",
    "the file of `hopwise run`, and that before the default; an empty variable counts as none. A variable that begins with `HOPWISE_`",
    "and is not known is warned of.",
    "",
    "| Values | on the command line | in a program, also |",
    "|---|---|---|",
    "| duration | `500ms`, `5s`, `2m`, `1h` | a number: milliseconds |",
    "| size | `512`, `16k`, `1m` (1k is 1,024 bytes) | a number: bytes |",
    "| address | `8080` (this machine alone), `0.0.0.0:8080`, `[::1]:8080` | a number: the port |",
    "| ports | `443,8443,9000-9010` | a number |",
    "| repeatable | the flag once for each value; in a variable with commas or spaces between them, or on lines of their own (`Name: value` always) | an array |",
    "| switch | the flag without a value; in a variable `true` or `false` | `true` or `false` |",
    "",
    "A value that cannot be taken is refused at start, with what to write instead; the exit code is 2.",
    "",
    ...groups.flatMap((group) => overview(group, of(entries, group))),
    ...groups.flatMap((group) => [`## ${group}`, "", ...of(entries, group).flatMap(section)]),
  ].join("\n");
}

function of(entries: readonly Entry[], group: string): Entry[] {
  return entries.filter((entry) => entry.group === group);
}

function allEntries(): Entry[] {
  const entries = new Map<string, Entry>();
  const add = (entry: Omit<Entry, "variants">, variant: Variant) => {
    const known = entries.get(entry.title) ?? { ...entry, variants: [] };
    known.variants.push(variant);
    entries.set(entry.title, known);
  };
  const commands = programWith(() => Promise.resolve()).commands.filter((command) => command.name() in schemas);
  for (const command of commands) {
    const schema = schemas[command.name()] ?? proxySchema;
    for (const option of command.options) addFlag(option, schema, command, add);
  }
  return [...entries.values()];
}

type Add = (entry: Omit<Entry, "variants">, variant: Variant) => void;

function addFlag(option: Option, schema: z.ZodObject, command: Command, add: Add): void {
  const flag = option.long ?? option.flags;
  // What `--admin` is without.
  if (flag === "--help" || flag === "--no-admin") return;
  const name = Object.keys(schema.shape).find((known) => flagOf(known) === flag);
  if (name !== undefined) {
    addOption(name, flag, schema, command.name(), add, variableText(option));
    return addLibraryOnlyBehind(name, schema, command.name(), add);
  }
  const own = reasonsOfOwnFlags[flag];
  if (own === undefined) throw new Error(`say why ${flag} is as it is by default: reasonsOfOwnFlags`);
  const group = (option.helpGroupHeading ?? "").replace(/:$/, "");
  const description = option.description.replace(/ \(default: [^)]*\)$/, "");
  const kind = option.flags === flag ? "switch" : "whole number, or `auto`";
  add({ title: flag, group, kind, variable: variableText(option) }, { command: command.name(), description, ...own });
}

/** Other spellings of the same option, for programs. */
function addLibraryOnlyBehind(name: string, schema: z.ZodObject, command: string, add: Add): void {
  const names = Object.keys(schema.shape);
  for (const next of names.slice(names.indexOf(name) + 1)) {
    if (!optionText(next, schema).isLibraryOnly) return;
    addOption(next, next, schema, command, add);
  }
}

function addOption(
  name: string,
  title: string,
  schema: z.ZodObject,
  command: string,
  add: Add,
  variable?: string,
): void {
  const text = optionText(name, schema);
  const { description, reason, group } = text;
  const normally = shownDefault(defaultText(name, schema), text);
  const kind = libraryKinds[name] ?? kindOf(text);
  const entry = { title, group: optionGroups[group], kind, libraryName: name, variable };
  add(entry, { command, description, reason, normally });
}

function kindOf({ placeholder, isList }: OptionText): string {
  if (placeholder === undefined) return "switch";
  const kind = kinds[placeholder];
  if (kind === undefined) throw new Error(`say how ${placeholder} is written: kinds`);
  return isList ? `${kind}, repeatable` : kind;
}

/** A value as it is written, or a sentence about it. */
function shownDefault(text: string, { placeholder, isLibraryOnly }: OptionText): string {
  if (placeholder === undefined && !isLibraryOnly) return text === "false" ? "off" : "on";
  if (text === "") return "none, it must be given";
  return /[ `]|^none$/.test(text) ? text.replace(/--[a-z-]+/g, "`$&`") : `\`${text}\``;
}

function overview(group: string, entries: readonly Entry[]): string[] {
  const rows = entries.map((entry) => {
    const normally = [...new Set(entry.variants.map((it) => it.normally))].join(" · ");
    return `| ${link(entry)} | ${normally} | ${commandsOf(entry)} |`;
  });
  return [`| ${group} | default | commands |`, "|---|---|---|", ...rows, ""];
}

/** The place that a heading has on the page. */
function link({ title }: Entry): string {
  return `[\`${title}\`](#${title.toLowerCase()})`;
}

function commandsOf(entry: Entry): string {
  if (isLibraryOnly(entry)) return "in programs only";
  return entry.variants.map(({ command }) => `\`${command}\``).join(", ");
}

function isLibraryOnly({ title }: Entry): boolean {
  return !title.startsWith("--");
}

function section(entry: Entry): string[] {
  const { title, kind, libraryName, variable, variants } = entry;
  const name = libraryName === undefined ? "on the command line only" : `in a program \`${libraryName}\``;
  const said = variable === undefined ? [] : [`\`${variable}\``];
  const where = isLibraryOnly(entry) ? [commandsOf(entry)] : [name, ...said, commandsOf(entry)];
  const lines = grouped(variants, ({ description }) => sentence(description), "");
  const reasons = grouped(variants, ({ reason }) => sentence(reason), "Why: ");
  const inPrograms = defaultsInPrograms[libraryName ?? ""];
  const normally = [
    ...grouped(variants, ({ normally }) => normally, "Default: "),
    ...(inPrograms === undefined ? [] : [`Default in a program: ${inPrograms}`]),
  ];
  return [
    `### ${title}`,
    "",
    ...lines,
    "",
    `- ${[`${kind[0]?.toUpperCase()}${kind.slice(1)}`, ...where].join(" · ")}`,
    ...[...normally, ...reasons].map((line) => `- ${line}`),
    ...(title === "--admin" ? ["- `--no-admin`: serve none of these"] : []),
    "",
  ];
}

/** What is said of all commands in one line, or of each in its own. */
function grouped(variants: readonly Variant[], say: (variant: Variant) => string, label: string): string[] {
  const texts = [...new Set(variants.map(say))];
  if (texts.length === 1) return [`${label}${texts[0]}`];
  return texts.map((text) => {
    const commands = variants.filter((variant) => say(variant) === text).map(({ command }) => `\`${command}\``);
    return `${label}${text} (${commands.join(", ")})`;
  });
}

/** Texts of the schema begin in lowercase and end without a stop, as lists of help do, and mark no code. */
function sentence(text: string): string {
  const code =
    /(?<![`\w])(?:--[a-z-]+|https?:\/\/[\w:]+|unix:\/\w+|\/(?:stats|metrics|healthz|readyz)\b|X-Forwarded-\*)/g;
  const marked = text.replace(code, "`$&`");
  const first = /^`/.test(marked) ? marked[0] : marked[0]?.toUpperCase();
  return `${first}${marked.slice(1)}${marked.endsWith(".") ? "" : "."}`;
}
