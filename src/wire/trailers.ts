/**
 * The trailer section of a chunked body (RFC 9112 section 7.1.2): field lines up to an empty line.
 *
 * Trailers are kept apart from the head and never merged into it. Which of them go on is the proxy room's decision.
 */
import { type HeadLimits, HeadReader } from "./head-reader.ts";
import type { RefusalCode } from "./refusals.ts";

export class Trailers extends HeadReader {
  constructor(limits: HeadLimits) {
    super(limits, false);
  }

  protected get toleratesSpaceBeforeColon(): boolean {
    return false;
  }

  protected foreign(): RefusalCode {
    return "field-line-malformed";
  }

  protected judgeStartLine(): undefined {
    return undefined;
  }

  protected judgeFolding(): RefusalCode {
    return this.fields.count === 0 ? "space-before-first-field" : "obsolete-line-folding";
  }

  protected overlong(): RefusalCode {
    return "trailers-too-large";
  }

  protected skipEmptyLine(): undefined {
    return undefined;
  }
}
