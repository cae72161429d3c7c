/** `hopwise forward`: a forward proxy until a signal ends it; with `--hash-password` a line for its file of users. */

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { SeenFiles } from "../config/files.ts";
import { openProxyWarning, readForwardOptions } from "../config/forward-options.ts";
import { shareOf } from "../config/shares.ts";
import { formatPasswordHash, hashPassword, PASSWORD_BYTES_MAX } from "../forward/password-hash.ts";
import { createForwardProxy, type ForwardOptions, HopwiseError, type Listening } from "../index.ts";
import { ExitCode } from "./exit.ts";
import { forwardOptionsFrom } from "./flags.ts";
import { handedOver, type ReadOptions } from "./handed-over.ts";
import { onlySocket, takeInheritedSockets, withoutAddress } from "./inherited.ts";
import { News } from "./news.ts";
import { announce, reopenLog, serve } from "./serving.ts";
import { Signals } from "./signals.ts";
import { styled, type Terminal } from "./terminal.ts";
import { reloadUsers } from "./users.ts";
import { type Crew, runWorkers, workersFrom } from "./workers.ts";

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runForward(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  if (flags.hashPassword === true) return await printHash(terminal);
  const signals = new Signals(terminal);
  const fd = onlySocket(takeInheritedSockets(terminal));
  const options = withoutAddress(forwardOptionsFrom(flags), fd, terminal);
  const told = (listening: Listening, what: string, facts: object) => {
    announce(listening, what, facts, terminal);
    // Of an address that was an option, it was said before.
    const warning = listening.isInherited && options.users === undefined ? openProxyWarning(listening.host) : undefined;
    if (warning !== undefined) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  };
  const who = options.users === undefined ? "" : " for its users";
  const count = workersFrom(flags);
  if (count > 1) {
    const read: ReadOptions<ForwardOptions> = (options, files) => readForwardOptions(options, undefined, files);
    const files = new SeenFiles();
    read(options, files);
    const crew: Crew<ForwardOptions> = {
      ...{
        kind: "forward",
        count,
        fds: [fd],
        given: handedOver(options, files.seen, read),
        share: shareOf,
        rereads: options.users === undefined ? [] : ["the users"],
      },
      announce: (it) => told(it, `is a forward proxy${who}, of ${count} workers`, { workers: count }),
    };
    return await runWorkers(crew, terminal, signals);
  }
  const proxy = createForwardProxy(options);
  return await serve(proxy, [fd], terminal, signals, (listening) => {
    told(listening, `is a forward proxy${who}`, {});
    // Deliberately not told: origins that cannot be reached. Clients name them, and get to know.
    const news = new News(terminal);
    proxy.on("accept-failed", (event) => news.tell(event));
    proxy.on("internal-error", (event) => news.tell(event));
    proxy.on("access-log", (event) => news.tell(event));
    signals.renews({
      reopenLogs: () => reopenLog(options.accessLog, () => proxy.reopenAccessLog()),
      reread: () => reloadUsers(proxy, options.users !== undefined, terminal),
    });
  });
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
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) {
    const problem = `the password has more than ${PASSWORD_BYTES_MAX} bytes: write a shorter one`;
    throw new HopwiseError("option-invalid", problem, "hashPassword");
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
