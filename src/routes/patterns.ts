/**
 * What routes are written with: patterns of hosts and paths, read once.
 *
 * A host is a name (`app.example.com`), or all names below one (`*.example.com`, at any depth, not itself). A path is exact
 * (`/login`), has parameters that stand for one segment each (`/users/:id`), or ends in `/*` and stands for itself and all below
 * (`/api/*`, also `/api`). Deliberately absent: regular expressions; what a path is compared with takes time that does not depend
 * on what a client writes.
 */
import { PatternError } from "./pattern-error.ts";
import { percentDecoded } from "./request-path.ts";

export interface HostPattern {
  readonly kind: "exact" | "below";
  /** In lowercase; of `*.example.com`: `example.com`. */
  readonly name: string;
}

export interface PathPattern {
  readonly kind: "exact" | "parameters" | "prefix";
  /** Decoded, each byte a character; a parameter: undefined. */
  readonly segments: readonly (string | undefined)[];
}

const LABEL = "[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** An IPv6 address, as it stands in Host. */
const BRACKETED = /^\[[0-9a-f:.]+\]$/;

export function readHostPattern(written: string): HostPattern {
  const text = written.toLowerCase().replace(/\.$/, "");
  const name = text.startsWith("*.") ? text.slice(2) : text;
  if (NAME.test(name)) return { kind: name === text ? "exact" : "below", name };
  const address = name === text && BRACKETED.test(name) ? spelledByUrl(name) : undefined;
  if (address !== undefined) return { kind: "exact", name: address };
  const meant = spelledByUrl(/[^\x20-\x7e]/.test(name) ? name : `[${name}]`);
  if (meant === undefined || (meant.startsWith("[") && name !== text)) {
    throw new PatternError(
      `"${written}" is not a host: write a name like app.example.com or *.example.com, without a port`,
    );
  }
  const whole = meant.startsWith("[") ? `"${meant}"` : name === text ? meant : `"*.${meant}"`;
  throw new PatternError(`"${written}" is not how a host stands in requests: write ${whole}`);
}

/** As URLs have it: an address in its shortest form, a name in ASCII. It cannot be one: undefined. */
function spelledByUrl(host: string): string | undefined {
  const url = `http://${host}/`;
  if (!URL.canParse(url)) return undefined;
  const { hostname, href } = new URL(url);
  // What would be a port, a path or a user's name is no part of a host.
  return href === `http://${hostname}/` ? hostname : undefined;
}

/** The host that an authority names, without its port, as patterns have it. */
export function hostOf(authority: string): string {
  const end = authority.startsWith("[") ? authority.indexOf("]") + 1 : authority.indexOf(":");
  const host = (end <= 0 ? authority : authority.slice(0, end)).toLowerCase();
  // An address has several spellings, and a route that guards it would take one of them alone.
  if (host.startsWith("[")) return spelledByUrl(host) ?? host;
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

/** What URLs spell otherwise: encoded characters, and names that end like a number, which are IPv4 addresses (`127.1`, `0x7f.1`). */
const MAY_BE_SPELLED_OTHERWISE = /%|(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/** Whether a host, as hostOf has it, is another one to servers that read it as part of a URL. */
export function hasAnotherSpelling(host: string): boolean {
  if (!MAY_BE_SPELLED_OTHERWISE.test(host)) return false;
  return host.includes("%") || (spelledByUrl(host) ?? host) !== host;
}

const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/;
const HOW = "write one like /login, /users/:id or /api/*";

export function readPathPattern(written: string): PathPattern {
  const refuse = (why: string) => new PatternError(`"${written}" ${why}: ${HOW}`);
  if (!written.startsWith("/")) throw refuse("is no path");
  if (/[?#]/.test(written)) throw refuse("has a query, which routes do not look at");
  const isPrefix = written.endsWith("/*");
  const path = isPrefix ? written.slice(0, -2) : written;
  if (path.includes("*")) throw refuse("has a * elsewhere than at its end");
  const parts = path === "" ? [] : path.slice(1).split("/");
  const segments = parts.map((part, index) => {
    if (part.startsWith(":")) {
      if (!PARAMETER.test(part)) throw refuse(`has a parameter without a name ("${part}")`);
      return undefined;
    }
    // The slash at its end is part of an exact path; elsewhere nothing between two slashes matches no request.
    if (part === "" && (isPrefix || index < parts.length - 1)) throw refuse("has nothing between two slashes");
    const bytes = bytesOf(part);
    if (/^\.{1,2}(?:;|$)/.test(bytes)) throw refuse("has a segment of dots, with which no request is let in");
    if (/[/\\\0]/.test(bytes)) throw refuse("has %2F, %5C or %00, with which no request is let in");
    return bytes;
  });
  if (isPrefix) return { kind: "prefix", segments };
  return { kind: segments.includes(undefined) ? "parameters" : "exact", segments };
}

/** Each byte of the text in UTF-8 as a character: that is how paths are compared (request-path.ts). */
function bytesOf(segment: string): string {
  return percentDecoded(Buffer.from(segment, "utf8").toString("latin1"));
}
