/**
 * The field lines of one head or trailer section, as offsets into its text.
 *
 * A field is made into strings only when somebody asks for it. The fields that decide framing, persistence and
 * forwarding are recognised once, while the section is read, by length and first letter. Deliberately absent: a map
 * by name; order and repetition are kept as they came (RFC 9110 section 5.3).
 */
import { FORWARDING_NAMES, FORWARDING_PREFIXES } from "./forwarding-names.ts";
import { listMembers } from "./lists.ts";
import { isToken, matchesAt, matchesOctets, type Octets, SP, trimWhitespace } from "./octets.ts";
import type { RefusalCode } from "./refusals.ts";

/** The fields that the proxy treats in a way of its own. Every other field is `other` and passes as it came. */
export const Kind = {
  other: 0,
  host: 1,
  connection: 2,
  keepAlive: 3,
  proxyConnection: 4,
  te: 5,
  transferEncoding: 6,
  upgrade: 7,
  contentLength: 8,
  expect: 9,
  via: 10,
  date: 11,
  maxForwards: 12,
  forwarded: 13,
  forwardedFor: 14,
  forwardedProto: 15,
  forwardedHost: 16,
  http2Settings: 17,
  trailer: 18,
  authorization: 19,
  cookie: 20,
  proxyAuthorization: 21,
  setCookie: 22,
  close: 23,
  /** And `Proxy-Authentication-Info`: what a proxy, and nobody behind it, tells its client (RFC 9110 section 11.7). */
  proxyAuthenticate: 24,
  /** Other fields in which neighbours tell about a client: `X-Real-IP`, `X-Forwarded-Port` and many more (forwarding-names.ts). */
  forwardedOther: 25,
  /** The name of a field above with another mark for a hyphen, mostly `_`: CGI and its kin take both for the same. */
  respelled: 26,
  /** `Location`, `Content-Location` and `Refresh`: references in which an origin may name itself. */
  location: 27,
  wwwAuthenticate: 28,
  /** Whether the origin takes the whole connection for authenticated (connection-authentication.ts). */
  persistentAuth: 29,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Names in lowercase. The ones without a hyphen have nothing to be taken for. */
const NAMES: readonly (readonly [name: string, kind: Kind])[] = [
  ["te", Kind.te],
  ["via", Kind.via],
  ["date", Kind.date],
  ["host", Kind.host],
  ["close", Kind.close],
  ["cookie", Kind.cookie],
  ["expect", Kind.expect],
  ["trailer", Kind.trailer],
  ["refresh", Kind.location],
  ["upgrade", Kind.upgrade],
  ["location", Kind.location],
  ["forwarded", Kind.forwarded],
  ["connection", Kind.connection],
  ["keep-alive", Kind.keepAlive],
  ["set-cookie", Kind.setCookie],
  ["max-forwards", Kind.maxForwards],
  ["authorization", Kind.authorization],
  ["content-length", Kind.contentLength],
  ["http2-settings", Kind.http2Settings],
  ["persistent-auth", Kind.persistentAuth],
  ["x-forwarded-for", Kind.forwardedFor],
  ["content-location", Kind.location],
  ["proxy-connection", Kind.proxyConnection],
  ["www-authenticate", Kind.wwwAuthenticate],
  ["x-forwarded-host", Kind.forwardedHost],
  ["transfer-encoding", Kind.transferEncoding],
  ["x-forwarded-proto", Kind.forwardedProto],
  ["proxy-authenticate", Kind.proxyAuthenticate],
  ["proxy-authorization", Kind.proxyAuthorization],
  ["proxy-authentication-info", Kind.proxyAuthenticate],
  ...FORWARDING_NAMES.map((name) => [name, Kind.forwardedOther] as const),
];
const NAME_LENGTH_MAX = 25;

/** The names of all fields that are recognised, in lowercase. */
export const recognisedNames: readonly string[] = NAMES.map(([name]) => name);

/** Names with a hyphen that decide framing, concern one hop, or tell of the client; not those of an origin to a client. */
const HYPHENATED = new Set(NAMES.map(([name]) => name).filter((name) => name.includes("-")));
const FROM_ORIGINS = ["set-cookie", "content-location", "www-authenticate", "persistent-auth"];
for (const name of [...FROM_ORIGINS, "proxy-authenticate", "proxy-authentication-info"]) {
  HYPHENATED.delete(name);
}

interface Candidate {
  readonly name: Uint8Array;
  readonly kind: Kind;
}

/** Names by their length and the low bits of their first letter, which are the same in both cases. */
const candidates: (readonly Candidate[] | undefined)[] = new Array((NAME_LENGTH_MAX + 1) << 5).fill(undefined);
for (const [name, kind] of NAMES) {
  const shape = shapeOf(name.length, name.charCodeAt(0));
  candidates[shape] = [...(candidates[shape] ?? []), { name: octetsOf(name), kind }];
}

/** Beginnings of names, by the low bits of their first letter. */
const prefixes: (readonly Uint8Array[] | undefined)[] = new Array(1 << 5).fill(undefined);
for (const prefix of FORWARDING_PREFIXES) {
  const shape = shapeOf(0, prefix.charCodeAt(0));
  prefixes[shape] = [...(prefixes[shape] ?? []), octetsOf(prefix)];
}

function octetsOf(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
}

function shapeOf(length: number, first: number): number {
  return (length << 5) | (first & 31);
}

/**
 * Recognises a field name, which is known to be a token, at `start` of `length` octets.
 *
 * @param hasMark it holds something other than letters, digits and hyphens
 */
export function kindOf(octets: Octets, start: number, length: number, hasMark: boolean): Kind {
  const first = octets[start] as number;
  if (length <= NAME_LENGTH_MAX) {
    const found = candidates[shapeOf(length, first)];
    if (found !== undefined) {
      for (const { name, kind } of found) if (matchesOctets(octets, start, name)) return kind;
    }
  }
  if (hasMark) return respelledOr(octets, start, length);
  const begun = prefixes[first & 31];
  if (begun !== undefined) {
    for (const prefix of begun) {
      if (length >= prefix.length && matchesOctets(octets, start, prefix)) return Kind.forwardedOther;
    }
  }
  return Kind.other;
}

/** Whether it is one of them but for its marks: most gateways to CGI make `_` of a hyphen, some of every mark (lighttpd). */
function respelledOr(octets: Octets, start: number, length: number): Kind {
  // A longer name is one of them by its beginning alone: the rest may be thousands of marks.
  const name = octets
    .latin1Slice(start, start + Math.min(length, NAME_LENGTH_MAX + 1))
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "-");
  if (HYPHENATED.has(name)) return Kind.respelled;
  return FORWARDING_PREFIXES.some((prefix) => name.startsWith(prefix)) ? Kind.respelled : Kind.other;
}

