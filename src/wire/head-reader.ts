/**
 * Reads heads: a start-line and field lines up to the empty line, from octets in any segmentation.
 *
 * A head that arrives whole, as most do, is read where it lies, each octet once, and becomes one text at its end. What
 * arrives in pieces is kept until then (head-pieces.ts). Lines are judged when they have ended, one after the other, and the
 * first fault in that order is the one reported, so both ways give the same result. Lines end with CRLF and nothing else. Control characters
 * are judged when the head is complete. A reader reads one section and then is its result. Deliberately absent: what
 * start-lines mean (see request-head.ts, response-head.ts) and what fields mean.
 */
import { FieldTable, kindOf } from "./fields.ts";
import { HeadPieces } from "./head-pieces.ts";
import { COLON, CR, HTAB, isTokenOctet, isWhitespace, LF, type Octets, tokenClassOf } from "./octets.ts";
import type { RefusalCode } from "./refusals.ts";

/** Bounds on one head, counted from the first octet of its start-line. */
export interface HeadLimits {
  /** Octets of the whole head, the final empty line included. */
  readonly headBytesMax: number;
  /** Field lines, and lines folded behind them. */
  readonly fieldsMax: number;
}

/**
 * 64 KiB: room for the largest cookies and tokens that browsers and identity providers make; nginx takes 32 KiB, Node 16.
 * 1,000 lines: ten times what Apache takes; it bounds the work per octet when a head arrives in many small pieces.
 */
export const defaultHeadLimits: HeadLimits = { headBytesMax: 64 * 1024, fieldsMax: 1_000 };

/** What is judged at once of a head in pieces: body octets behind it stay untouched. */
const WINDOW_BYTES = 4 * 1024;
/** 1 for what may stand within a line: all but control characters other than HTAB. */
const isTextOctet = Uint8Array.from({ length: 256 }, (_, code) =>
  (code < 32 && code !== HTAB) || code === 127 ? 0 : 1,
);

export abstract class HeadReader {
  /** The section, with its empty line, once it is complete. Before that, as much of it as had to be judged. */
  text = "";
  readonly fields = new FieldTable();
  /** Why this section is refused, once it is. */
  refusal: RefusalCode | undefined;
  /** Whether a field line must be written anew, not copied (folding, or a space before a colon). */
  isIrregular = false;

  /** Where the section starts in what is being judged: behind skipped empty lines; below 0 when its first lines are kept. */
  private start = 0;
  /** Everything before this, in what is being judged, was judged. */
  private judged = 0;
  /** The length of the start-line; it has not ended yet: -1. */
  private startLineLength: number;
  private isStartLineJudged: boolean;
  private foldedLines = 0;
  private hasControlCharacter = false;
  /** What has arrived of a section in pieces. */
  private kept: HeadPieces | undefined;
  protected readonly limits: HeadLimits;

  protected constructor(limits: HeadLimits, needsStartLine: boolean) {
    this.limits = limits;
    this.startLineLength = needsStartLine ? -1 : 0;
    this.isStartLineJudged = !needsStartLine;
  }

  /** Judges the start-line, which is the first `length` characters of `text`. */
  protected abstract judgeStartLine(length: number): RefusalCode | undefined;
  /** Judges white space at the start of a field line: a folded one, or none of the grammar's. */
  protected abstract judgeFolding(): RefusalCode | undefined;
  /** Whether white space between name and colon is removed (responses) or refused. */
  protected abstract get toleratesSpaceBeforeColon(): boolean;
  /** The refusal of something that cannot be a start-line, by its first octet. */
  protected abstract foreign(first: number): RefusalCode;
  /** The refusal of a section beyond its limit; what arrived of it is in `text`. */
  protected abstract overlong(): RefusalCode;
  /** Whether an empty line before the start-line is skipped; a refusal when there were too many. */
  protected abstract skipEmptyLine(): RefusalCode | undefined;

