/**
 * Flags that are said by variables of the environment instead (config/environment.ts), and variables that mean nothing.
 *
 * Deliberately absent: the file of `hopwise run`, over whose keys they count, too, see gateway-file.ts.
 */
import type { Command, Option } from "commander";
import { formOf, readVariable, unknownVariables, type VariableForm, variableOf } from "../config/environment.ts";
import { HopwiseError } from "../config/error.ts";
import { flagOf } from "../config/schema.ts";
import { styled, type Terminal } from "./terminal.ts";

/** These say what to do instead, and are no settings. */
const TASKS = new Set(["help", "version", "hashPassword", "schema"]);

/** What a flag's variable is called; it has none: undefined. */
export function variableOfFlag(option: Option): string | undefined {
  const name = option.attributeName();
  return TASKS.has(name) ? undefined : variableOf(name);
}

/** The variable as help shows it behind a flag; of `--no-...` as it says the same. */
export function variableText(option: Option): string | undefined {
  const variable = variableOfFlag(option);
  return variable !== undefined && option.negate ? `${variable}=false` : variable;
}

/** Says a command's flags that were not given and whose variables are set. @throws HopwiseError */
export function takeFlagsFrom(env: NodeJS.ProcessEnv, command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (variableOfFlag(option) === undefined || command.getOptionValueSource(name) === "cli") continue;
    const value = readVariable(name, formOfFlag(option, command), env, (problem) => {
      command.setOptionValueWithSource(name, undefined, "env");
      throw new HopwiseError("option-invalid", problem, name);
    });
    if (value !== undefined) command.setOptionValueWithSource(name, value, "env");
  }
}

/** Warns of variables that belong to no flag of any command. */
export function warnOfUnknown(env: NodeJS.ProcessEnv, program: Command, terminal: Terminal): void {
  const options = program.commands.flatMap(({ options }) => options.filter((one) => variableOfFlag(one) !== undefined));
  for (const line of unknownVariables(
    env,
    options.map((one) => one.attributeName()),
  )) {
    terminal.warn(`${styled("yellow", "warning")}: ${line}`);
  }
}

/** How an option is spelled where its value came from. */
export function spelled(name: string, command: Command | undefined): string {
  return command?.getOptionValueSource(name) === "env" ? variableOf(name) : flagOf(name);
}

function formOfFlag({ flags, required, parseArg, long }: Option, command: Command): VariableForm {
  if (!required) return formOf({});
  const isNegatable = command.options.some((other) => other.long === `--no-${long?.slice(2)}`);
  return formOf({ placeholder: flags, ...(parseArg === undefined ? {} : { isList: true }) }, isNegatable);
}
