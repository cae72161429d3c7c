/**
 * Fields of a message as somebody of ours wants them: some replaced, some added, some taken away.
 *
 * What is said here is validated like everything that is written. Framing and the connection are not theirs: those fields are
 * refused. Deliberately absent: writing; see head-writer.ts.
 */
import { type FieldTable, Kind, kindOf } from "./fields.ts";
import { isToken, type Octets, trimWhitespace } from "./octets.ts";

/** Fields whose meaning is the proxy's alone: framing, this hop, and its own track record. */
const OWN_KINDS: ReadonlySet<Kind> = new Set([
  Kind.connection,
  Kind.keepAlive,
  Kind.proxyConnection,
  Kind.te,
  Kind.transferEncoding,
  Kind.upgrade,
  Kind.contentLength,
  Kind.expect,
  Kind.via,
  Kind.maxForwards,
  Kind.http2Settings,
  Kind.trailer,
  Kind.close,
]);

/** Control characters, and what latin1 cannot say. */
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/;
/** Fields that may be changed in one message: what goes on stays within what neighbours take. */
export const CHANGES_MAX = 100;
/** Characters of all changes of one message. */
export const CHANGED_CHARACTERS_MAX = 16 * 1024;

/** A change that is refused: a mistake of ours, not of a peer. */
export class FieldError extends TypeError {}

function kindOfName(name: string): Kind {
  const octets = Buffer.from(name, "latin1") as unknown as Octets;
  return kindOf(octets, 0, octets.length, /[^a-z0-9-]/i.test(name));
}

/** Throws for a name that is none, or that is the proxy's alone. */
function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string" || !isToken(name)) throw new FieldError(`"${String(name)}" is not a field name`);
  const kind = kindOfName(name);
  if (kind === Kind.host)
    throw new FieldError("Host cannot be changed here: originHost (--origin-host) says what the origin gets");
  if (OWN_KINDS.has(kind)) throw new FieldError(`${name} is the proxy's own to say: it concerns one connection alone`);
  if (kind === Kind.respelled) throw new FieldError(`${name} would be taken for a field with a hyphen in its place`);
}

function checkedValue(name: string, value: unknown): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") throw new FieldError(`the value of ${name} is not text`);
  if (UNFIT.test(text)) throw new FieldError(`the value of ${name} has a character that no field can carry`);
  return trimWhitespace(text);
}

interface Line {
  readonly name: string;
  readonly value: string;
}

/** A lowercase name as gateways to CGI and their kin read it: to them a hyphen and other marks are the same (see `respelled` in fields.ts). */
function readByCgi(lowercase: string): string {
  return lowercase.replace(/[^a-z0-9]/g, "-");
}

export class FieldChanges {
  /** Lowercase names of which nothing goes on as it came. */
  readonly replaced = new Set<string>();
  /** The same as CGI reads them. */
  private readonly replacedByCgi = new Set<string>();
  private added: Line[] = [];
  private characters = 0;
  private count = 0;

  /** Takes all fields of this name away, and says this instead; several values are several lines. */
  set(name: string, value: string | number | readonly string[]): void {
    const values = (Array.isArray(value) ? value : [value]).map((it) => checkedValue(name, it));
    this.delete(name);
    for (const it of values) this.say(name, it);
  }

  /** The same of lines that came, changed a little: they have passed the limits of their head, which are not these. */
  replace(name: string, values: readonly string[]): void {
    const { characters, count } = this;
    this.delete(name);
    for (const value of values) this.added.push({ name, value });
    this.characters = characters;
    this.count = count;
  }

  append(name: string, value: string | number): void {
    checkName(name);
    this.say(name, checkedValue(name, value));
  }

  delete(name: string): void {
    checkName(name);
    this.charge(name.length);
    const lowercase = name.toLowerCase();
    this.replaced.add(lowercase);
    this.replacedByCgi.add(readByCgi(lowercase));
    this.added = this.added.filter((line) => line.name.toLowerCase() !== lowercase);
  }

  private say(name: string, value: string): void {
    this.charge(name.length + value.length);
    this.added.push({ name, value });
  }

  private charge(characters: number): void {
    this.characters += characters;
    if (++this.count > CHANGES_MAX) {
      throw new FieldError(`more fields are changed than one message may have (${CHANGES_MAX})`);
    }
    if (this.characters > CHANGED_CHARACTERS_MAX) {
      throw new FieldError(
        `the fields that are changed are longer than they may be together (${CHANGED_CHARACTERS_MAX} characters)`,
      );
    }
  }

  /** Whether a field that came does not go on: it has such a name, or one that an origin may take for it (`X_Key` for `X-Key`). */
  replaces(name: string): boolean {
    return this.replacedByCgi.has(readByCgi(name.toLowerCase()));
  }

  /** Whether nothing of this lowercase name goes on as it came, or something of it is said. */
  concerns(lowercase: string): boolean {
    return this.replaced.has(lowercase) || this.added.some(({ name }) => name.toLowerCase() === lowercase);
  }

  /** The same, but that nothing of this lowercase name is said. */
  without(lowercase: string): FieldChanges {
    const others = new FieldChanges();
    for (const name of this.replaced) others.replaced.add(name);
    for (const name of this.replacedByCgi) others.replacedByCgi.add(name);
    others.added = this.added.filter(({ name }) => name.toLowerCase() !== lowercase);
    return others;
  }

  /** What is said, each line with its CRLF. */
  get lines(): string {
    return this.added.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  }

  /** The values of this lowercase name as they are now. */
  valuesIn(fields: FieldTable, lowercase: string): string[] {
    const values: string[] = [];
    if (!this.replaced.has(lowercase)) {
      for (let index = 0; index < fields.count; index++) {
        if (fields.name(index).toLowerCase() === lowercase) values.push(fields.value(index));
      }
    }
    for (const { name, value } of this.added) if (name.toLowerCase() === lowercase) values.push(value);
    return values;
  }

  /** All fields as they are now, in order. */
  *entriesIn(fields: FieldTable): Generator<[name: string, value: string]> {
    for (let index = 0; index < fields.count; index++) {
      const name = fields.name(index);
      if (!this.replaces(name)) yield [name, fields.value(index)];
    }
    for (const { name, value } of this.added) yield [name, value];
  }
}
