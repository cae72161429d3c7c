/**
 * The head of a request: its request-line and fields (RFC 9112 sections 3 and 5).
 *
 * Strict throughout: one SP between the parts, a token, a target of visible ASCII without `#`, an HTTP version.
 * Deliberately absent: where the request goes; see target.ts for what the target says and framing.ts for the body.
 */
import { type HeadLimits, HeadReader } from "./head-reader.ts";
import { isToken } from "./octets.ts";
import { protocolOfLine, protocolOfRequest } from "./other-protocols.ts";
import { readableStart } from "./readable.ts";
import type { RefusalCode } from "./refusals.ts";

/** Characters of a method: registered ones have at most 17 (UPDATEREDIRECTREF). */
export const METHOD_LENGTH_MAX = 64;

/** Empty lines that are skipped before a request-line: RFC 9112 section 2.2 asks for at least one. */
const EMPTY_LINES_MAX = 4;

/** Visible ASCII but `#`: a fragment is never sent, and neighbours disagree about what one means. */
const TARGET = /^[\x21\x22\x24-\x7e]+$/;

/** A method of whatever has arrived: a token, and SP behind it. */
const METHOD_SO_FAR = /^([!#$%&'*+\-.^_`|~0-9a-z]{1,64}) /i;

/** A target that takes more of the limit for a head than this is why the head is too large. */
const TARGET_SHARE_MAX = 1 / 2;

const VERSION = /^HTTP\/[0-9]\.[0-9]$/;

export class RequestHead extends HeadReader {
  method = "";
  target = "";
  /** 0 for HTTP/1.0; 1 for HTTP/1.1 and any later HTTP/1. */
  minorVersion: 0 | 1 = 1;
  /** The digit that was sent, from 0 to 9. */
  receivedMinorVersion = 1;
  private emptyLines = 0;

  constructor(limits: HeadLimits) {
    super(limits, true);
  }

  protected get toleratesSpaceBeforeColon(): boolean {
    return false;
  }

  protected foreign(first: number): RefusalCode {
    return protocolOfRequest(first, this.emptyLines) ?? "request-line-malformed";
  }

  protected judgeStartLine(length: number): RefusalCode | undefined {
    const fault = this.startLineFaultIn(length);
    return fault === undefined ? undefined : (protocolOfLine(this.text.slice(0, length)) ?? fault);
  }

  private startLineFaultIn(length: number): RefusalCode | undefined {
    const { text } = this;
    const methodEnd = text.indexOf(" ");
    if (methodEnd > METHOD_LENGTH_MAX && methodEnd < length) return "method-too-long";
    const targetEnd = text.indexOf(" ", methodEnd + 1);
    if (methodEnd < 1 || targetEnd < 0 || targetEnd >= length) return "request-line-malformed";
    if (methodEnd === 3 && text.startsWith("GET")) {
      this.method = "GET";
    } else {
      this.method = text.slice(0, methodEnd);
      if (!isToken(this.method)) {
        this.method = "";
        return "request-line-malformed";
      }
    }
    this.target = text.slice(methodEnd + 1, targetEnd);
    if (length - targetEnd !== " HTTP/1.1".length || !text.startsWith(" HTTP/1.1", targetEnd)) {
      const version = text.slice(targetEnd + 1, length);
      if (!VERSION.test(version)) return "request-line-malformed";
      if (version.charCodeAt(5) !== 49) return "version-unsupported";
      this.receivedMinorVersion = version.charCodeAt(7) - 48;
      if (this.receivedMinorVersion === 0) this.minorVersion = 0;
    }
    return TARGET.test(this.target) ? undefined : "target-invalid";
  }

  /** The method, also of a head that is refused or not complete; not even its SP has arrived: empty. */
  get methodSoFar(): string {
    return this.method !== "" ? this.method : (METHOD_SO_FAR.exec(this.soFar)?.[1] ?? "");
  }

  /** What was received of a head whose start-line could not be read, readable and short; it could be: undefined. */
  get unreadable(): string | undefined {
    return this.method === "" || this.target === "" ? readableStart(this.soFar) : undefined;
  }

  protected judgeFolding(): RefusalCode {
    return this.fields.count === 0 ? "space-before-first-field" : "obsolete-line-folding";
  }

  protected overlong(): RefusalCode {
    const { headBytesMax } = this.limits;
    if (this.method !== "") {
      return this.target.length > headBytesMax * TARGET_SHARE_MAX ? "target-too-long" : "head-too-large";
    }
    const methodEnd = this.text.indexOf(" ");
    return methodEnd < 0 || methodEnd > METHOD_LENGTH_MAX ? "method-too-long" : "target-too-long";
  }

  protected skipEmptyLine(): RefusalCode | undefined {
    return ++this.emptyLines > EMPTY_LINES_MAX ? "empty-lines-before-message" : undefined;
  }
}
