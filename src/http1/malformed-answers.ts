/**
 * What is wrong with an origin's answer that does not go on, in the words of `Proxy-Status` (RFC 9209 section 2.3) and for people: the
 * rule that it breaks, which is the same for whoever asks.
 *
 * Deliberately absent: the bytes that broke it, which are the origin's; `hopwise doctor` shows them.
 */
import { isRefusalCode, meaningOfResponse, type RefusalCode } from "../wire/refusals.ts";

/** Of the others it is told that HTTP was not as it should be. */
const types: Partial<Readonly<Record<RefusalCode, string>>> = {
  "head-too-large": "http_response_header_section_size",
  "too-many-fields": "http_response_header_section_size",
  "transfer-coding-unknown": "http_response_transfer_coding",
  "transfer-encoding-invalid": "http_response_transfer_coding",
  "transfer-encoding-in-http10": "http_response_transfer_coding",
};

/** @returns the error type; the answer broke no rule of ours, or one without a type of its own: undefined */
export function malformedType(fault: string): string | undefined {
  return isRefusalCode(fault) ? types[fault] : undefined;
}

/** @returns a sentence; the answer broke no rule of ours: undefined */
export function malformedText(fault: string): string | undefined {
  return isRefusalCode(fault) ? meaningOfResponse(fault) : undefined;
}
