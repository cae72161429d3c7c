/**
 * References in responses that name an origin, said anew as the client would name it (`Location`, `Content-Location`, `Refresh`).
 *
 * An origin that makes absolute URLs makes them from its own name, which clients may be unable to reach. Only what names exactly
 * (scheme, host and port) a configured origin, or instead the one that the application chose for this exchange, or the Host that it
 * was sent in its place, is touched, and a URL that leads in the clear to the port at which the client was served over TLS; path, query and fragment stay as they came. Deliberately absent: bodies, `Link`, and the Domain of `Set-Cookie`.
 */
import { isOverTls, type OriginAddress } from "../pool/origin-address.ts";
import { isAuthority } from "../wire/authority.ts";
import { type FieldTable, Kind } from "../wire/fields.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import { trimWhitespace } from "../wire/octets.ts";
import { targetOf } from "../wire/target.ts";

/** Which Host an origin gets: the one that the client sent, its own, or the one that the operator chose. */
export type OriginHost = "keep" | "origin" | { readonly name: string };

type Scheme = "http" | "https";

/** A server as it is named in a URL. */
interface ServerName {
  readonly scheme: Scheme;
  /** `host[:port]`; empty: the client named none. */
  readonly authority: string;
}

/**
 * The longest host and port that DNS knows. A client that names its server at greater length gets references as they came: its
 * `Host` may take most of a head, and would be repeated in as many lines as the origin sends.
 */
const CLIENT_AUTHORITY_MAX = 260;

