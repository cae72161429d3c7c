/**
 * What a request-target and a Host say: the four forms of RFC 9112 section 3.2 and the authority they name.
 *
 * Path and query are never changed (RFC 9110 section 7.7). Deliberately absent: percent-decoding and normalisation.
 */
import { isAuthority, PORT_MAX } from "./authority.ts";
import { Kind } from "./fields.ts";
import type { RequestMessage } from "./messages.ts";
import type { RefusalCode } from "./refusals.ts";

export interface Target {
  readonly form: "origin" | "absolute" | "authority" | "asterisk";
  /** What an origin server is asked for: a path with its query, or `*`. For `authority`: host and port. */
  readonly path: string;
  /** Lowercase scheme of an absolute-form; otherwise empty. */
  readonly scheme: string;
  /** `host[:port]` that the request is for: from the target when it has one, else from Host; absent: empty. */
  readonly authority: string;
}

const ABSOLUTE = /^([a-z][a-z0-9+\-.]*):\/\/([^/?]*)(.*)$/i;

/** The valid host that was asked for last: most requests in a row ask for the same. */
let latestHost = "";

/** Reads the target and checks Host (RFC 9112 section 3.2), whichever of them then decides. */
export function targetOf(head: RequestMessage): Target | RefusalCode {
  if (head.fields.isRepeated(Kind.host)) return "host-repeated";
  const host = head.fields.firstOf(Kind.host);
  if (host === undefined) {
    if (head.minorVersion === 1) return "host-missing";
    return formOf(head.method, head.target, "");
  }
  if (host !== latestHost) {
    if (!isAuthority(host)) return "host-invalid";
    latestHost = host;
  }
  // The very same text each time, so that whoever compares it need not look at its characters.
  return formOf(head.method, head.target, latestHost);
}

function formOf(method: string, target: string, host: string): Target | RefusalCode {
  if (method === "CONNECT") {
    return isConnectTarget(target)
      ? { form: "authority", path: target, scheme: "", authority: target }
      : "target-form-mismatch";
  }
  if (target.charCodeAt(0) === 47) return { form: "origin", path: target, scheme: "", authority: host };
  if (target === "*") {
    if (method !== "OPTIONS") return "target-form-mismatch";
    return { form: "asterisk", path: "*", scheme: "", authority: host };
  }
  const parts = ABSOLUTE.exec(target);
  if (parts === null) return "target-form-mismatch";
  const [, scheme = "", authority = "", rest = ""] = parts;
  // RFC 9110 section 4.2.4: its presence in a target is an error, likely made to obscure the authority.
  if (authority.includes("@")) return "userinfo-not-allowed";
  if (authority === "" || !isAuthority(authority) || authority.charCodeAt(0) === 58) return "host-invalid";
  return { form: "absolute", path: pathFor(method, rest), scheme: scheme.toLowerCase(), authority };
}

/** The origin-form (or `*`) that the last proxy sends for an absolute-form (RFC 9112 sections 3.2.1 and 3.2.4). */
function pathFor(method: string, rest: string): string {
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.charCodeAt(0) === 63 ? `/${rest}` : rest;
}

/** Where a target's authority leads. */
export interface Destination {
  /** In lowercase; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** The longest name that DNS knows has 253 characters, and a dot at its end (RFC 1035 section 2.3.4). */
const HOST_LENGTH_MAX = 254;
/** RFC 9110 section 4.2.1. */
const HTTP_PORT = 80;

/** Where a target in absolute-form (with the scheme `http`) or authority-form leads; nowhere: undefined. */
export function destinationOf({ authority }: Target): Destination | undefined {
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]*))?$/.exec(authority);
  const host = parts?.[1] ?? parts?.[2] ?? "";
  const digits = parts?.[3] ?? "";
  const port = digits === "" ? HTTP_PORT : Number(digits);
  if (host === "" || host.length > HOST_LENGTH_MAX || port < 1 || port > PORT_MAX) return undefined;
  return { host: host.toLowerCase(), port };
}

/** host ":" port with a port from 1 to 65535 (RFC 9112 section 3.2.3, RFC 9110 section 9.3.6). */
function isConnectTarget(target: string): boolean {
  if (!isAuthority(target)) return false;
  const port = /:([0-9]+)$/.exec(target)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= PORT_MAX && !target.startsWith(":");
}