/** Bits of a slot that hold the kind; the rest is where the name ends. */
const KIND_BITS = 5;
const KIND_MASK = (1 << KIND_BITS) - 1;

export class FieldTable {
  /** The text that the offsets point into. Set by the reader when the section is complete. */
  text = "";
  /** Where the line after the last field line begins: the empty line. Set when the section is complete. */
  end = 0;
  /** One bit for each `Kind` that occurs. */
  kinds = 0;
  /** One bit for each `Kind` that occurs more than once. */
  private repeatedKinds = 0;
  /** Two numbers per field: where its line starts; where its name ends, with its kind in the low bits. */
  private readonly slots: number[] = [];

  get count(): number {
    return this.slots.length >> 1;
  }

  add(lineStart: number, nameEnd: number, kind: Kind): void {
    this.slots.push(lineStart, (nameEnd << KIND_BITS) | kind);
    const bit = 1 << kind;
    this.repeatedKinds |= this.kinds & bit;
    this.kinds |= bit;
  }

  has(kind: Kind): boolean {
    return (this.kinds & (1 << kind)) !== 0;
  }

  isRepeated(kind: Kind): boolean {
    return (this.repeatedKinds & (1 << kind)) !== 0;
  }

  kind(index: number): Kind {
    return ((this.slots[index * 2 + 1] as number) & KIND_MASK) as Kind;
  }

  lineStart(index: number): number {
    return this.slots[index * 2] as number;
  }

  /** Where the line after field `index`, and after its folded lines, begins. */
  lineEnd(index: number): number {
    return index + 1 < this.count ? this.lineStart(index + 1) : this.end;
  }

  private nameEnd(index: number): number {
    return (this.slots[index * 2 + 1] as number) >> KIND_BITS;
  }

  name(index: number): string {
    return this.text.slice(this.lineStart(index), this.nameEnd(index));
  }

  /** The field line's value without white space around it; a folded one is joined with a space. */
  value(index: number): string {
    const afterColon = this.text.indexOf(":", this.nameEnd(index)) + 1;
    const end = this.lineEnd(index) - 2;
    const lineFeed = this.text.indexOf("\n", afterColon);
    // Most values have one space before and none behind.
    const hasSpace = this.text.charCodeAt(afterColon) === SP;
    const raw = this.text.slice(hasSpace ? afterColon + 1 : afterColon, end);
    return trimWhitespace(lineFeed < end ? raw.split("\r\n").map(trimWhitespace).join(" ") : raw);
  }

