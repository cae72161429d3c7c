/**
 * Flags, derived from the schema of options: nothing about an option is said a second time here.
 */
import { type Command, Option } from "commander";
import { defaultText, flagOf, type OptionName, optionGroups, optionNames, optionText } from "../config/schema.ts";
import type { ProxyOptions } from "../index.ts";

/** Adds every option of a proxy, or those that are named. */
export function addProxyFlags(command: Command, names: readonly OptionName[] = optionNames): Command {
  for (const name of names) {
    const { isLibraryOnly, isList, placeholder, group } = optionText(name);
    if (isLibraryOnly) continue;
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${placeholder}`;
    const option = new Option(flag, helpText(name)).helpGroup(`${optionGroups[group]}:`);
    if (isList) option.argParser((value: string, before: string[] = []) => [...before, value]);
    command.addOption(option);
    if (name === "admin") {
      command.addOption(new Option("--no-admin", "serve none of these").helpGroup(`${optionGroups[group]}:`));
    }
  }
  return command;
}

function helpText(name: OptionName): string {
  const { description, placeholder } = optionText(name);
  const normally = defaultText(name);
  return placeholder === undefined || normally === "" || normally === "none"
    ? description
    : `${description} (default: ${normally})`;
}

/** The options among what was parsed. The command line has an admin server unless it is told otherwise. */
export function optionsFrom(flags: Readonly<Record<string, unknown>>): ProxyOptions {
  const options: Record<string, unknown> = { admin: true };
  for (const name of optionNames) if (flags[name] !== undefined) options[name] = flags[name];
  // What is missing or wrong is said by whoever reads the options.
  return options as unknown as ProxyOptions;
}
