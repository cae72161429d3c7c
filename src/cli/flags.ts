/**
 * Flags, derived from the schema of options: nothing about an option is said a second time here.
 */
import { type Command, Option } from "commander";
import type * as z from "zod";
import { forwardOptionNames, forwardSchema } from "../config/forward-options.ts";
import {
  defaultText,
  flagOf,
  type OptionName,
  optionGroups,
  optionNames,
  optionText,
  proxySchema,
} from "../config/schema.ts";
import type { ForwardOptions, ProxyOptions } from "../index.ts";

/** What the flag says that turns off what is on. */
const WITHOUT: Readonly<Record<string, string>> = {
  admin: "serve none of these",
  http2: "clients speak HTTP/1 only",
};

/** Adds every option of a proxy, or those that are named. */
export function addProxyFlags(command: Command, names: readonly OptionName[] = optionNames): Command {
  return addFlags(command, names, proxySchema);
}

/** Adds every option of a forward proxy. */
export function addForwardFlags(command: Command): Command {
  return addFlags(command, forwardOptionNames, forwardSchema);
}

function addFlags(command: Command, names: readonly string[], schema: z.ZodObject): Command {
  for (const name of names) {
    const { isLibraryOnly, isList, placeholder, group } = optionText(name, schema);
    if (isLibraryOnly) continue;
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${placeholder}`;
    const option = new Option(flag, helpText(name, schema)).helpGroup(`${optionGroups[group]}:`);
    if (isList) option.argParser((value: string, before: string[] = []) => [...before, value]);
    command.addOption(option);
    const without = WITHOUT[name];
    if (without !== undefined) {
      command.addOption(new Option(`--no-${flagOf(name).slice(2)}`, without).helpGroup(`${optionGroups[group]}:`));
    }
  }
  return command;
}

function helpText(name: string, schema: z.ZodObject): string {
  const { description, placeholder } = optionText(name, schema);
  const normally = defaultText(name, schema);
  return placeholder === undefined || normally === "" || normally === "none"
    ? description
    : `${description} (default: ${normally})`;
}

/** The options among what was parsed. The command line has an admin server unless it is told otherwise. */
export function optionsFrom(flags: Readonly<Record<string, unknown>>): ProxyOptions {
  return pick(flags, optionNames) as unknown as ProxyOptions;
}

export function forwardOptionsFrom(flags: Readonly<Record<string, unknown>>): ForwardOptions {
  return pick(flags, forwardOptionNames) as ForwardOptions;
}

/** What is missing or wrong is said by whoever reads the options. */
function pick(flags: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const options: Record<string, unknown> = { admin: true };
  for (const name of names) if (flags[name] !== undefined) options[name] = flags[name];
  return options;
}
