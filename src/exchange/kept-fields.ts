/**
 * The few fields of a request that logs and traces tell: taken only while somebody wants them, so otherwise they cost nothing.
 *
 * Deliberately absent: every other field. Most may be secret.
 */
import type { FieldTable } from "../wire/fields.ts";
import type { KeptFields } from "./exchange-record.ts";

/** Of one value; the rest is cut off and marked. Real ones are shorter, and a log's line is no place for 64 KiB. */
const VALUE_LENGTH_MAX = 4_096;
/** 55 today; later versions may be longer (W3C Trace Context section 3.2.4). */
const TRACEPARENT_LENGTH_MAX = 512;

/**
 * @param isLong the head is: what is kept of it must not keep the rest
 * @returns what there is of them; nothing, or a head that was not read to its end: undefined
 */
export function keptFields(fields: FieldTable | undefined, isLong = false): KeptFields | undefined {
  if (fields === undefined || fields.text === "") return undefined;
  const userAgent = short(fields.get("user-agent"));
  const referer = short(fields.get("referer"));
  const requestId = short(fields.get("x-request-id"));
  const traceparent = ifShort(fields.get("traceparent"), TRACEPARENT_LENGTH_MAX);
  const tracestate = traceparent === undefined ? undefined : ifShort(fields.get("tracestate"), VALUE_LENGTH_MAX);
  if ((userAgent ?? referer ?? requestId ?? traceparent) === undefined) return undefined;
  if (!isLong) return { userAgent, referer, requestId, traceparent, tracestate };
  return {
    ...{ userAgent: ownCopy(userAgent), referer: ownCopy(referer), requestId: ownCopy(requestId) },
    ...{ traceparent: ownCopy(traceparent), tracestate: ownCopy(tracestate) },
  };
}

function ownCopy(value: string | undefined): string | undefined {
  return value === undefined ? undefined : copyOf(value);
}

/** The same text, which does not keep in memory what it is a part of. Each character is one byte. */
export function copyOf(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

function short(value: string | undefined): string | undefined {
  return value === undefined || value.length <= VALUE_LENGTH_MAX ? value : `${value.slice(0, VALUE_LENGTH_MAX)}...`;
}

/** Half of it would mean something else. */
function ifShort(value: string | undefined, length: number): string | undefined {
  return value === undefined || value.length > length ? undefined : value;
}
