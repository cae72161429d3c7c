/**
 * What a field list of HTTP/2 says, judged by RFC 9113 section 8: which fields there may be, which there must be, and what they may hold.
 *
 * The runtime judges most of it before anybody hears of a request, and resets the stream in silence; what it lets through is judged here
 * all the same, since what it refuses differs by version. Deliberately absent: what becomes of the request (request-text.ts).
 */

/** A request as its field list says it. */
export interface FieldList {
  readonly method: string;
  /** In lowercase; of a plain CONNECT: empty. */
  readonly scheme: string;
  /** `host[:port]`; there is none: empty. */
  readonly authority: string;
  /** Path and query, or `*`; of a plain CONNECT: empty. */
  readonly path: string;
  /** What a CONNECT is to become (RFC 8441), in lowercase; it is a plain one, or another method: undefined. */
  readonly protocol: string | undefined;
  /** The other fields, each name in front of its value. */
  readonly fields: readonly string[];
}

/** What is wrong with it, for its sender. */
export interface MalformedList {
  readonly malformed: string;
}

type Pseudo = ":method" | ":scheme" | ":authority" | ":path" | ":protocol";

const PSEUDO: ReadonlySet<string> = new Set<Pseudo>([":method", ":scheme", ":authority", ":path", ":protocol"]);
/** They speak of a connection of HTTP/1 (section 8.2.2). */
const OF_HTTP1: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);
/** Section 8.2.1, and RFC 9110 section 5.1: a token without capital letters. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** RFC 3986 section 3.1. It is written in front of an authority, and must not bring one of its own. */
const SCHEME = /^[a-z][a-z0-9+\-.]*$/;
/** What ends a line or a text, and what is no byte; white space around a value. */
const UNFIT_VALUE = /[\0\r\n\u0100-\uffff]|^[ \t]|[ \t]$/;

/** @param raw names and values in turn, as they came */
export function readFieldList(raw: readonly string[]): FieldList | MalformedList {
  const pseudo = new Map<string, string>();
  const fields: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (UNFIT_VALUE.test(value)) return malformed("a value holds what no value may, or has white space around it");
    if (!name.startsWith(":")) {
      const why = whyUnfit(name, value);
      if (why !== undefined) return malformed(why);
      fields.push(name, value);
    } else if (!PSEUDO.has(name)) return malformed("there is a pseudo-header field that requests do not have");
    else if (fields.length > 0) return malformed("a pseudo-header field stands behind other fields");
    else if (pseudo.has(name)) return malformed(`${name} stands twice`);
    else pseudo.set(name, value);
  }
  return asRequest(pseudo, fields);
}

/** The fields behind a body; they are wrong: what is. */
export function readTrailers(raw: readonly string[]): readonly string[] | MalformedList {
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (name.startsWith(":")) return malformed("a trailer section has a pseudo-header field");
    const why = UNFIT_VALUE.test(value) ? "a value in the trailer section is malformed" : whyUnfit(name, value);
    if (why !== undefined) return malformed(why);
  }
  return raw;
}

function whyUnfit(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return "a field name is empty, or holds what no name may";
  if (OF_HTTP1.has(name)) return `${name} speaks of a connection of HTTP/1`;
  return name === "te" && value.toLowerCase() !== "trailers" ? "te is other than trailers" : undefined;
}

function asRequest(pseudo: ReadonlyMap<string, string>, fields: readonly string[]): FieldList | MalformedList {
  const get = (name: Pseudo) => pseudo.get(name);
  const [method, authority = ""] = [get(":method"), get(":authority")];
  // Letters make no difference to it (RFC 9110 section 7.8).
  const protocol = get(":protocol")?.toLowerCase();
  const scheme = get(":scheme")?.toLowerCase();
  const path = get(":path");
  if (method === undefined || method === "") return malformed("there is no :method");
  if (protocol !== undefined && method !== "CONNECT")
    return malformed(":protocol stands beside another method than CONNECT");
  if (protocol !== undefined && hasLength(fields)) return malformed("a CONNECT has no content");
  if (protocol !== undefined && !NAME.test(protocol)) return malformed(":protocol is not one token");
  if (authority.includes("@")) return malformed(":authority has user information");
  if (method === "CONNECT" && protocol === undefined) {
    if (scheme !== undefined || path !== undefined) return malformed("a CONNECT has :scheme or :path");
    if (authority === "") return malformed("a CONNECT has no :authority");
    return { method, scheme: "", authority, path: "", protocol, fields };
  }
  if (scheme === undefined || path === undefined || path === "") return malformed("there is no :scheme or no :path");
  if (!SCHEME.test(scheme)) return malformed(":scheme is not one");
  const isWhole = path.startsWith("/") || (path === "*" && method === "OPTIONS");
  if (!isWhole) return malformed(":path does not begin with /");
  return { method, scheme, authority, path, protocol, fields };
}

/** Other than 0, which is none. */
function hasLength(fields: readonly string[]): boolean {
  return fields.some((part, at) => at % 2 === 1 && fields[at - 1] === "content-length" && part !== "0");
}

function malformed(why: string): MalformedList {
  return { malformed: why };
}
