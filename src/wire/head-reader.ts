/**
 * Reads heads: a start-line and field lines up to the empty line, from octets in any segmentation.
 *
 * Lines are judged one after the other and the first fault in octet order is the one reported, so a head that arrives
 * whole and one that arrives octet by octet give the same result. Lines end with CRLF and nothing else. Control
 * characters are judged when the head is complete. A reader reads one section and then is its result.
 * Deliberately absent: what start-lines mean (see request-head.ts, response-head.ts) and what fields mean.
 */
import { FieldTable, kindOf } from "./fields.ts";
import { COLON, CR, isTokenOctet, isWhitespace, LF, type Octets } from "./octets.ts";
import type { RefusalCode } from "./refusals.ts";

/** Bounds on one head, counted from the first octet of its start-line. */
export interface HeadLimits {
  /** Octets of the whole head, the final empty line included. */
  readonly headBytesMax: number;
  /** Field lines. */
  readonly fieldsMax: number;
}

/**
 * 64 KiB: room for the largest cookies and tokens that browsers and identity providers make; nginx takes 32 KiB, Node 16.
 * 1,000 lines: ten times what Apache takes; it bounds the work per octet when a head arrives in many small pieces.
 */
export const defaultHeadLimits: HeadLimits = { headBytesMax: 64 * 1024, fieldsMax: 1_000 };

/** Octets turned into text at once: most heads are smaller, and body octets behind a head stay untouched. */
const WINDOW_BYTES = 4 * 1024;

/**
 * Control characters other than HTAB, and a CR that does not end a line. Said as what is not allowed to stand out from
 * what is, since an expression with one way to begin is searched for twice as fast.
 */
const FORBIDDEN = /[^\t\n\x20-\x7e\x80-\xff](?<!\r(?=\n))/;

export abstract class HeadReader {
  /** The section read so far; once complete, it ends with its empty line. */
  text = "";
  readonly fields = new FieldTable();
  /** Why this section is refused, once it is. */
  refusal: RefusalCode | undefined;
  /** Whether a field line must be written anew, not copied (folding, or a space before a colon). */
  isIrregular = false;

  /** Where the start-line begins in `text`: behind skipped empty lines. */
  protected start = 0;
  private hasStartLine: boolean;
  /** Everything in `text` before this is judged. */
  private judged = 0;
  private pieces: string[] | undefined;
  private piecesLength = 0;
  protected readonly limits: HeadLimits;

  protected constructor(limits: HeadLimits, needsStartLine: boolean) {
    this.limits = limits;
    this.hasStartLine = !needsStartLine;
  }

  /** Judges the start-line `text[start, end)`. */
  protected abstract judgeStartLine(start: number, end: number): RefusalCode | undefined;
  /** Judges white space at the start of a field line: a folded one, or none of the grammar's. */
  protected abstract judgeFolding(): RefusalCode | undefined;
  /** Whether white space between name and colon is removed (responses) or refused. */
  protected abstract readonly toleratesSpaceBeforeColon: boolean;
  /** The refusal of something that cannot be a start-line, by its first octet. */
  protected abstract readonly foreign: RefusalCode;
  /** The refusal of a section beyond its limit. */
  protected abstract overlong(): RefusalCode;
  /** Whether an empty line before the start-line is skipped; a refusal when there were too many. */
  protected abstract skipEmptyLine(): RefusalCode | undefined;

  /** Whether any octet of the section has arrived; empty lines to be skipped are none, not even half of one. */
  get hasBegun(): boolean {
    const length = this.text.length + this.piecesLength - this.start;
    return length > 1 || (length === 1 && this.text.charCodeAt(this.start) !== CR);
  }

  /** What has arrived of the section, from its start-line on. */
  protected get soFar(): string {
    return this.text.slice(this.start) + (this.pieces?.join("") ?? "");
  }

