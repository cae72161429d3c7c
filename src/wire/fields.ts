/**
 * The field lines of one head or trailer section, as offsets into its text.
 *
 * A field is made into strings only when somebody asks for it. The fields that decide framing, persistence and
 * forwarding are recognised once, while the section is read, by length and first letter. Deliberately absent: a map
 * by name; order and repetition are kept as they came (RFC 9110 section 5.3).
 */
import { isToken, listMembers, matchesAt, trimWhitespace } from "./octets.ts";
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
  proxyAuthenticate: 24,
  /** Other fields in which neighbours tell of a client: `X-Real-IP`, `X-Forwarded-Port`, `-Server`, `-Prefix`. */
  forwardedOther: 25,
  /** The name of a field above with `_` for `-`: CGI and WSGI take both for the same. */
  underscored: 26,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Recognises a field name at `start` of `length` characters. The name is already known to be a token. */
export function kindOf(text: string, start: number, length: number): Kind {
  switch (length) {
    case 2:
      return matchesAt(text, start, "te") ? Kind.te : Kind.other;
    case 3:
      return matchesAt(text, start, "via") ? Kind.via : Kind.other;
    case 4:
      if (matchesAt(text, start, "host")) return Kind.host;
      return matchesAt(text, start, "date") ? Kind.date : Kind.other;
    case 5:
      return matchesAt(text, start, "close") ? Kind.close : Kind.other;
    case 6:
      if (matchesAt(text, start, "cookie")) return Kind.cookie;
      return matchesAt(text, start, "expect") ? Kind.expect : Kind.other;
    case 7:
      if (matchesAt(text, start, "upgrade")) return Kind.upgrade;
      return matchesAt(text, start, "trailer") ? Kind.trailer : Kind.other;
    case 9:
      if (matchesAt(text, start, "forwarded")) return Kind.forwarded;
      return matchesAt(text, start, "x-real-ip") ? Kind.forwardedOther : underscoredOr(text, start, length);
    case 10:
      if (matchesAt(text, start, "connection")) return Kind.connection;
      if (matchesAt(text, start, "keep-alive")) return Kind.keepAlive;
      return matchesAt(text, start, "set-cookie") ? Kind.setCookie : underscoredOr(text, start, length);
    case 12:
      return matchesAt(text, start, "max-forwards") ? Kind.maxForwards : underscoredOr(text, start, length);
    case 13:
      return matchesAt(text, start, "authorization") ? Kind.authorization : Kind.other;
    case 14:
      if (matchesAt(text, start, "content-length")) return Kind.contentLength;
      return matchesAt(text, start, "http2-settings") ? Kind.http2Settings : underscoredOr(text, start, length);
    case 15:
      return matchesAt(text, start, "x-forwarded-for") ? Kind.forwardedFor : underscoredOr(text, start, length);
    case 16:
      if (matchesAt(text, start, "proxy-connection")) return Kind.proxyConnection;
      if (matchesAt(text, start, "x-forwarded-port")) return Kind.forwardedOther;
      return matchesAt(text, start, "x-forwarded-host") ? Kind.forwardedHost : underscoredOr(text, start, length);
    case 17:
      if (matchesAt(text, start, "transfer-encoding")) return Kind.transferEncoding;
      return matchesAt(text, start, "x-forwarded-proto") ? Kind.forwardedProto : underscoredOr(text, start, length);
    case 18:
      if (matchesAt(text, start, "proxy-authenticate")) return Kind.proxyAuthenticate;
      if (matchesAt(text, start, "x-forwarded-server") || matchesAt(text, start, "x-forwarded-prefix")) {
        return Kind.forwardedOther;
      }
      return underscoredOr(text, start, length);
    case 19:
      return matchesAt(text, start, "proxy-authorization")
        ? Kind.proxyAuthorization
        : underscoredOr(text, start, length);
    default:
      return Kind.other;
  }
}