  /** Whether any octet of the section has arrived; empty lines to be skipped are none, not even half of one. */
  get hasBegun(): boolean {
    const length = this.kept?.length ?? 0;
    return length > 1 || (length === 1 && this.kept?.text !== "\r");
  }

  /** What has arrived of a section that is not complete, or was refused. */
  protected get soFar(): string {
    return this.refusal !== undefined ? this.text : (this.kept?.text ?? "");
  }

  /**
   * Reads on in `octets` from `from`. Returns where the section ends in `octets`, or -1: then either `refusal` is set, or
   * all octets were taken and more are needed.
   */
  read(octets: Octets, from: number): number {
    if (this.kept !== undefined) return this.readOn(this.kept, octets, from);
    this.start = from;
    this.judged = from;
    const end = this.judge(octets, octets.length);
    if (end < 0 && this.refusal === undefined) this.keep(octets);
    return end;
  }

  private readOn(before: HeadPieces, octets: Octets, from: number): number {
    let kept = before;
    for (let position = from; position < octets.length; position += WINDOW_BYTES) {
      const to = Math.min(octets.length, position + WINDOW_BYTES);
      // Judging only when there is something to judge keeps the cost of single octets linear.
      const beginsLine = this.startLineLength < 0 && kept.length === 0;
      const isWithinLimit = kept.length + to - position <= this.limits.headBytesMax;
      if (!beginsLine && isWithinLimit && !octets.subarray(position, to).includes(LF)) {
        kept.add(octets, position, to);
        continue;
      }
      const together = kept.together(octets, position, to);
      this.start = -kept.lines.length;
      this.judged = 0;
      const end = this.judge(together, together.length);
      if (end >= 0) return position + end - kept.unendedLength;
      if (this.refusal !== undefined) return -1;
      kept = this.keep(together);
    }
    return -1;
  }

  /** Keeps what was judged, and what is behind it, until more arrives. */
  private keep(octets: Octets): HeadPieces {
    const kept = new HeadPieces(this.textUntil(octets, this.judged));
    kept.add(octets, this.judged, octets.length);
    this.kept = kept;
    return kept;
  }

  /** The section until `end`: lines that are kept, and what lies in `octets`. */
  private textUntil(octets: Octets, end: number): string {
    if (this.start >= 0 || this.kept === undefined) return octets.latin1Slice(this.start, end);
    return this.kept.lines + octets.latin1Slice(0, end);
  }

  /** Judges the lines before `to` that have ended. Returns where the section ends, or -1. */
  private judge(octets: Octets, to: number): number {
    let position = this.judged;
    while (position < to) {
      let lineEnd: number;
      if (this.startLineLength < 0) {
        const first = octets[position] as number;
        if (isForeign(first)) return this.refuse(this.foreign(first), octets, to);
        lineEnd = this.endOfLine(octets, position, to);
        if (lineEnd < 0) break;
        if (lineEnd === position) {
          const fault = this.skipEmptyLine();
          this.start = lineEnd + 2;
          if (fault !== undefined) return this.refuse(fault, octets, to);
        } else {
          this.startLineLength = lineEnd - this.start;
        }
      } else if (octets[position] === CR && position + 1 < to && octets[position + 1] === LF) {
        return this.complete(octets, position);
      } else {
        lineEnd = this.judgeField(octets, position, to);
        if (lineEnd < 0) break;
      }
      position = lineEnd + 2;
    }
    if (this.refusal !== undefined) return -1;
    this.judged = position;
    if (to - this.start > this.limits.headBytesMax) return this.refuse(undefined, octets, to);
    // Whoever sends no request-line that can be served need not be waited for.
    if (!this.isStartLineJudged && this.startLineLength >= 0) {
      this.text = this.textUntil(octets, this.start + this.startLineLength);
      this.refusal = this.startLineFault();
    }
    return -1;
  }

