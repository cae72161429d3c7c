/**
 * The head of another server's request, read again by the rules of hopwise's own (law 2).
 *
 * What the other server understood is written as the bytes that it would be in HTTP/1.1, and read by the same reader as any head
 * from a socket, so exactly the same rules hold. Line breaks, which would make one field of another, and characters that are not
 * bytes are refused before that. Deliberately absent: leniency of the other server (`insecureHTTPParser`); it ends here.
 */
import { joinedFields } from "../http2/request-text.ts";
import type { HeadLimits } from "../wire/head-reader.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import { RequestHead } from "../wire/request-head.ts";
import { isHttp2, type Request } from "./outer.ts";

/** What would end a line, or is not a byte. */
const UNFIT = /[\r\n\u0100-\uffff]/;

/** Names of fields. Most of what is asked for has another length than all of them. */
export class FieldNames {
  private readonly names: ReadonlySet<string>;
  private lengths = 0;

  /** @param names in lowercase, shorter than 32 characters */
  constructor(...names: readonly string[]) {
    this.names = new Set(names);
    for (const { length } of names) this.lengths |= 1 << length;
  }

  has(name: string): boolean {
    return name.length < 32 && (this.lengths & (1 << name.length)) !== 0 && this.names.has(name.toLowerCase());
  }
}

export const noFields = new FieldNames();

export interface HeadWriting {
  /** The target that goes on. */
  readonly target: string;
  /** Fields that are left out. */
  readonly without: FieldNames;
  /** Field lines instead of them, each with its CRLF. */
  readonly instead: string;
}

/** @returns the head; or why it is refused, with as much of it as was read */
export function readHead(
  request: Request,
  writing: HeadWriting,
  limits: HeadLimits,
): { readonly head: RequestHead; readonly refusal: RefusalCode | undefined } {
  const head = new RequestHead(limits);
  const text = headText(request, writing);
  if (text === undefined) return { head, refusal: "control-character" };
  const bytes = Buffer.from(text, "latin1") as unknown as Octets;
  const end = head.read(bytes, 0);
  if (end === bytes.length) return { head, refusal: undefined };
  return { head, refusal: head.refusal ?? "request-line-malformed" };
}

/** The head as the bytes that it would be in HTTP/1.1, one for each character; it cannot be written: undefined. */
export function headText(request: Request, { target, without, instead }: HeadWriting): string | undefined {
  const { method = "GET", httpVersionMinor } = request;
  if (UNFIT.test(method) || UNFIT.test(target)) return undefined;
  const version = isHttp2(request) ? "1.1" : `1.${httpVersionMinor}`;
  const fields = isHttp2(request) ? http2Lines(request.rawHeaders, without) : lines(request.rawHeaders, without);
  return fields === undefined ? undefined : `${method} ${target} HTTP/${version}\r\n${fields}${instead}\r\n`;
}

function lines(raw: readonly string[], without: FieldNames): string | undefined {
  if (UNFIT.test(raw.join(""))) return undefined;
  let text = "";
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    if (!without.has(name)) text += `${name}: ${raw[index + 1]}\r\n`;
  }
  return text;
}

/** @param raw with pseudo-header fields, which the server outside has judged */
function http2Lines(raw: readonly string[], without: FieldNames): string | undefined {
  let authority = "";
  const plain: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name === ":authority") authority = raw[index + 1] as string;
    else if (!name.startsWith(":")) plain.push(name, raw[index + 1] as string);
  }
  return lines(joinedFields(authority, plain), without);
}

/** A trailer section as its bytes, with its empty line; it cannot be written: undefined. */
export function trailerText(raw: readonly string[]): string | undefined {
  const fields = lines(raw, noFields);
  return fields === undefined ? undefined : `${fields}\r\n`;
}
