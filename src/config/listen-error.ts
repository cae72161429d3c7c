/** What the system said about listening, in words that say what to do. */
import { canInherit, canSecureClients, canSharePort } from "../net/runtime.ts";
import { HopwiseError, type HopwiseErrorCode } from "./error.ts";
import type { ProxyConfig } from "./options.ts";
import { formatAuthority, type ListenAddress } from "./values.ts";

/** A place where the system does not let anyone listen. */
export class ListenError extends HopwiseError {
  /** Which of several listeners, in order from 0 on; it is not about one of these: undefined. */
  readonly listener: number | undefined;

  constructor(code: HopwiseErrorCode, problem: string, option: string, cause: unknown, listener: number | undefined) {
    super(code, problem, option, cause);
    this.listener = listener;
  }
}

/** @param option whose address it is, by its library name @param listener which of several, from 0 on */
export function listenError(
  error: unknown,
  { host, port, isIpv6Only }: ListenAddress,
  option: "listen" | "admin" | "originPort",
  listener?: number,
): HopwiseError {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  const where = formatAuthority(host, port);
  const fault = (name: HopwiseErrorCode, problem: string) => new ListenError(name, problem, option, error, listener);
  switch (code) {
    case "EADDRINUSE":
      return fault(
        "address-in-use",
        `${where}${host === "::" && isIpv6Only !== true ? ", which is for all addresses of IPv4, too," : ""} is taken, by another process or by this one: stop what listens there, or choose another port (0: any free one)`,
      );
    case "EACCES":
    case "EPERM":
      return fault(
        "address-forbidden",
        `this user may not listen on ${where}: choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAFNOSUPPORT":
      return fault(
        "address-unavailable",
        `this machine has no address ${host}: write one of its own, 127.0.0.1, or 0.0.0.0 for all`,
      );
    default:
      return fault("listen-failed", `cannot listen on ${where}: ${message}`);
  }
}

/** @param fd the socket's descriptor */
export function inheritedError(error: unknown, fd: number): HopwiseError {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  const why = code === "" ? message : `${code}: ${message}`;
  const advice = "give it a listening TCP socket (ListenStream=PORT in systemd's unit)";
  return new HopwiseError("listen-failed", `cannot listen on descriptor ${fd} (${why}): ${advice}`, undefined, error);
}

/** Whether this runtime can listen as it is asked to. @throws HopwiseError that says what to do instead */
export function refuseWhatCannotBe(
  { reusesPort, listeners }: Pick<ProxyConfig, "reusesPort" | "listeners">,
  fds: readonly (number | undefined)[],
): void {
  const secure = listeners.findIndex(({ tls }) => tls !== undefined);
  if (!canSecureClients && secure >= 0) {
    const problem =
      "this runtime cannot serve clients over TLS: use Node, or let another program end TLS before hopwise";
    throw new ListenError("option-invalid", problem, "listen", undefined, secure);
  }
  if (reusesPort && !canSharePort) {
    const problem = "this runtime cannot share a port: use Node from 23.1 on, or Bun, on Linux, or inherited sockets";
    throw new HopwiseError("option-invalid", `${problem} (LISTEN_FDS)`, "reusePort");
  }
  if (!canInherit && fds.some((fd) => fd !== undefined)) {
    const problem = "this runtime cannot listen on an inherited socket: use Node, or --listen";
    throw new HopwiseError("option-invalid", problem, "listen");
  }
}
