/**
 * The field lines of one head or trailer section, as offsets into its text.
 *
 * A field is made into strings only when somebody asks for it. The fields that decide framing, persistence and
 * forwarding are recognised once, while the section is read, by length and first letter. Deliberately absent: a map
 * by name; order and repetition are kept as they came (RFC 9110 section 5.3).
 */
import { listMembers, matchesAt } from "./octets.ts";

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
      return matchesAt(text, start, "forwarded") ? Kind.forwarded : Kind.other;
    case 10:
      if (matchesAt(text, start, "connection")) return Kind.connection;
      if (matchesAt(text, start, "keep-alive")) return Kind.keepAlive;
      return matchesAt(text, start, "set-cookie") ? Kind.setCookie : Kind.other;
    case 12:
      return matchesAt(text, start, "max-forwards") ? Kind.maxForwards : Kind.other;
    case 13:
      return matchesAt(text, start, "authorization") ? Kind.authorization : Kind.other;
    case 14:
      if (matchesAt(text, start, "content-length")) return Kind.contentLength;
      return matchesAt(text, start, "http2-settings") ? Kind.http2Settings : Kind.other;
    case 15:
      return matchesAt(text, start, "x-forwarded-for") ? Kind.forwardedFor : Kind.other;
    case 16:
      if (matchesAt(text, start, "proxy-connection")) return Kind.proxyConnection;
      return matchesAt(text, start, "x-forwarded-host") ? Kind.forwardedHost : Kind.other;
    case 17:
      if (matchesAt(text, start, "transfer-encoding")) return Kind.transferEncoding;
      return matchesAt(text, start, "x-forwarded-proto") ? Kind.forwardedProto : Kind.other;
    case 19:
      return matchesAt(text, start, "proxy-authorization") ? Kind.proxyAuthorization : Kind.other;
    default:
      return Kind.other;
  }
}

/** Numbers per field in `FieldTable.slots`: line start, end of name, start and end of value, kind. */
const STRIDE = 5;

export class FieldTable {
  /** The text that the offsets point into. Set by the reader when the section is complete. */
  text = "";
  /** Where the line after the last field line begins: the empty line. */
  end = 0;
  count = 0;
  /** One bit for each `Kind` that occurs. */
  kinds = 0;
  private readonly slots: number[] = [];

  add(lineStart: number, nameEnd: number, valueStart: number, valueEnd: number, kind: Kind): void {
    this.slots.push(lineStart, nameEnd, valueStart, valueEnd, kind);
    this.kinds |= 1 << kind;
    this.count++;
  }

  /** Continues the value of the last field to `valueEnd`: an obsolete line folding in a response. */
  extendLast(valueEnd: number): void {
    this.slots[(this.count - 1) * STRIDE + 3] = valueEnd;
  }

  has(kind: Kind): boolean {
    return (this.kinds & (1 << kind)) !== 0;
  }

  kind(index: number): Kind {
    return this.slots[index * STRIDE + 4] as Kind;
  }

  lineStart(index: number): number {
    return this.slots[index * STRIDE] as number;
  }

  /** Where the line after field `index` begins. */
  lineEnd(index: number): number {
    return index + 1 < this.count ? this.lineStart(index + 1) : this.end;
  }

  name(index: number): string {
    return this.text.slice(this.slots[index * STRIDE], this.slots[index * STRIDE + 1]);
  }

  /** The field line's value without white space around it; a folded one is joined with a space. */
  value(index: number): string {
    const raw = this.text.slice(this.slots[index * STRIDE + 2], this.slots[index * STRIDE + 3]);
    return raw.includes("\n") ? raw.replace(/[ \t]*\r\n[ \t]+/g, " ").trim() : raw;
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
      const nameLength = (this.slots[index * STRIDE + 1] as number) - this.lineStart(index);
      if (nameLength !== lowercaseName.length || !matchesAt(this.text, this.lineStart(index), lowercaseName)) continue;
      combined = combined === undefined ? this.value(index) : `${combined}, ${this.value(index)}`;
    }
    return combined;
  }
}

/** What the `Connection` fields of a message say about this hop (RFC 9110 section 7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  readonly te: boolean;
  /** Lowercase names of other nominated fields, which must not go on; usually empty. */
  readonly nominated: readonly string[];
}

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
  const options = { close: false, keepAlive: false, upgrade: false, te: false, nominated: [] as string[] };
  for (const member of listMembers(values.join(","))) {
    if (member === "close") options.close = true;
    else if (member === "keep-alive") options.keepAlive = true;
    else if (member === "upgrade") options.upgrade = true;
    else if (member === "te") options.te = true;
    else options.nominated.push(member);
  }
  return options;
}