  /** The first field line of this kind; none: -1. */
  private indexOf(kind: Kind): number {
    if (!this.has(kind)) return -1;
    for (let index = 0; index < this.count; index++) if (this.kind(index) === kind) return index;
    return -1;
  }

  /** Whether the first field line of this kind says `value` just as we would write it: one space before, nothing behind. */
  isWritten(kind: Kind, value: string): boolean {
    const index = this.indexOf(kind);
    if (index < 0) return false;
    const nameEnd = this.nameEnd(index);
    const isAsLong = this.lineEnd(index) - nameEnd === value.length + ": \r\n".length;
    return isAsLong && this.text.startsWith(": ", nameEnd) && this.text.startsWith(value, nameEnd + 2);
  }

  /** The value of the first field line of this kind; none: undefined. */
  firstOf(kind: Kind): string | undefined {
    const index = this.indexOf(kind);
    return index < 0 ? undefined : this.value(index);
  }

  /** The values of all field lines of this kind, in order; none: an empty array. */
  valuesOf(kind: Kind): string[] {
    const values: string[] = [];
    if (this.has(kind)) {
      for (let index = 0; index < this.count; index++) if (this.kind(index) === kind) values.push(this.value(index));
    }
    return values;
  }

  /** The combined field value (RFC 9110 section 5.2) of a field by its lowercase name; absent: undefined. */
  get(lowercaseName: string): string | undefined {
    let combined: string | undefined;
    for (let index = 0; index < this.count; index++) {
      if (!this.isNamed(index, lowercaseName)) continue;
      combined = combined === undefined ? this.value(index) : `${combined}, ${this.value(index)}`;
    }
    return combined;
  }

  /** The field line with this lowercase name, where one has it; none, or several: -1. */
  onlyLineOf(lowercaseName: string): number {
    let only = -1;
    for (let index = 0; index < this.count; index++) {
      if (!this.isNamed(index, lowercaseName)) continue;
      if (only >= 0) return -1;
      only = index;
    }
    return only;
  }

  /** The first field line with this lowercase name; none: -1. */
  lineOf(lowercaseName: string): number {
    for (let index = 0; index < this.count; index++) if (this.isNamed(index, lowercaseName)) return index;
    return -1;
  }

  private isNamed(index: number, lowercaseName: string): boolean {
    const start = this.lineStart(index);
    return this.nameEnd(index) - start === lowercaseName.length && matchesAt(this.text, start, lowercaseName);
  }
}

/** What the `Connection` fields of a message say about this hop (RFC 9110 section 7.6.1). */
export interface ConnectionOptions {
  /** `close`, or a member that is no token, so that nobody knows what was said. */
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  readonly te: boolean;
  /** Lowercase names of other nominated fields, which must not go on; usually empty. */
  readonly nominated: ReadonlySet<string>;
  /** Why a message with these is refused; not refused: absent. */
  readonly refusal?: RefusalCode;
}

/** Different names that a message may nominate; honest messages nominate one or two. */
export const NOMINATED_MAX = 64;
/** Options in all `Connection` fields of a message, repeated and empty ones included: some for each proxy that merged lists. */
export const CONNECTION_OPTIONS_MAX = 256;

const none: ReadonlySet<string> = new Set();
const noOptions: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, te: false, nominated: none };
const onlyClose: ConnectionOptions = { ...noOptions, close: true };
const onlyKeepAlive: ConnectionOptions = { ...noOptions, keepAlive: true };
const tooMany: ConnectionOptions = { ...noOptions, refusal: "too-many-connection-options" };

/** Reads the connection options of a head. The three commonest answers are shared objects. */
export function connectionOptionsOf(fields: FieldTable): ConnectionOptions {
  const first = fields.firstOf(Kind.connection);
  if (first === undefined) return noOptions;
  if (!fields.isRepeated(Kind.connection)) {
    if (first === "keep-alive" || first === "Keep-Alive") return onlyKeepAlive;
    if (first === "close") return onlyClose;
  }
  const members = listMembers(fields.valuesOf(Kind.connection).join(","), CONNECTION_OPTIONS_MAX);
  if (members === undefined) return tooMany;
  const options = { close: false, keepAlive: false, upgrade: false, te: false };
  const nominated = new Set<string>();
  for (const member of members) {
    if (member === "close") options.close = true;
    else if (member === "keep-alive") options.keepAlive = true;
    else if (member === "upgrade") options.upgrade = true;
    else if (member === "te") options.te = true;
    else if (isToken(member)) nominated.add(member);
    // Whatever was meant, perhaps by somebody in between who reads it otherwise: to close behind it is always safe.
    else options.close = true;
    if (nominated.size > NOMINATED_MAX) return tooMany;
  }
  return { ...options, nominated };
}
