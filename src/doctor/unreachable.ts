/**
 * Why nothing can be examined, for somebody who reads it in a terminal: what the system's word means, and what to write instead.
 *
 * A wrong scheme is the commonest mistake, and shows as anything: a reset, a stall, garbage. So before one is blamed, the other is tried.
 * Deliberately absent: faults of single checks once the target has answered; these are findings.
 */
import { HopwiseError } from "../config/error.ts";
import type { Address, Socket } from "../net/ports.ts";
import type { Outcome } from "./probe/connection.ts";
import { DialFault, type Dialing, dial } from "./probe/dialing.ts";
import { addressOf, type Target } from "./probe/target.ts";
import { endWords, seconds } from "./words.ts";

const UNTRUSTED =
  "its certificate is signed by an unknown authority: name that with --ca FILE, or take any with --insecure";
const NO_TLS = "it does not speak TLS there";
const NO_COMMON_TLS = "it takes no TLS version or cipher that is offered: TLS 1.2 or newer, as Node.js has them";
const NEEDS_CERTIFICATE = "it asks clients for a certificate, and the doctor has none to show";

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was reset while it was opened",
  ENOENT: "there is no such socket",
  EACCES: "this user may not open it",
  ENOTSOCK: "it is not a socket",
  ENOTFOUND: "its name cannot be resolved",
  EAI_AGAIN: "its name cannot be resolved now",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEOUT: "no name server answered in time",
  EMFILE: "this process may open no more files: raise the limit (ulimit -n)",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed: trust it with --ca FILE, or take any with --insecure",
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: "its certificate has expired: renew it, or examine all the same with --insecure",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: is the clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name: write that name, or take any with --insecure",
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    "it does not take HTTP/1.1 over TLS (ALPN), and HTTP/2 is not examined: allow HTTP/1.1 there",
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: "it has no certificate for this name: write the name that it is known by",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: NO_COMMON_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: NO_COMMON_TLS,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: `${NO_COMMON_TLS}, or it asks clients for a certificate`,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NEEDS_CERTIFICATE,
};

/** What cannot be reached, and how to try it in another way. */
export interface Unreached {
  readonly address: Address;
  /** As it may be shown: its URL. */
  readonly shown: string;
  readonly authority: string;
  readonly dialing: Dialing;
}

export function unreachedTarget(target: Target, dialing: Dialing): Unreached {
  const tls = target.isSecure ? { serverName: target.host, rejectUnauthorized: false } : undefined;
  return { address: addressOf(target, tls), shown: target.shown, authority: target.authority, dialing };
}

export function unreachable(target: Target, problem: string): HopwiseError {
  return new HopwiseError("target-unreachable", `${target.shown} cannot be examined: ${problem}`);
}

/** Why no connection could be opened. */
export async function dialProblem(fault: DialFault, it: Unreached): Promise<string> {
  const word = fault.fault;
  if (fault.isInHandshake) {
    const meaning = words[word];
    const isUnclear = meaning === NO_TLS || word === "ETIMEDOUT" || word === "ECONNRESET" || word === "EPIPE";
    if (isUnclear && (await speaksHttp(it))) return `${NO_TLS}: write ${it.shown.replace(/^https:/, "http:")}`;
    if (word === "ETIMEDOUT")
      return `it takes connections and does not answer the TLS handshake within ${seconds(fault.limit_ms)}`;
    if (word === "ECONNRESET" || word === "EPIPE") return `it closes the connection in the TLS handshake (${word})`;
    if (meaning === NO_TLS) return `${NO_TLS}, and no HTTP either (${word})`;
    return meaning === undefined ? `the TLS handshake failed (${word})` : `${meaning} (${word})`;
  }
  if (word === "ETIMEDOUT")
    return `it does not take connections: no answer within ${seconds(fault.limit_ms)} (${word})`;
  const meaning = words[word];
  return meaning === undefined ? word : `${meaning} (${word})`;
}

/**
 * Why the first request got nothing that can be worked with.
 *
 * @param limit_ms how long it was waited for
 * @param tlsFault what ended the connection's TLS, if that did
 */