const UNDERSCORE = 95;
/** Names with a hyphen that decide framing, concern one hop, or tell of the client. */
const HYPHENATED = new Set([
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "content-length",
  "max-forwards",
  "http2-settings",
  "proxy-authorization",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-server",
  "x-forwarded-prefix",
  "x-real-ip",
]);

/** Whether a name of one of these lengths is one of them but for its underscores; most names have none. */
function underscoredOr(text: string, start: number, length: number): Kind {
  const end = start + length;
  let position = start;
  while (position < end && text.charCodeAt(position) !== UNDERSCORE) position++;
  if (position === end) return Kind.other;
  const name = text.slice(start, end).toLowerCase().replaceAll("_", "-");
  return HYPHENATED.has(name) ? Kind.underscored : Kind.other;
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
  /** Two numbers per field: where its line starts; where its name ends, with its kind in the low bits. */
  private readonly slots: number[] = [];

  get count(): number {
    return this.slots.length >> 1;
  }

  add(lineStart: number, nameEnd: number, kind: Kind): void {
    this.slots.push(lineStart, (nameEnd << KIND_BITS) | kind);
    this.kinds |= 1 << kind;
  }

  has(kind: Kind): boolean {
    return (this.kinds & (1 << kind)) !== 0;
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
    const raw = this.text.slice(afterColon, this.lineEnd(index) - 2);
    return trimWhitespace(raw.includes("\n") ? raw.replace(/[ \t]*\r\n[ \t]+/g, " ") : raw);
  }

  /** Whether the only field line of this kind says `value` just as we would write it: one space before, nothing behind. */
  isWritten(kind: Kind, value: string): boolean {
    for (let index = 0; index < this.count; index++) {
      if (this.kind(index) !== kind) continue;
      return this.text.slice(this.nameEnd(index), this.lineEnd(index)) === `: ${value}\r\n`;
    }
    return false;
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
      const start = this.lineStart(index);
      const isNamed =
        this.nameEnd(index) - start === lowercaseName.length && matchesAt(this.text, start, lowercaseName);
      if (isNamed) combined = combined === undefined ? this.value(index) : `${combined}, ${this.value(index)}`;
    }
    return combined;
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
  readonly nominated: readonly string[];
  /** Why a message with these is refused; not refused: absent. */
  readonly refusal?: RefusalCode;
}

/**
 * Different names that a message may nominate. Each is looked for among all field lines, so their number bounds the work;
 * honest messages nominate one or two.
 */
export const NOMINATED_MAX = 64;

const none: readonly string[] = [];
const noOptions: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, te: false, nominated: none };
const onlyClose: ConnectionOptions = { ...noOptions, close: true };
const onlyKeepAlive: ConnectionOptions = { ...noOptions, keepAlive: true };

/** Reads the connection options of a head. The three commonest answers are shared objects. */
export function connectionOptionsOf(fields: FieldTable): ConnectionOptions {
  if (!fields.has(Kind.connection)) return noOptions;
  const values = fields.valuesOf(Kind.connection);
  if (values.length === 1) {
    const only = values[0] as string;
    if (only === "keep-alive" || only === "Keep-Alive") return onlyKeepAlive;
    if (only === "close") return onlyClose;
  }
  const options = { close: false, keepAlive: false, upgrade: false, te: false };
  const nominated = new Set<string>();
  for (const member of listMembers(values.join(","))) {
    if (member === "close") options.close = true;
    else if (member === "keep-alive") options.keepAlive = true;
    else if (member === "upgrade") options.upgrade = true;
    else if (member === "te") options.te = true;
    else if (isToken(member)) nominated.add(member);
    // Whatever was meant, perhaps by somebody in between who reads it otherwise: to close behind it is always safe.
    else options.close = true;
    if (nominated.size > NOMINATED_MAX) return { ...noOptions, refusal: "too-many-connection-options" };
  }
  return { ...options, nominated: [...nominated] };
}
