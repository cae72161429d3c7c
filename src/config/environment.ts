/**
 * `HOPWISE_...`: each flag of each command is a variable of the environment, too. A flag counts before its variable, that before the
 * file, and the file before the default.
 *
 * An empty variable is as if it were not set, since files that set variables for containers cannot leave one out. Deliberately absent:
 * which command has which flag, see the command line; and what values mean, see schema.ts.
 */
import { nearest } from "./nearest.ts";
import type { OptionText } from "./option.ts";
import type { Problem } from "./problems.ts";
import { optionNames, optionText } from "./schema.ts";
import { shown } from "./values.ts";

const PREFIX = "HOPWISE_";

/**
 * How a value is written in a variable. A list has commas or spaces between its values or, where there are line ends, those alone;
 * values that have spaces themselves stand on a line each.
 */
export type VariableForm = "switch" | "value" | "value-or-switch" | "list" | "lines";

/** `headTimeout` as a variable: `HOPWISE_HEAD_TIMEOUT`. */
export function variableOf(option: string): string {
  return PREFIX + option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** How an option is written in its variable. @param isNegatable it can be switched off instead */
export function formOf(
  { placeholder, isList }: Pick<OptionText, "placeholder" | "isList">,
  isNegatable = false,
): VariableForm {
  if (placeholder === undefined) return "switch";
  if (isList) return placeholder.includes(": ") ? "lines" : "list";
  return isNegatable ? "value-or-switch" : "value";
}

export type VariableValue = string | boolean | readonly string[];

/** What the variable of an option says; it says nothing: undefined. @param refuse is told of a value that cannot be taken */
export function readVariable(
  option: string,
  form: VariableForm,
  env: NodeJS.ProcessEnv,
  refuse: (problem: string) => void,
): VariableValue | undefined {
  const name = variableOf(option);
  const text = env[name]?.trim() ?? "";
  if (text === "" || isServiceLink(name, text)) return undefined;
  switch (form) {
    case "value":
      return text;
    case "switch":
      return switchIn(text) ?? numberedSwitch(text, refuse);
    case "value-or-switch":
      return switchIn(text) ?? text;
    case "list":
      return parts(text, text.includes("\n") ? /\n/ : /[\s,]+/);
    case "lines":
      return parts(text, /\n/);
  }
}

function switchIn(text: string): boolean | undefined {
  if (/^(?:true|on|yes)$/i.test(text)) return true;
  return /^(?:false|off|no)$/i.test(text) ? false : undefined;
}

function numberedSwitch(text: string, refuse: (problem: string) => void): boolean | undefined {
  if (text === "0" || text === "1") return text === "1";
  refuse(`"${shown(text)}" is not a switch: write true or false`);
  return undefined;
}

function parts(text: string, separator: RegExp): readonly string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** What variables say of the keys of a file: options by their names. */
export function optionsIn(env: NodeJS.ProcessEnv): OptionsInEnvironment {
  const problems: Problem[] = [];
  const said = optionNames.flatMap((name) => {
    const text = optionText(name);
    if (text.isLibraryOnly) return [];
    const refuse = (message: string) => problems.push({ path: [name], message });
    const value = readVariable(name, formOf(text, name === "admin"), env, refuse);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { options: Object.fromEntries(said), problems };
}

export interface OptionsInEnvironment {
  readonly options: Readonly<Record<string, VariableValue>>;
  readonly problems: readonly Problem[];
}

/** One sentence about each variable that looks like one of ours, misspelt. Values are never repeated. */
export function unknownVariables(env: NodeJS.ProcessEnv, options: readonly string[]): readonly string[] {
  const known = [...new Set(options.map(variableOf))];
  const unknown = Object.entries(env).filter(
    ([name, value = ""]) => name.startsWith(PREFIX) && !known.includes(name) && !isServiceLink(name, value),
  );
  return unknown.flatMap(([name]) => {
    const near = nearest(
      name.slice(PREFIX.length),
      known.map((one) => one.slice(PREFIX.length)),
    );
    // Others may be somebody's own, around hopwise: HOPWISE_IMAGE, HOPWISE_VERSION.
    return near === undefined ? [] : [`${shown(name)} is not known and does nothing; did you mean ${PREFIX}${near}?`];
  });
}

/** Kubernetes tells each container of all services in this way: one that is called hopwise is HOPWISE_PORT=tcp://10.0.0.1:80. */
function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_|$)/.test(name)) return true;
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value);
}
