/** The program, and where the process ends. */
import { collectAlone } from "./collector.ts";
import { leave } from "./leave.ts";
import { runProgram } from "./program.ts";
import { ignoreInspectorSignal } from "./signals.ts";

ignoreInspectorSignal();
collectAlone();
await leave(await runProgram(process.argv.slice(2)));