  /**
   * Reads on in `octets` from `from`. Returns where the section ends in `octets`, or -1: then either `refusal` is set, or
   * all octets were taken and more are needed.
   */
  read(octets: Octets, from: number): number {
    let position = from;
    while (position < octets.length) {
      const to = Math.min(octets.length, position + WINDOW_BYTES);
      const before = this.text.length + this.piecesLength;
      const end = this.take(octets.latin1Slice(position, to));
      if (end >= 0) return position + end - before;
      if (this.refusal !== undefined) return -1;
      position = to;
    }
    return -1;
  }

  private take(arrived: string): number {
    if (this.text === "" && this.piecesLength === 0) {
      this.text = arrived;
      return this.judge();
    }
    this.pieces ??= [];
    this.pieces.push(arrived);
    this.piecesLength += arrived.length;
    // Joining only when there is something to judge keeps the cost of single octets linear.
    const length = this.text.length + this.piecesLength - this.start;
    const beginsLine = !this.hasStartLine && this.text.length === this.start;
    if (!beginsLine && !arrived.includes("\n") && length <= this.limits.headBytesMax) return -1;
    this.text += this.pieces.join("");
    this.pieces = undefined;
    this.piecesLength = 0;
    return this.judge();
  }

  /** Judges the lines that have ended. Returns the length of the section in `text`, or -1. */
  private judge(): number {
    const text = this.text;
    const { headBytesMax, fieldsMax } = this.limits;
    let position = this.judged;
    for (;;) {
      if (!this.hasStartLine && this.isForeign(position)) return this.refuse(this.foreign);
      const lineFeed = text.indexOf("\n", position);
      if (lineFeed < 0) return this.judgeUnended(position);
      if (lineFeed - this.start >= headBytesMax) return this.refuse(this.overlong());
      const lineEnd = lineFeed - 1;
      if (lineEnd < position || text.charCodeAt(lineEnd) !== CR) return this.refuse("line-ending-invalid");
      let fault: RefusalCode | undefined;
      if (!this.hasStartLine) {
        if (lineEnd === position) {
          fault = this.skipEmptyLine();
          this.start = lineFeed + 1;
        } else {
          this.hasStartLine = true;
          fault = this.judgeStartLine(position, lineEnd);
        }
      } else if (lineEnd === position) {
        return this.complete(position, lineFeed + 1);
      } else {
        fault = this.fields.count < fieldsMax ? this.judgeField(position) : "too-many-fields";
      }
      if (fault !== undefined) return this.refuse(fault);
      position = lineFeed + 1;
    }
  }

  /** What has arrived of a line that has not ended yet. */
  private judgeUnended(position: number): -1 {
    this.judged = position;
    if (this.text.length - this.start > this.limits.headBytesMax) return this.refuse(this.overlong());
    return -1;
  }

  /** Something that is no HTTP at all (a TLS handshake) is refused at its first octet, not at the timeout. */
  private isForeign(position: number): boolean {
    if (position >= this.text.length) return false;
    const first = this.text.charCodeAt(position);
    return isTokenOctet[first] === 0 && first !== CR && first !== LF;
  }

  private judgeField(lineStart: number): RefusalCode | undefined {
    const text = this.text;
    if (isWhitespace(text.charCodeAt(lineStart))) return this.judgeFolding();
    let nameEnd = lineStart;
    while (isTokenOctet[text.charCodeAt(nameEnd)] === 1) nameEnd++;
    let colon = nameEnd;
    while (isWhitespace(text.charCodeAt(colon))) colon++;
    if (nameEnd === lineStart || text.charCodeAt(colon) !== COLON) return "field-line-malformed";
    if (colon !== nameEnd) {
      if (!this.toleratesSpaceBeforeColon) return "space-before-colon";
      this.isIrregular = true;
    }
    this.fields.add(lineStart, nameEnd, kindOf(text, lineStart, nameEnd - lineStart));
    return undefined;
  }

  private complete(fieldsEnd: number, end: number): number {
    const text = end === this.text.length ? this.text : this.text.slice(0, end);
    if (FORBIDDEN.test(text)) return this.refuse("control-character");
    this.text = text;
    this.fields.text = text;
    this.fields.end = fieldsEnd;
    return end;
  }

  private refuse(code: RefusalCode): -1 {
    this.refusal = code;
    return -1;
  }
}