const DEFAULT_PORTS: Readonly<Record<Scheme, string>> = { http: ":80", https: ":443" };
const ABSOLUTE = /^(https?):\/\/([^/?#]+)/i;

export class OriginReferences {
  /** `scheme://authority` of what is an origin whoever asked. */
  private readonly names = new Set<string>();
  /** The same with the other scheme: the origin's, where it was told that its client uses this one. */
  private readonly namesAsTold = new Set<string>();
  /** A forward proxy has no origins of its own. */
  private readonly hasOrigins: boolean;

  constructor(origins: readonly OriginAddress[], originHost: OriginHost) {
    this.hasOrigins = origins.length > 0;
    for (const { address, authority } of origins) {
      const scheme: Scheme = isOverTls({ address }) ? "https" : "http";
      if (address.kind === "tcp") this.names.add(nameOf(scheme, authority));
      if (originHost === "keep") continue;
      const sent = originHost === "origin" ? authority : originHost.name;
      this.names.add(nameOf(scheme, sent));
      for (const told of ["http", "https"] as const) this.namesAsTold.add(nameOf(told, sent));
    }
  }

  /** Whether this names an origin, or what it was told that it is called. */
  namesOrigin(scheme: string, authority: string): boolean {
    const name = nameOf(scheme.toLowerCase() as Scheme, authority);
    return this.names.has(name) || this.namesAsTold.has(name);
  }

  /**
   * All field lines of this kind of a response, each with its CRLF; none of them has to be said anew: undefined.
   *
   * @param isTrusted the client is a neighbour that tells which server its own client named
   * @param isSecure the client came over TLS
   */
  lines(
    { fields, changes }: ResponseMessage,
    request: RequestMessage,
    isTrusted: boolean,
    isSecure = false,
  ): string | undefined {
    if (!this.hasOrigins) return undefined;
    const client = serverNamedBy(request, isTrusted, isSecure);
    if (client.authority === "" || client.authority.length > CLIENT_AUTHORITY_MAX) return undefined;
    let isAnyNew = false;
    let lines = "";
    for (let index = 0; index < fields.count; index++) {
      if (fields.kind(index) !== Kind.location) continue;
      const name = fields.name(index);
      // What one of ours says is said as it is.
      if (changes?.replaced.has(name.toLowerCase())) continue;
      const value = fields.value(index);
      const start = name.toLowerCase() === "refresh" ? refreshUrlStart(value) : 0;
      const reference = this.rewritten(value.slice(start), client);
      isAnyNew ||= reference !== undefined;
      lines += `${name}: ${value.slice(0, start)}${reference ?? value.slice(start)}\r\n`;
    }
    return isAnyNew ? lines : undefined;
  }

  /** @returns what it is to the client; it names no origin: undefined */
  private rewritten(reference: string, client: ServerName): string | undefined {
    const match = ABSOLUTE.exec(reference);
    if (match === null) return undefined;
    const [start, written = "", authority = ""] = match;
    const scheme = written.toLowerCase() as Scheme;
    const name = nameOf(scheme, authority);
    const isOrigin = this.names.has(name) || (scheme === client.scheme && this.namesAsTold.has(name));
    if (!isOrigin && !leadsToTls(scheme, authority, client)) return undefined;
    return `${client.scheme}://${client.authority}${reference.slice(start.length)}`;
  }
}

/**
 * Whether a URL leads in the clear to the port at which this client is served over TLS, where plain HTTP is answered 400. Origins that do not
 * look at `X-Forwarded-Proto` make such URLs from `Host` (Apache, for a folder without its slash). Without a port it may be meant: at
 * port 80 somebody may answer.
 */
export function leadsToTls(scheme: string, authority: string, client: ServerName): boolean {
  if (client.scheme !== "https" || scheme.toLowerCase() !== "http") return false;
  return /:[0-9]+$/.test(nameOf("http", authority)) && nameOf("https", authority) === nameOf("https", client.authority);
}

/** Without the port that its scheme has anyway. */
export function nameOf(scheme: Scheme, authority: string): string {
  const lowercase = authority.toLowerCase();
  for (const port of [DEFAULT_PORTS[scheme], ":"]) {
    if (lowercase.endsWith(port)) return `${scheme}://${lowercase.slice(0, -port.length)}`;
  }
  return `${scheme}://${lowercase}`;
}

/** How the client came, as far as that is known: a neighbour may have ended its TLS. */
export function clientScheme(request: RequestMessage, isTrusted: boolean, isSecure = false): Scheme {
  return serverNamedBy(request, isTrusted, isSecure).scheme;
}

/** `host[:port]` that the client means, as far as that is known. */
export function clientAuthority(request: RequestMessage, isTrusted: boolean, isSecure = false): string {
  return serverNamedBy(request, isTrusted, isSecure).authority;
}

/** The server that the client means to talk to. */
export function serverNamedBy(request: RequestMessage, isTrusted: boolean, isSecure: boolean): ServerName {
  const target = targetOf(request);
  // It was admitted, so it has a target.
  if (typeof target === "string") return { scheme: "http", authority: "" };
  const proto = isTrusted ? firstMember(request.fields, Kind.forwardedProto).toLowerCase() : "";
  const host = isTrusted ? firstMember(request.fields, Kind.forwardedHost) : "";
  return {
    scheme: schemeOf(proto, target.scheme, isSecure),
    authority: host !== "" && isAuthority(host) ? host : target.authority,
  };
}

/** What a neighbour tells counts most, then what the target says, then how the client came. */
function schemeOf(told: string, targets: string, isSecure: boolean): Scheme {
  if (told === "http" || told === "https") return told;
  if (targets !== "") return targets === "https" ? "https" : "http";
  return isSecure ? "https" : "http";
}

/** What the neighbour that is farthest away said. */
function firstMember(fields: FieldTable, kind: Kind): string {
  return trimWhitespace((fields.firstOf(kind) ?? "").split(",", 1)[0] ?? "");
}

/** Where the URL of a `Refresh` begins: `5; url=http://…`, as browsers read it (HTML, "shared declarative refresh steps"). */
function refreshUrlStart(value: string): number {
  let position = 0;
  const skip = (characters: string) => {
    while (position < value.length && characters.includes(value.charAt(position))) position++;
  };
  skip("0123456789. \t");
  if (position < value.length && ";,".includes(value.charAt(position))) position++;
  skip(" \t");
  if (value.slice(position, position + 3).toLowerCase() !== "url") return position;
  const keyword = position;
  position += 3;
  skip(" \t");
  if (value.charAt(position) !== "=") return keyword;
  position++;
  skip(" \t");
  if (value.charAt(position) === '"' || value.charAt(position) === "'") position++;
  return position;
}
