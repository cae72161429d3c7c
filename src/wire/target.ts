/**
 * What a request-target and a Host say: the four forms of RFC 9112 section 3.2 and the authority they name.
 *
 * Path and query are never changed (RFC 9110 section 7.7). Deliberately absent: percent-decoding and normalisation.
 */
import { Kind } from "./fields.ts";
import type { RefusalCode } from "./refusals.ts";
import type { RequestHead } from "./request-head.ts";

export interface Target {
  readonly form: "origin" | "absolute" | "authority" | "asterisk";
  /** What an origin server is asked for: a path with its query, or `*`. For `authority`: host and port. */
  readonly path: string;
  /** Lowercase scheme of an absolute-form; otherwise empty. */
  readonly scheme: string;
  /** `host[:port]` that the request is for: from the target when it has one, else from Host; absent: empty. */
  readonly authority: string;
}

/** uri-host [ ":" port ]: a registered name or an IPv4 address (RFC 3986 section 3.2.2). A port has at most five digits. */
const AUTHORITY = /^(?:[a-z0-9\-._~!$&'()*+,;=]|%[0-9a-f]{2})+(?::([0-9]{0,5}))?$/i;
const IP_LITERAL_AUTHORITY = /^\[([0-9a-f:.]+)\](?::([0-9]{0,5}))?$/i;
/** An address of an IP version that is yet to come (RFC 3986 section 3.2.2): valid, and nobody knows the way. */
const IPVFUTURE_AUTHORITY = /^\[v[0-9a-f]+\.[a-z0-9\-._~!$&'()*+,;=:]+\](?::([0-9]{0,5}))?$/i;
const PORT_MAX = 65_535;
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
const ABSOLUTE = /^([a-z][a-z0-9+\-.]*):\/\/([^/?]*)(.*)$/i;

/** Whether `text` is a valid `Host` value; the empty value is one (RFC 9110 section 7.2). */
export function isAuthority(text: string): boolean {
  if (text === "") return true;
  if (text.charCodeAt(0) !== 91) return isPort(AUTHORITY.exec(text), 1);
  if (isFutureAddress(text)) return isPort(IPVFUTURE_AUTHORITY.exec(text), 1);
  const literal = IP_LITERAL_AUTHORITY.exec(text);
  return isPort(literal, 2) && isIpv6(literal?.[1] ?? "");
}

/** Whether a valid authority names an address of an unknown IP version, as `[v1.a]` does. */
export function isFutureAddress(authority: string): boolean {
  return /^\[v/i.test(authority);
}

/** Whether it matched, with a port that there is in group `index`, or none. */
function isPort(match: RegExpExecArray | null, index: number): boolean {
  return match !== null && Number(match[index] ?? "") <= PORT_MAX;
}

/** Eight groups of four digits, the last two as the longest IPv4 address. */
const IPV6_LENGTH_MAX = 45;

/** Eight groups of up to four hexadecimal digits; `::` once for one group or more of zeros; the last two as IPv4. */
function isIpv6(text: string): boolean {
  if (text.length > IPV6_LENGTH_MAX) return false;
  const [left = "", right, ...more] = text.split("::");
  if (more.length > 0) return false;
  const before = left === "" ? [] : left.split(":");
  const behind = right === undefined || right === "" ? [] : right.split(":");
  const groups = [...before, ...behind];
  let count = groups.length;
  if (IPV4.test(groups.at(-1) ?? "") && right !== "") {
    groups.pop();
    count++;
  }
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return right === undefined ? count === 8 : count <= 7;
}

/** The valid host that was asked for last: most requests in a row ask for the same. */
let latestHost = "";

/** Reads the target and checks Host (RFC 9112 section 3.2), whichever of them then decides. */
export function targetOf(head: RequestHead): Target | RefusalCode {
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
