/**
 * A listening socket that a service manager opened and handed over, by systemd's convention (sd_listen_fds(3)): `LISTEN_FDS`
 * sockets from descriptor 3 on, for the process that `LISTEN_PID` names.
 *
 * The socket outlives the process that serves it: clients who come between two processes wait in its queue, and none is
 * refused. Deliberately absent: several sockets, since a proxy has one address; and storing descriptors with systemd.
 */
import { fstatSync } from "node:fs";
import { HopwiseError } from "../index.ts";
import { styled, type Terminal } from "./terminal.ts";

const FIRST_DESCRIPTOR = 3;
const VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] as const;

/** The socket's descriptor; none was handed over: undefined. Children are told of none. @throws HopwiseError */
export function takeInheritedSocket(
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
  pid = process.pid,
): number | undefined {
  const { LISTEN_FDS: count, LISTEN_PID: owner } = env;
  for (const name of VARIABLES) delete env[name];
  if (count === undefined || count === "0") return undefined;
  if (owner !== String(pid)) {
    const problem = `sockets were handed over to process ${owner ?? "(no LISTEN_PID)"}, and this is ${pid}`;
    terminal.warn(`${styled("yellow", "warning")}: ${problem}: start hopwise itself, not through npm or a shell`);
    return undefined;
  }
  if (count !== "1") {
    const problem = `LISTEN_FDS is "${count}", and hopwise listens on one socket: hand over one (one ListenStream=)`;
    throw new HopwiseError("option-invalid", problem);
  }
  if (!isSocket(FIRST_DESCRIPTOR)) {
    throw new HopwiseError("option-invalid", `LISTEN_FDS is 1, and descriptor ${FIRST_DESCRIPTOR} is no socket`);
  }
  return FIRST_DESCRIPTOR;
}

/** Options of a proxy on an inherited socket: what is said of an address of its own does not count. */
export function withoutAddress<Options extends { readonly listen?: string | number | undefined }>(
  options: Options,
  fd: number | undefined,
  terminal: Terminal,
): Options {
  if (fd === undefined) return options;
  if (options.listen !== undefined) {
    terminal.warn(`${styled("yellow", "warning")}: --listen is not used: a socket was handed over (LISTEN_FDS)`);
  }
  return { ...options, listen: 0 };
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
