#!/usr/bin/env node
/** Where the process begins and ends. */
import { collectAlone } from "./collector.ts";
import { runProgram } from "./program.ts";

collectAlone();
const code = await runProgram(process.argv.slice(2));
// What was written to a pipe is still on its way; nothing else is worth waiting for.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => (stream.writableLength === 0 ? resolve() : stream.write("", () => resolve())));
}
process.exit(code);
