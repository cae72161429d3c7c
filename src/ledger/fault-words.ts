/**
 * Why no connection to an origin could be opened, for somebody who reads it in a terminal: what the system's word means,
 * and what to do; and of an answer that is malformed, which rule it breaks. Logs, metrics and events keep the word alone.
 */
import { isRefusalCode, meaningOf, meaningOfResponse } from "../wire/refusals.ts";

const words: Readonly<Record<string, string>> = {
  "HTTP 5xx": "in too many of its answers; others get its requests",
  "HTTP 502": "again and again; others get its requests",
  "HTTP 503": "again and again; others get its requests",
  "HTTP 504": "again and again; others get its requests",
  ECONNREFUSED: "nothing listens there",
  ENOENT: "there is no such socket",
  EACCES: "this user may not connect to it",
  ENOTFOUND: "its name cannot be resolved",
  EAI_AGAIN: "its name cannot be resolved now",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEOUT: "no name server answered in time",
  ETIMEDOUT: "it did not answer in time",
  ECONNRESET: "it reset the connection",
  EPIPE: "it had closed the connection already",
  EMFILE: "this process may open no more files: raise the limit (ulimit -n)",
  EADDRNOTAVAIL: "no local port is free for it",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed: trust it with NODE_EXTRA_CA_CERTS=FILE",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its certificate is signed by an unknown authority: name that with NODE_EXTRA_CA_CERTS=FILE",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its certificate is signed by an unknown authority: name that with NODE_EXTRA_CA_CERTS=FILE",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate is signed by an unknown authority: name that with NODE_EXTRA_CA_CERTS=FILE",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: is the clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it asks for a certificate: name one in the group's tls (cert, key)",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    "it accepts nothing that was offered, or asks for a certificate: name one in the group's tls (cert, key)",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS there: is it http://?",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS there: is it http://?",
};

/** Those that mean something to people. */
export const faultWords = Object.keys(words);

/** @param fault the system's word */
export function explainedFault(fault: string): string {
  const meaning = words[fault];
  return meaning === undefined ? fault : `${fault}, ${meaning}`;
}

/** The same as a whole sentence. There is no fault: empty. @param isOfResponse it is the rule that an origin's answer breaks */
export function faultSentence(fault: string | undefined, isOfResponse = false): string {
  if (fault === undefined) return "";
  if (isRefusalCode(fault)) return `${fault}: ${isOfResponse ? meaningOfResponse(fault) : meaningOf(fault).text}`;
  const text = explainedFault(fault);
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
