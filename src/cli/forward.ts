/** `hopwise forward`: a forward proxy until a signal ends it; with `--hash-password` a line for its file of users. */

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { createForwardProxy, HopwiseError, type HopwiseProxy } from "../index.ts";
import { formatPasswordHash, hashPassword } from "../proxy/password-hash.ts";
import { ExitCode } from "./exit.ts";
import { forwardOptionsFrom } from "./flags.ts";
import { announce, isFile, serve, tellAcceptFaults } from "./proxy.ts";
import { styled, type Terminal } from "./terminal.ts";

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runForward(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  if (flags.hashPassword === true) return await printHash(terminal);
  const options = forwardOptionsFrom(flags);
  const proxy = createForwardProxy(options);
  return await serve(proxy, terminal, (listening) => {
    const who = options.users === undefined ? "" : " for its users";
    announce(listening, `is a forward proxy${who}`, {}, terminal);
    // Deliberately not told: origins that cannot be reached. Clients name them, and get to know.
    tellAcceptFaults(proxy, terminal);
    if (!isFile(options.accessLog) && options.users === undefined) return;
    process.on("SIGHUP", () => {
      proxy.reopenAccessLog();
      reloadUsers(proxy, terminal);
    });
  });
}

function reloadUsers(proxy: HopwiseProxy, terminal: Terminal): void {
  try {
    proxy.reloadUsers();
  } catch (error) {
    terminal.warn(`${styled("yellow", "the users stay as they were")}: ${(error as Error).message}`);
  }
}

async function printHash(terminal: Terminal): Promise<ExitCode> {
  const password = await readPassword();
  if (password === "") {
    throw new HopwiseError(
      "option-invalid",
      "there is no password on the standard input: write one line",
      "hashPassword",
    );
  }
  if (/[\x00-\x1f\x7f]/.test(password)) {
    throw new HopwiseError("option-invalid", "a password has no control characters: write one line", "hashPassword");
  }
  terminal.print(formatPasswordHash(await hashPassword(password)));
  return ExitCode.well;
}

/** One line of the standard input; at a terminal it is asked for, and not shown. */
async function readPassword(): Promise<string> {
  if (process.stdin.isTTY !== true) return (await text(process.stdin)).replace(/\r?\n$/, "");
  process.stderr.write("Password: ");
  const silent = new Writable({ write: (_octets, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
