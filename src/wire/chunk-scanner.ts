/**
 * Reads the chunked transfer coding (RFC 9112 section 7.1) without copying chunk data.
 *
 * Strict: sizes are hexadecimal digits and nothing else, lines end with CRLF, data ends exactly where its size says. In responses white
 * space may stand behind a size, as in HTTP of old (RFC 2616 section 2.1): servers write the size into a place that is wide enough.
 * Extensions are held to their grammar, counted and ignored (see chunk-extensions.ts). Deliberately absent: writing chunks,
 * see chunk-writer.ts.
 */
import { type ExtensionState, extensionStateAfter, mayEndExtension } from "./chunk-extensions.ts";
import type { HeadLimits } from "./head-reader.ts";
import { CR, isWhitespace, LF, type Octets } from "./octets.ts";
import type { RefusalCode } from "./refusals.ts";
import { Trailers } from "./trailers.ts";

/** Takes the octets of a body as they arrive: what lies from `from` to `to` in the buffer that was read. */
export interface BodySink {
  onBodyOctets(octets: Octets, from: number, to: number): void;
}

/** 2^48: far beyond any honest chunk, far below 2^53 where counting stops being exact. */
const CHUNK_SIZE_MAX = 2 ** 48;
/** Digits of a chunk size, leading zeros included, which are grammatical (RFC 9112 section 7.1). */
const CHUNK_SIZE_DIGITS_MAX = 64;
/** Octets of all chunk extensions of a message together (RFC 9112 section 7.1.1 asks for a limit; Node has the same). */
const CHUNK_EXTENSION_BYTES_MAX = 16 * 1024;

const SEMICOLON = 59;

type State =
  | "size" // at or inside the digits of a chunk size
  | "before-extension" // white space behind the size: only an extension may follow, or, in a response, the line's end
  | "extension"
  | "size-line-feed"
  | "data"
  | "data-return"
  | "data-line-feed"
  | "trailers"
  | "complete"
  | "refused";

export class ChunkScanner {
  refusal: RefusalCode | undefined;
  /** The trailer section, if the message has one that is not empty. */
  trailers: Trailers | undefined;
  private state: State = "size";
  private extension: ExtensionState = "name-start";
  private size = 0;
  private digits = 0;
  private extensionBytes = 0;
  private remaining = 0;
  private readonly limits: HeadLimits;
  private readonly toleratesPadding: boolean;

  constructor(limits: HeadLimits, isOfResponse = false) {
    this.limits = limits;
    this.toleratesPadding = isOfResponse;
  }

  get isComplete(): boolean {
    return this.state === "complete";
  }

  /** Reads on from `from`; returns the position behind what belongs to this body (all octets, unless it is complete). */
  read(octets: Octets, from: number, sink: BodySink): number {
    let position = from;
    while (position < octets.length && this.state !== "complete" && this.state !== "refused") {
      if (this.state === "data") position = this.readData(octets, position, sink);
      else if (this.state === "trailers") position = this.readTrailers(octets, position);
      else this.readOctet(octets[position++] as number);
    }
    return position;
  }

  private readOctet(octet: number): void {
    switch (this.state) {
      case "size":
        this.readSizeOctet(octet);
        return;
      case "before-extension":
        if (octet === SEMICOLON) this.beginExtension();
        else if (isWhitespace(octet)) this.countExtension("before-extension");
        else if (octet === CR && this.toleratesPadding) this.state = "size-line-feed";
        else this.refuse("chunk-size-invalid");
        return;
      case "extension":
        this.readExtensionOctet(octet);
        return;
      case "size-line-feed":
        if (octet === LF) this.beginChunk();
        else this.refuse("chunk-size-invalid");
        return;
      case "data-return":
        if (octet === CR) this.state = "data-line-feed";
        else this.refuse("chunk-data-overrun");
        return;
      case "data-line-feed":
        if (octet === LF) this.state = "size";
        else this.refuse("chunk-data-overrun");
        return;
      default:
        throw new Error(`no single octets are read in state ${this.state}`);
    }
  }

  private readSizeOctet(octet: number): void {
    const digit = hexValue(octet);
    if (digit >= 0) {
      this.size = this.size * 16 + digit;
      if (++this.digits > CHUNK_SIZE_DIGITS_MAX || this.size > CHUNK_SIZE_MAX) this.refuse("chunk-size-too-large");
    } else if (this.digits === 0) {
      this.refuse("chunk-size-invalid");
    } else if (octet === CR) {
      this.state = "size-line-feed";
    } else if (octet === SEMICOLON) {
      this.beginExtension();
    } else if (isWhitespace(octet)) {
      this.countExtension("before-extension");
    } else {
      this.refuse("chunk-size-invalid");
    }
  }

  private beginExtension(): void {
    this.extension = "name-start";
    this.countExtension("extension");
  }

  private readExtensionOctet(octet: number): void {
    const next = extensionStateAfter(this.extension, octet);
    if (next !== undefined) {
      this.extension = next;
      this.countExtension("extension");
    } else if (octet === CR && mayEndExtension(this.extension)) {
      this.state = "size-line-feed";
    } else {
      this.refuse("chunk-extension-invalid");
    }
  }

  private beginChunk(): void {
    this.remaining = this.size;
    this.state = this.size === 0 ? "trailers" : "data";
    this.size = 0;
    this.digits = 0;
  }

  private readData(octets: Octets, from: number, sink: BodySink): number {
    const end = Math.min(octets.length, from + this.remaining);
    this.remaining -= end - from;
    if (this.remaining === 0) this.state = "data-return";
    if (end > from) sink.onBodyOctets(octets, from, end);
    return end;
  }

  private readTrailers(octets: Octets, from: number): number {
    this.trailers ??= new Trailers(this.limits);
    const end = this.trailers.read(octets, from);
    if (end < 0) {
      if (this.trailers.refusal !== undefined) this.refuse(this.trailers.refusal);
      return octets.length;
    }
    this.state = "complete";
    if (this.trailers.fields.count === 0) this.trailers = undefined;
    return end;
  }

  private countExtension(next: "before-extension" | "extension"): void {
    this.state = next;
    if (++this.extensionBytes > CHUNK_EXTENSION_BYTES_MAX) this.refuse("chunk-extensions-too-long");
  }

  private refuse(code: RefusalCode): void {
    this.refusal = code;
    this.state = "refused";
  }
}

function hexValue(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  const letter = octet | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
