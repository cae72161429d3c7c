/**
 * The head of a response: its status-line and fields (RFC 9112 sections 4 and 5).
 *
 * Strict where framing is concerned, tolerant where the RFC tells a proxy to mend: a folded value is read with a space,
 * a space before a colon is removed, a missing reason-phrase is empty. Deliberately absent: leading empty lines, which
 * belong to no response.
 */
import { type HeadLimits, HeadReader } from "./head-reader.ts";
import { protocolOfResponse } from "./other-protocols.ts";
import type { RefusalCode } from "./refusals.ts";
import type { ToleranceKind } from "./tolerance.ts";

const STATUS_LINE = /^HTTP\/([0-9])\.([0-9]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const COMMONEST = "HTTP/1.1 200 OK";
const nothing: readonly ToleranceKind[] = [];

export class ResponseHead extends HeadReader {
  status = 0;
  reasonPhrase = "";
  /** 0 for HTTP/1.0; 1 for HTTP/1.1 and any later HTTP/1. */
  minorVersion: 0 | 1 = 1;
  /** The digit that was sent, from 0 to 9. */
  receivedMinorVersion = 1;

  constructor(limits: HeadLimits) {
    super(limits, true);
  }

  /** What was tolerated in it; see tolerance.ts. */
  get tolerated(): readonly ToleranceKind[] {
    return nothing;
  }

  /** Whether so much was tolerated that nothing may follow on its connection. */
  get isDoubtful(): boolean {
    return false;
  }

  protected get toleratesSpaceBeforeColon(): boolean {
    return true;
  }

  protected foreign(first: number): RefusalCode {
    return protocolOfResponse(first) ?? "status-line-malformed";
  }

  protected judgeStartLine(length: number): RefusalCode | undefined {
    if (length === COMMONEST.length && this.text.startsWith(COMMONEST)) {
      this.status = 200;
      this.reasonPhrase = "OK";
      return undefined;
    }
    const parts = STATUS_LINE.exec(this.text.slice(0, length));
    if (parts === null) return "status-line-malformed";
    if (parts[1] !== "1") return "version-unsupported";
    this.receivedMinorVersion = Number(parts[2]);
    if (this.receivedMinorVersion === 0) this.minorVersion = 0;
    this.status = Number(parts[3]);
    this.reasonPhrase = parts[4] ?? "";
    return undefined;
  }

  protected judgeFolding(): RefusalCode | undefined {
    if (this.fields.count === 0) return "space-before-first-field";
    this.isIrregular = true;
    return undefined;
  }

  protected overlong(): RefusalCode {
    return "head-too-large";
  }

  protected skipEmptyLine(): RefusalCode {
    return "status-line-malformed";
  }
}