  /** Returns where the line ends; refused, or not ended yet: -1. */
  private judgeField(octets: Octets, lineStart: number, to: number): number {
    if (this.fields.count + this.foldedLines >= this.limits.fieldsMax) {
      return this.refuseLine("too-many-fields", octets, lineStart, to);
    }
    if (isWhitespace(octets[lineStart] as number)) {
      const fault = this.judgeFolding();
      if (fault !== undefined) return this.refuseLine(fault, octets, lineStart, to);
      const lineEnd = this.endOfLine(octets, lineStart, to);
      if (lineEnd >= 0) this.foldedLines++;
      return lineEnd;
    }
    let nameEnd = lineStart;
    let classes = 0;
    while (nameEnd < to) {
      const tokenClass = tokenClassOf[octets[nameEnd] as number] as number;
      if (tokenClass === 0) break;
      classes |= tokenClass;
      nameEnd++;
    }
    let colon = nameEnd;
    while (colon < to && isWhitespace(octets[colon] as number)) colon++;
    if (colon === to) return -1;
    if (nameEnd === lineStart || octets[colon] !== COLON) {
      return this.refuseLine("field-line-malformed", octets, colon, to);
    }
    if (colon !== nameEnd) {
      if (!this.toleratesSpaceBeforeColon) return this.refuseLine("space-before-colon", octets, colon, to);
      this.isIrregular = true;
    }
    const lineEnd = this.endOfLine(octets, colon, to);
    if (lineEnd < 0) return -1;
    const { start } = this;
    const kind = kindOf(octets, lineStart, nameEnd - lineStart, classes > 1);
    this.fields.add(lineStart - start, nameEnd - start, kind);
    return lineEnd;
  }

  /** Where the line that goes on at `from` ends, before its CRLF; refused, or not ended yet: -1. */
  private endOfLine(octets: Octets, from: number, to: number): number {
    let position = from;
    for (;;) {
      while (position < to && isTextOctet[octets[position] as number] === 1) position++;
      if (position === to) return -1;
      const octet = octets[position];
      const isLineEnd = octet === CR && position + 1 < to && octets[position + 1] === LF;
      if (isLineEnd || octet === LF) {
        const lineFeed = isLineEnd ? position + 1 : position;
        if (lineFeed - this.start >= this.limits.headBytesMax) return this.refuse(undefined, octets, to);
        return isLineEnd ? position : this.refuse("line-ending-invalid", octets, to);
      }
      // The last octet may be half a line's end; then this line is read again.
      if (position + 1 < to) this.hasControlCharacter = true;
      position++;
    }
  }

  /** Refuses a line, unless it has not ended yet, or ends in a way that is worse. */
  private refuseLine(code: RefusalCode, octets: Octets, from: number, to: number): -1 {
    return this.endOfLine(octets, from, to) < 0 ? -1 : this.refuse(code, octets, to);
  }

  private complete(octets: Octets, fieldsEnd: number): number {
    const { start, fields } = this;
    const end = fieldsEnd + 2;
    if (end - start > this.limits.headBytesMax) return this.refuse(undefined, octets, end);
    const text = this.textUntil(octets, end);
    this.text = text;
    this.kept = undefined;
    this.refusal = this.startLineFault() ?? (this.hasControlCharacter ? "control-character" : undefined);
    if (this.refusal !== undefined) return -1;
    fields.text = text;
    fields.end = fieldsEnd - start;
    return end;
  }

  /** What is wrong with the start-line, if it has ended and was not judged before. */
  private startLineFault(): RefusalCode | undefined {
    if (this.isStartLineJudged || this.startLineLength < 0) return undefined;
    this.isStartLineJudged = true;
    return this.judgeStartLine(this.startLineLength);
  }

  /** @param code none: the section is beyond its limit */
  private refuse(code: RefusalCode | undefined, octets: Octets, to: number): -1 {
    this.text = this.textUntil(octets, Math.min(to, this.start + this.limits.headBytesMax));
    this.kept = undefined;
    this.refusal = this.startLineFault() ?? code ?? this.overlong();
    return -1;
  }
}

/** Something that is no HTTP at all (a TLS handshake) is refused at its first octet, not at the timeout. */
function isForeign(first: number): boolean {
  return isTokenOctet[first] === 0 && first !== CR && first !== LF;
}
