/**
 * A body that something has read before the handler got the request: written again where that is exact, otherwise refused at once.
 *
 * A body parser leaves values, not bytes. JSON says the same when it is written again, if every value in it is one that JSON and
 * JavaScript both have; a form does, if its names and values are plain. Of anything else, of a body that was compressed, and where a
 * digest covers the bytes, nobody can know. Deliberately absent: waiting for bytes that have gone elsewhere.
 */

import { withoutParameters } from "../wire/lists.ts";
import type { Octets } from "../wire/octets.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { HandlerRequest, Request } from "./outer.ts";

/** What the application says the body was; it does not know: undefined. */
export type BodySource = (request: HandlerRequest) => string | Uint8Array | undefined;

/** Fields that say something about the very bytes. */
const DIGESTS = ["content-digest", "digest", "content-md5", "repr-digest"];
/** Values nested deeper are no honest JSON, and would take a stack of their own. */
const DEPTH_MAX = 100;

/** Whether something has read (some of) the body, or reads texts of it. */
export function wasRead({ readableDidRead, readableEnded, readableEncoding }: Request): boolean {
  return readableDidRead === true || readableEnded === true || typeof readableEncoding === "string";
}

/**
 * The bytes of a body that was read.
 *
 * @param declared_bytes its length; it came in chunks: undefined
 * @returns undefined: nobody can say
 */
export function bodyAgain(
  request: Request,
  head: RequestHead,
  declared_bytes: number | undefined,
  source: BodySource | undefined,
): Octets | undefined {
  const told: unknown = source?.(request);
  if (typeof told === "string" || told instanceof Uint8Array) return bytesOf(told);
  if (told instanceof Promise) told.catch(() => undefined);
  if (told !== undefined) throw new TypeError("the option body must return text or bytes at once, or undefined");
  const { body } = request;
  if (head.fields.get("content-encoding") !== undefined) return undefined;
  const isAsLong = (bytes: Octets) => declared_bytes === undefined || bytes.length === declared_bytes;
  if (body instanceof Uint8Array) {
    const bytes = bytesOf(body);
    return isAsLong(bytes) ? bytes : undefined;
  }
  if (DIGESTS.some((name) => head.fields.get(name) !== undefined)) return undefined;
  const type = head.fields.get("content-type") ?? "";
  if (!isUtf8(type)) return undefined;
  if (typeof body === "string") {
    const bytes = bytesOf(body);
    // Where bytes were no UTF-8 there is a mark in their place.
    if (body.includes("\ufffd")) return undefined;
    // A text of JSON, or a text that JSON said: the length tells.
    if (!isJson(type) || bytes.length === declared_bytes) return isAsLong(bytes) ? bytes : undefined;
    const quoted = bytesOf(JSON.stringify(body));
    return quoted.length === declared_bytes ? quoted : undefined;
  }
  if (isJson(type)) return jsonAgain(body, declared_bytes);
  if (withoutParameters(type.toLowerCase()) !== FORM || !isPlain(body)) return undefined;
  return formAgain(body, declared_bytes);
}

const FORM = "application/x-www-form-urlencoded";

function isJson(type: string): boolean {
  const name = withoutParameters(type.toLowerCase());
  return name === "application/json" || name.endsWith("+json");
}

function isUtf8(type: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1]?.toLowerCase();
  return charset === undefined || charset === "utf-8" || charset === "utf8" || charset === "us-ascii";
}

function jsonAgain(value: unknown, declared_bytes: number | undefined): Octets | undefined {
  if (!isJsonValue(value, 0)) return undefined;
  // Parsers make `{}` of an empty body, too; only a length tells which it was.
  const isPerhapsNothing = isPlain(value) && Object.keys(value).length === 0;
  if (isPerhapsNothing && declared_bytes === undefined) return undefined;
  return bytesOf(JSON.stringify(value));
}

/** Whether JSON that is made of it says just this, and the JSON that it was made of did. */
function isJsonValue(value: unknown, depth: number): boolean {
  if (depth > DEPTH_MAX) return false;
  switch (typeof value) {
    case "string":
      return !value.includes("\ufffd");
    case "boolean":
      return true;
    case "number":
      // Beyond, several numbers that were sent become one.
      return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
    case "object":
      if (value === null) return true;
      if (Array.isArray(value)) return value.every((one) => isJsonValue(one, depth + 1));
      return isPlain(value) && Object.values(value).every((one) => isJsonValue(one, depth + 1));
    default:
      return false;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !("toJSON" in value);
}

/**
 * A form of plain names and values. Lists and names in brackets are read in several ways, so they are written only where the length
 * shows that it was this one. Parsers leave out names and values that they do not like, and leave as they are bytes that are not UTF-8,
 * so what was sent must have had a length that these names and values can have.
 */
function formAgain(body: Record<string, unknown>, declared_bytes: number | undefined): Octets | undefined {
  const form = new URLSearchParams();
  let isSimple = true;
  for (const [name, value] of Object.entries(body)) {
    const values = Array.isArray(value) ? value : [value];
    isSimple &&= !Array.isArray(value) && !name.includes("[");
    for (const one of values) {
      if (typeof one !== "string" || one.includes("\ufffd")) return undefined;
      form.append(name, one);
    }
  }
  const bytes = bytesOf(form.toString());
  if (declared_bytes === undefined) return isSimple && bytes.length > 0 && !isHalfDecoded(form) ? bytes : undefined;
  if (bytes.length === declared_bytes) return bytes;
  return isSimple && mayBeAsLong(form, declared_bytes) ? bytes : undefined;
}

/** Perhaps "%" is what a parser left as it was. */
function isHalfDecoded(form: URLSearchParams): boolean {
  return [...form].some(([name, value]) => name.includes("%") || value.includes("%"));
}

/** Whether there is a way to write the same names and values with so many bytes. */
function mayBeAsLong(form: URLSearchParams, declared_bytes: number): boolean {
  let least_bytes = form.size - 1;
  let most_bytes = form.size - 1;
  for (const [name, value] of form) {
    const text = name + value;
    const bytes = Buffer.byteLength(text);
    least_bytes += bytes + 2 * (text.split(MUST_BE_CODED).length - 1) + (value === "" ? 0 : 1);
    // Nobody codes letters and digits.
    most_bytes += bytes + 2 * (bytes - (text.match(/[a-z\d]/gi)?.length ?? 0)) + 1;
  }
  return declared_bytes >= least_bytes && declared_bytes <= most_bytes;
}

/** "=" is left out: in values it may stand. */
const MUST_BE_CODED = /[%&+]/;

function bytesOf(body: string | Uint8Array): Octets {
  if (typeof body === "string") return Buffer.from(body) as unknown as Octets;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength) as unknown as Octets;
}
