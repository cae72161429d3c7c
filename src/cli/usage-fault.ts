/**
 * What is said about wrong usage: always one line that says what to write instead.
 *
 * Deliberately absent: wrong values, of which options know most (config/options.ts).
 */
import type { Command, CommanderError, Option } from "commander";
import { calledHere } from "./other-words.ts";

/** @param command it was meant for; none was recognised: undefined. @returns nothing for what is no fault */
export function usageFault({ code, message }: CommanderError, command: Command | undefined): string {
  const text = message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  const [, named = ""] = /'([^']*)'/.exec(text) ?? [];
  switch (code) {
    case "commander.help":
      // The help itself was printed.
      return "";
    case "commander.optionMissingArgument":
      return `${named.split(" ")[0]} has no value: write ${named}`;
    default: {
      const how = code === "commander.unknownOption" ? instead(named.replace(/^-+/, ""), command) : undefined;
      if (how !== undefined) return `unknown option '${named}': ${how}`;
      if (text.includes("Did you mean")) return text;
      return `${text.replace(/\.$/, "")}; see hopwise ${command === undefined ? "" : `${command.name()} `}--help`;
    }
  }
}

/** What somebody means who writes an option of another program, or one that with a file is a key of it. */
function instead(name: string, command: Command | undefined): string | undefined {
  const here = calledHere(name) ?? name;
  const option = optionOf(command, here);
  if (option !== undefined) return `here it is ${option.flags}`;
  if (optionOf(command, "config") === undefined) return undefined;
  const proxy = command?.parent?.commands.find((other) => other.name() === "proxy");
  const key = optionOf(proxy, here)?.attributeName();
  return key === undefined ? undefined : `with a file it stands in that, as ${key}`;
}

function optionOf(command: Command | undefined, name: string): Option | undefined {
  return command?.options.find(({ long }) => long === `--${name}`);
}
