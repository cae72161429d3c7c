/**
 * `traceparent` of W3C Trace Context (level 1), read and written. What is malformed is as if it were not there, and so is its
 * `tracestate` (section 4.3); a later version is read as far as this one goes (section 3.2.4).
 *
 * Deliberately absent: members of `tracestate`, which are the business of OpenTelemetry's API.
 */

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  /** 1: sampled. */
  readonly traceFlags: number;
}

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** @returns undefined for what is malformed: a trace begins anew */
export function readTraceparent(value: string | undefined): TraceParent | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] = PARENT.exec(value ?? "") ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & SAMPLED };
}

/** @returns undefined for a context that is not valid */
export function traceparentOf({ traceId, spanId, traceFlags }: TraceParent): string | undefined {
  const value = `00-${traceId}-${spanId}-0${traceFlags & SAMPLED}`;
  return readTraceparent(value) === undefined ? undefined : value;
}
