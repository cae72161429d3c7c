/**
 * A configuration in JavaScript or TypeScript, evaluated in a process of its own, which hands over data: whatever the file does,
 * opens or leaves behind is gone with it, and reading it again begins anew.
 */
import { spawn } from "node:child_process";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HopwiseError } from "./error.ts";

/** A file that asks somebody else for its values needs some time; one that hangs needs this. */
const EVALUATED_WITHIN_MS = 30_000;

/** Run by the other process: the module's default export, a function's result, as JSON. */
const EVALUATION = `
const { default: exported } = await import(process.argv[1]);
if (exported === undefined) throw new Error("it has no default export: write export default { … }");
const value = typeof exported === "function" ? await exported() : await exported;
const text = JSON.stringify(value, (key, value) => {
  if (typeof value === "function") throw new Error(\`"\${key}" is a function, and a file holds data: use hopwise as a library for hooks\`);
  return value;
});
process.send(text ?? "null", () => process.disconnect());
`;

/** @throws HopwiseError when it cannot be evaluated */
export async function evaluatedFile(name: string): Promise<unknown> {
  const isTypeScript = /\.m?ts$/.test(extname(name));
  if (isTypeScript && !stripsTypes()) {
    throw new HopwiseError(
      "option-invalid",
      `${name} is TypeScript, which Node ${process.versions.node} does not read: use Node 22.18 or later, or write YAML or JavaScript`,
    );
  }
  const url = pathToFileURL(resolve(name)).href;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", EVALUATION, "--", url], {
    stdio: ["ignore", 2, "pipe", "ipc"],
    timeout: EVALUATED_WITHIN_MS,
    killSignal: "SIGKILL",
  });
  let told = "";
  let text: string | undefined;
  child.stderr?.setEncoding("utf8").on("data", (more: string) => {
    told += more;
  });
  child.on("message", (message) => {
    text = String(message);
  });
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>((done, fail) => {
    child.once("error", fail).once("close", (code, signal) => done({ code, signal }));
  });
  if (text !== undefined) return JSON.parse(text);
  const why =
    signal === "SIGKILL"
      ? `it did not end within ${EVALUATED_WITHIN_MS / 1_000} s`
      : (faultIn(told) ?? `it ended with ${code}`);
  throw new HopwiseError("option-invalid", `${name} cannot be evaluated: ${why}`);
}

function stripsTypes(): boolean {
  const { features } = process as { features: { typescript?: unknown } };
  return "Bun" in globalThis || (features.typescript !== undefined && features.typescript !== false);
}

/** The line of an uncaught error that says what it is. */
function faultIn(told: string): string | undefined {
  return (
    /^(?:\w*Error(?: \[\w+\])?: )(.*)$/m.exec(told)?.[1] ??
    (told.trim() === "" ? undefined : told.trim().split("\n").at(-1))
  );
}
