/** What stands behind the options in a command's help, as wide as the terminal. */
import type { Command } from "commander";

/** Where it is not known, as in a pipe; commander takes the same for options. */
const HELP_WIDTH = 80;

/** Long lines on several. Those that begin with a space are commands and files, which stay as they are. */
function flowed(text: string, width = HELP_WIDTH): string {
  return text
    .split("\n")
    .map((line) => (line.startsWith(" ") ? line : flowedLine(line, width)))
    .join("\n");
}

function flowedLine(line: string, width: number): string {
  const lines = [""];
  for (const word of line.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** The same for a command's help. */
export function behind(text: string): (context: { readonly command: Command }) => string {
  return ({ command }) => flowed(text, command.configureOutput().getOutHelpWidth?.() ?? HELP_WIDTH);
}
