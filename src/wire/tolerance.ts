/**
 * Heads of responses from origins that cannot be mended, made well-formed before the strict reader sees them.
 *
 * Off unless an operator names a kind, and for heads of responses only: never for requests, chunks and trailers. The strict reader
 * stays as it is and judges what comes out, so that nothing is tolerated that is not made well-formed here, byte by byte and
 * once. What decides where the body ends or whether the connection persists is never taken from what was mended; only where
 * the status-line itself ends with a bare LF, every line of the head may (see `faultOf`).
 */
import { type FieldTable, Kind } from "./fields.ts";
import type { HeadLimits } from "./head-reader.ts";
import { COLON, CR, HTAB, isWhitespace, LF, type Octets, SP } from "./octets.ts";
import type { RefusalCode } from "./refusals.ts";
import { ResponseHead } from "./response-head.ts";

/**
 * `bare-lf`: LF without CR ends a line (RFC 9112 section 2.2). `control-characters`: control characters in a value, NUL and bare CR
 * among them, are read as SP (RFC 9110 section 5.5).
 */
export const toleranceKinds = ["bare-lf", "control-characters"] as const;
export type ToleranceKind = (typeof toleranceKinds)[number];

/** Bytes that are mended at once: what lies behind the head stays untouched. */
const WINDOW_BYTES = 4 * 1024;

/** Kinds of fields that decide about the body or the connection. */
const DECIDING_KINDS: ReadonlySet<Kind> = new Set([
  Kind.contentLength,
  Kind.transferEncoding,
  Kind.connection,
  Kind.keepAlive,
  Kind.upgrade,
]);

/** A reader for the heads of responses. */
export function responseHeadFor(limits: HeadLimits, tolerates: ReadonlySet<ToleranceKind>): ResponseHead {
  return tolerates.size === 0 ? new ResponseHead(limits) : new TolerantResponseHead(limits, tolerates);
}

class TolerantResponseHead extends ResponseHead {
  private readonly mender: HeadMender;

  constructor(limits: HeadLimits, tolerates: ReadonlySet<ToleranceKind>) {
    super(limits);
    this.mender = new HeadMender(tolerates);
  }

  override get tolerated(): readonly ToleranceKind[] {
    return this.mender.tolerated;
  }

  override get isDoubtful(): boolean {
    return this.mender.hasBareLineEnd;
  }

  override read(octets: Octets, from: number): number {
    for (let position = from; position < octets.length; position += WINDOW_BYTES) {
      const { end, mended } = this.mender.mend(octets, position, Math.min(octets.length, position + WINDOW_BYTES));
      const read = super.read(mended, 0);
      if (this.refusal !== undefined) return -1;
      if (end < 0 && read < 0) continue;
      // Both have seen the same empty line, or it is not known where the head ends.
      this.refusal = end >= 0 && read === mended.length ? this.fault() : "line-ending-invalid";
      return this.refusal === undefined ? end : -1;
    }
    return -1;
  }

  private fault(): RefusalCode | undefined {
    // Behind an interim response another one must follow on this connection.
    if (this.isDoubtful && this.status < 200) return "line-ending-invalid";
    return this.mender.faultOf(this.fields);
  }
}

class HeadMender {
  readonly tolerated: ToleranceKind[] = [];
  /** A bare LF ended a line that the next one does not go on with. */
  hasBareLineEnd = false;
  private readonly takesBareLf: boolean;
  private readonly takesControls: boolean;
  private isStartLine = true;
  private startLineEndsBare = false;
  private isLineBegun = false;
  private isInValue = false;
  /** A CR came, and it is not known yet whether it ends the line. */
  private hasReturn = false;
  private lineBeforeEndsBare = false;
  /** The empty line, or the line end before it, was a bare LF. */
  private endsBare = false;
  /** Where lines begin, in what was mended, that a bare LF begins or ends, or that hold a control character. */
  private readonly bareLines: number[] = [];
  private readonly controlLines: number[] = [];
  private lineStart = 0;
  private mendedBytes = 0;
  private out = Buffer.allocUnsafe(0) as unknown as Octets;
  private outBytes = 0;

  constructor(tolerates: ReadonlySet<ToleranceKind>) {
    this.takesBareLf = tolerates.has("bare-lf");
    this.takesControls = tolerates.has("control-characters");
  }

  /** Mends what lies from `from` to `to`. `end`: where the head ends in `octets`; it does not yet: -1. */
  mend(octets: Octets, from: number, to: number): { readonly end: number; readonly mended: Octets } {
    // Each byte becomes one, or two where it is a bare LF; one CR may have waited since before.
    this.out = Buffer.allocUnsafe(2 * (to - from) + 1) as unknown as Octets;
    this.outBytes = 0;
    let end = -1;
    for (let position = from; position < to && end < 0; position++) {
      if (this.hasReturn && octets[position] !== LF) {
        this.hasReturn = false;
        this.takeText(CR);
      }
      if (this.isInValue && !this.hasReturn) position = this.takeValue(octets, position, to);
      if (position < to && this.take(octets[position] as number)) end = position + 1;
    }
    return { end, mended: this.out.subarray(0, this.outBytes) };
  }

