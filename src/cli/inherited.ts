/**
 * Listening sockets that a service manager opened and handed over, by systemd's convention (sd_listen_fds(3)): `LISTEN_FDS`
 * sockets from descriptor 3 on, for the process that `LISTEN_PID` names, and `LISTEN_FDNAMES` names them.
 *
 * A socket outlives the process that serves it: clients who come between two processes wait in its queue, and none is
 * refused. Deliberately absent: storing descriptors with systemd.
 */
import { fstatSync } from "node:fs";
import { shown } from "../config/values.ts";
import { HopwiseError, type ProxyOptions } from "../index.ts";
import { styled, type Terminal } from "./terminal.ts";

const FIRST_DESCRIPTOR = 3;
const VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] as const;

export interface InheritedSocket {
  readonly fd: number;
  /** As the service manager calls it (`FileDescriptorName=`, by default its unit); it says nothing: undefined. */
  readonly name: string | undefined;
}

/** Those that were handed over. Children are told of none. @throws HopwiseError */
export function takeInheritedSockets(
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
  pid = process.pid,
): readonly InheritedSocket[] {
  const { LISTEN_FDS: written, LISTEN_PID: owner, LISTEN_FDNAMES: names } = env;
  for (const name of VARIABLES) delete env[name];
  if (written === undefined || written === "0") return [];
  if (owner !== String(pid)) {
    const problem = `sockets were handed over to process ${owner ?? "(no LISTEN_PID)"}, and this is ${pid}`;
    terminal.warn(`${styled("yellow", "warning")}: ${problem}: start hopwise itself, not through npm or a shell`);
    return [];
  }
  if (!/^[1-9][0-9]{0,2}$/.test(written)) {
    throw new HopwiseError("option-invalid", `LISTEN_FDS is "${shown(written)}": it must be a number of sockets`);
  }
  const called = names?.split(":") ?? [];
  return Array.from({ length: Number(written) }, (_, index) => {
    const fd = FIRST_DESCRIPTOR + index;
    if (isSocket(fd)) return { fd, name: called[index] };
    throw new HopwiseError("option-invalid", `LISTEN_FDS is ${written}, and descriptor ${fd} is not a socket`);
  });
}

/** That of a proxy with one listener; none was handed over: undefined. @throws HopwiseError for several */
export function onlySocket(sockets: readonly InheritedSocket[]): number | undefined {
  if (sockets.length <= 1) return sockets[0]?.fd;
  const problem = `LISTEN_FDS is ${sockets.length}, and there is one listener: hand over one socket (one ListenStream=)`;
  throw new HopwiseError("option-invalid", problem);
}

/**
 * Each listener's socket: the one of its name or, where no listener and no socket have the same, in order. Listeners without one listen
 * where they say.
 *
 * @throws HopwiseError for sockets that belong to no listener
 */
export function socketsFor(
  listeners: readonly { readonly name?: string }[],
  sockets: readonly InheritedSocket[],
): readonly (number | undefined)[] {
  const names = listeners.flatMap(({ name }) => name ?? []);
  const byName = sockets.some(({ name }) => name !== undefined && names.includes(name));
  if (!byName) {
    if (sockets.length <= listeners.length) return listeners.map((_, index) => sockets[index]?.fd);
    const problem = `LISTEN_FDS is ${sockets.length}, and there are ${listeners.length} listeners`;
    throw new HopwiseError("option-invalid", `${problem}: hand over one socket for each, in their order`);
  }
  const lost = sockets.find(({ name }, index) => {
    return !names.includes(name ?? "") || sockets.findIndex((other) => other.name === name) !== index;
  });
  if (lost === undefined) return listeners.map(({ name }) => sockets.find((one) => one.name === name)?.fd);
  const problem = `the socket "${shown(lost.name ?? "")}" (LISTEN_FDNAMES) belongs to no listener, or to one that has one`;
  throw new HopwiseError("option-invalid", `${problem}: there are ${names.join(", ")}`);
}

/** Options of a proxy on an inherited socket: what is said of an address of its own does not count. */
export function withoutAddress<Options extends { readonly listen?: ProxyOptions["listen"] }>(
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