export async function answerProblem(
  outcome: Exclude<Outcome, { kind: "answer" }>,
  it: Unreached,
  limit_ms: number,
  tlsFault: string | undefined,
): Promise<string> {
  if (outcome.kind === "malformed") {
    if (outcome.refusal === "tls-on-plain-port" || (await speaksTls(it))) return schemeHint(it);
    if (isHttp2(outcome.start))
      return "it speaks HTTP/2 alone there, which is not examined: allow HTTP/1.1, or examine another port";
    if (outcome.refusal === "upgrade-unexpected")
      return "it switches protocols (101) without having been asked to, and what follows is not HTTP: examine a path that answers plain requests";
    const start = outcome.start === "" ? "" : `: it began with "${outcome.start}"`;
    return `what it answers is not HTTP/1${start} (${outcome.refusal})`;
  }
  if (outcome.why === "timeout") {
    const got =
      outcome.status !== undefined
        ? "its response did not end"
        : outcome.hasBegun
          ? "its response did not get beyond its beginning"
          : "it takes connections and does not answer";
    return `${got} within ${seconds(limit_ms)}`;
  }
  if (tlsFault !== undefined) return `${words[tlsFault] ?? "its TLS failed"} (${tlsFault})`;
  if (!outcome.hasBegun && (await speaksTls(it))) return schemeHint(it);
  const end = outcome.end === undefined ? "closed" : endWords[outcome.end.manner];
  return outcome.hasBegun
    ? `the connection ended within the response (${end})`
    : `the connection ended without a response (${end})`;
}

/** Settings come first from a server of HTTP/2: a frame of type 4 on stream 0. As it is shown, bytes are `\x00`. */
function isHttp2(start: string): boolean {
  return /^\\x00\\x00.{1,4}\\x04\\x00\\x00\\x00\\x00\\x00/.test(start);
}

export function schemeHint({ shown }: Pick<Unreached, "shown">): string {
  return `it speaks TLS there: write ${shown.replace(/^http:/, "https:")}`;
}

/** Whether a server that was asked in the clear would rather have TLS. */
export async function speaksTls({ address, authority, dialing }: Unreached): Promise<boolean> {
  if (address.kind === "unix" || address.tls !== undefined) return false;
  const serverName = authority.replace(/:\d+$/, "");
  try {
    const tls = { serverName: serverName.replace(/^\[|\]$/g, ""), rejectUnauthorized: false };
    await dial(dialing, { ...address, tls }, (socket) => socket.destroy());
    return true;
  } catch (error) {
    // It speaks TLS, and is not content with ours.
    if (error instanceof DialFault) return error.isInHandshake && /_ALERT_|_UNRECOGNIZED_NAME$/.test(error.fault);
    throw error;
  }
}

/** Whether a server that was to speak TLS would rather be asked in the clear. */
async function speaksHttp({ address, authority, dialing }: Unreached): Promise<boolean> {
  if (address.kind === "unix") return false;
  const { host, port } = address;
  try {
    return await dial(dialing, { kind: "tcp", host, port }, (socket) => asksInTheClear(socket, authority, dialing));
  } catch (error) {
    if (error instanceof DialFault) return false;
    throw error;
  }
}

function asksInTheClear(socket: Socket, authority: string, { clock, signal, limit_ms }: Dialing): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isHttp: boolean) => {
      stop();
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(isHttp);
    };
    const onAbort = () => settle(false);
    const stop = clock.after(limit_ms, onAbort);
    signal.addEventListener("abort", onAbort);
    let start = "";
    socket.handler = {
      onData(octets) {
        start += octets.latin1Slice();
        if (start.length >= HTTP1.length || !HTTP1.startsWith(start)) settle(start.startsWith(HTTP1));
      },
      onEnd: () => settle(false),
      onDrain() {},
      onClose: () => settle(false),
    };
    socket.write(`HEAD / HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`);
  });
}

const HTTP1 = "HTTP/1.";
