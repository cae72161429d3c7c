/**
 * Why nothing can be examined, for somebody who reads it in a terminal: what the system's word means, and what to write instead.
 *
 * Deliberately absent: faults of single checks once the target has answered; these are findings.
 */
import { HopwiseError } from "../config/error.ts";
import type { Outcome } from "./probe/connection.ts";
import { DialFault, type Examination } from "./probe/kit.ts";
import type { Target } from "./probe/target.ts";
import { endWords, seconds } from "./words.ts";

const UNTRUSTED =
  "its certificate is signed by an unknown authority: name that with --ca FILE, or take any with --insecure";
const NO_TLS = "it does not speak TLS there";

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was reset while it was opened",
  ENOTFOUND: "its name cannot be resolved",
  EAI_AGAIN: "its name cannot be resolved now",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEDOUT: "it does not take connections: no answer in time",
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
};

export function unreachable(target: Target, problem: string): HopwiseError {
  return new HopwiseError("target-unreachable", `${target.shown} cannot be examined: ${problem}`);
}

/** Why no connection could be opened. */
export function dialProblem(fault: string, { isSecure, shown }: Pick<Target, "isSecure" | "shown">): string {
  const meaning = words[fault];
  if (meaning === NO_TLS && isSecure) return `${NO_TLS}: write ${shown.replace(/^https/, "http")}`;
  if (meaning !== undefined) return `${meaning} (${fault})`;
  return isSecure && /SSL|TLS|ALERT/.test(fault) ? `the TLS handshake failed (${fault})` : fault;
}

/** Why the first request got nothing that can be worked with. */
export async function answerProblem(
  outcome: Exclude<Outcome, { kind: "answer" }>,
  examination: Examination,
): Promise<string> {
  const { target, pace } = examination;
  if (outcome.kind === "malformed") {
    if (outcome.refusal === "tls-on-plain-port" || (await speaksTls(examination))) return schemeHint(target);
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
    return `${got} within ${seconds(pace.answer_ms)}`;
  }
  if (!outcome.hasBegun && (await speaksTls(examination))) return schemeHint(target);
  const end = outcome.end === undefined ? "closed" : endWords[outcome.end.manner];
  return outcome.hasBegun
    ? `the connection ended within the response (${end})`
    : `the connection ended without a response (${end})`;
}

export function schemeHint({ shown }: Target): string {
  return `it speaks TLS there: write ${shown.replace(/^http:/, "https:")}`;
}

/** Whether a server that was asked in the clear would rather have TLS. */
export async function speaksTls(examination: Examination): Promise<boolean> {
  if (examination.target.isSecure) return false;
  try {
    (await examination.open(true, true)).destroy();
    return true;
  } catch (error) {
    if (error instanceof DialFault) return false;
    throw error;
  }
}