  /** Takes what belongs to a value for sure, which is most of a head. Returns where that ends. */
  private takeValue(octets: Octets, from: number, to: number): number {
    const { out } = this;
    const mended = this.takesControls ? MENDED : UNMENDED;
    const outFrom = this.outBytes - from;
    let hasControls = false;
    let position = from;
    for (; position < to; position++) {
      const octet = octets[position] as number;
      const isBreak = octet === LF || octet === CR;
      // A CR that is the last byte may belong to a line end.
      if (isBreak && (octet === LF || position + 1 === to || octets[position + 1] === LF)) break;
      const taken = mended[octet] as number;
      hasControls ||= taken !== octet;
      out[outFrom + position] = taken;
    }
    if (hasControls) this.noteControls();
    this.outBytes = outFrom + position;
    this.mendedBytes += position - from;
    return position;
  }

  /** @returns whether the head is over */
  private take(octet: number): boolean {
    if (this.hasReturn) {
      // LF, or it would have been taken for a bare one.
      this.hasReturn = false;
      return this.endLine(false);
    }
    if (octet === CR) {
      this.hasReturn = true;
      return false;
    }
    if (octet === LF && this.takesBareLf) return this.endLine(true);
    this.takeText(octet);
    return false;
  }

  private takeText(octet: number): void {
    if (!this.isLineBegun && !this.isStartLine) {
      this.isInValue = isWhitespace(octet);
      // What goes on with the value of the line before has not ended that line.
      if (this.lineBeforeEndsBare && !this.isInValue) this.hasBareLineEnd = true;
    }
    this.isLineBegun = true;
    if (this.isInValue && this.takesControls && isControl(octet)) {
      this.noteControls();
      return this.put(SP);
    }
    if (octet === COLON && !this.isStartLine) this.isInValue = true;
    this.put(octet);
  }

  private endLine(isBare: boolean): boolean {
    const isEmpty = !this.isLineBegun && !this.isStartLine;
    if (isBare) this.noteTolerated("bare-lf");
    if (isBare || this.lineBeforeEndsBare) note(this.bareLines, this.lineStart);
    if (isEmpty) this.endsBare = isBare || this.lineBeforeEndsBare;
    if (isEmpty && this.endsBare) this.hasBareLineEnd = true;
    if (this.isStartLine) this.startLineEndsBare = isBare;
    this.lineBeforeEndsBare = isBare;
    this.isStartLine = false;
    this.isLineBegun = false;
    this.isInValue = false;
    this.put(CR);
    this.put(LF);
    this.lineStart = this.mendedBytes;
    return isEmpty;
  }

  private put(octet: number): void {
    this.out[this.outBytes++] = octet;
    this.mendedBytes++;
  }

  private noteControls(): void {
    note(this.controlLines, this.lineStart);
    this.noteTolerated("control-characters");
  }

  private noteTolerated(kind: ToleranceKind): void {
    if (!this.tolerated.includes(kind)) this.tolerated.push(kind);
  }

  /**
   * Why the head is refused all the same. An origin whose status-line ends with CRLF knows how lines end; a bare LF that would
   * begin a `Content-Length` there, or end the head, was more likely slipped into a value by somebody else.
   */
  faultOf(fields: FieldTable): RefusalCode | undefined {
    if (!this.startLineEndsBare && (this.endsBare || touchesDeciding(fields, this.bareLines)))
      return "line-ending-invalid";
    return touchesDeciding(fields, this.controlLines) ? "control-character" : undefined;
  }
}

/** Adds the start of a line, once. */
function note(lines: number[], lineStart: number): void {
  if (lines[lines.length - 1] !== lineStart) lines.push(lineStart);
}

/** LF is a matter of line ends. */
function isControl(octet: number): boolean {
  return (octet < 32 && octet !== HTAB && octet !== LF) || octet === 127;
}

/** What becomes of each byte in a value. */
const UNMENDED = Uint8Array.from({ length: 256 }, (_, octet) => octet);
const MENDED = UNMENDED.map((octet) => (isControl(octet) ? SP : octet));

/** Whether one of the lines, in their order, belongs to a field that decides. */
function touchesDeciding(fields: FieldTable, lines: readonly number[]): boolean {
  let field = 0;
  return lines.some((line) => {
    while (field < fields.count && fields.lineEnd(field) <= line) field++;
    return field < fields.count && fields.lineStart(field) <= line && DECIDING_KINDS.has(fields.kind(field));
  });
}
