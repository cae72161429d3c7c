/**
 * The access log's line of JSON for an exchange as most are, written from its record at once: character for character what making its
 * entry and a text of that would give (log-format.ts), for a fraction of the time.
 *
 * Deliberately absent: what is rare. An exchange that hopwise answered itself, that was sent again, or whose request could not be read has
 * no line here.
 */
import type { ConnectionRecord } from "../connection/connection-record.ts";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import { withoutUserinfo } from "../wire/userinfo.ts";
import { closesAfter } from "./entry-maker.ts";
import { safeJson } from "./safe-json.ts";

/** Longer ones are rare, and the longest are cut off. */
const TEXT_LENGTH_MAX = 300;
/** What JSON escapes, and what safeJson does beside that. */
const SPECIAL = /[^ !#-[\]-~]/;
/** `.001` to `.999`, without zeros at the end. */
const FRACTIONS = Array.from({ length: 1_000 }, (_, thousandths) => String(thousandths / 1_000).slice(1));
/** Times are written to the microsecond; from here on numbers have no room for that. */
const EXACT_MS_MAX = 1e9;

/** @param time when it arrived, ISO 8601. @returns the line without its end; it is not as most are: undefined */
export function usualLine(record: ExchangeRecord, time: string): string | undefined {
  const { downstream, upstream, target, authority, kept } = record;
  if (isUnusual(record) || upstream === undefined) return undefined;
  const host = authority === "" ? "" : `,"host":${quoted(authority)}`;
  return (
    `{"type":"exchange","time":"${time}","id":${record.id},"client":${quoted(downstream.peer)}` +
    `,"method":${quoted(record.method)},"target":${quoted(withoutUserinfo(target))}${host},"version":"${record.version}"` +
    `,"status":${record.status},"outcome":"${record.outcome}"${durations(record)},"requestBytes":${record.requestBodyBytes}` +
    `,"responseBytes":${record.responseBodyBytes},"retries":0` +
    `,"downstream":{"id":${downstream.id},"exchange":${record.downstreamExchange}${closes(downstream, record.downstreamExchange)}}` +
    `,"upstream":{${carrier(upstream, record.upstreamExchange)}${closes(upstream, record.upstreamExchange)}}` +
    (kept === undefined
      ? "}"
      : `${field("userAgent", kept.userAgent)}${field("referer", shown(kept.referer))}${field("requestId", kept.requestId)}}`)
  );
}

function isUnusual(record: ExchangeRecord): boolean {
  const { user, reason, fault, received, lost, endpoint, retries, target, authority } = record;
  return (
    (user ?? reason ?? fault ?? received ?? lost ?? endpoint) !== undefined ||
    retries !== 0 ||
    target.length > TEXT_LENGTH_MAX ||
    authority.length > TEXT_LENGTH_MAX
  );
}

function durations(record: ExchangeRecord): string {
  const { arrivedAt_ms, queuedAt_ms, connectingAt_ms, securingAt_ms, sentAt_ms, firstByteAt_ms, doneAt_ms } = record;
  const leftAt_ms = sentAt_ms ?? doneAt_ms;
  let text = `,"duration_ms":${milliseconds(doneAt_ms - arrivedAt_ms)}`;
  if (firstByteAt_ms !== undefined) text += `,"wait_ms":${milliseconds(firstByteAt_ms - arrivedAt_ms)}`;
  if (queuedAt_ms !== undefined) text += `,"queued_ms":${milliseconds((connectingAt_ms ?? leftAt_ms) - queuedAt_ms)}`;
  if (connectingAt_ms !== undefined) text += `,"connect_ms":${milliseconds(leftAt_ms - connectingAt_ms)}`;
  if (securingAt_ms !== undefined) text += `,"tls_ms":${milliseconds(leftAt_ms - securingAt_ms)}`;
  if (sentAt_ms === undefined) return text;
  text += `,"sent_ms":${milliseconds(sentAt_ms - arrivedAt_ms)}`;
  return firstByteAt_ms === undefined ? text : `${text},"firstByte_ms":${milliseconds(firstByteAt_ms - sentAt_ms)}`;
}

function carrier({ id, endpoint, opened, boundTo }: ConnectionRecord, exchange: number): string {
  const bound = boundTo === undefined ? "" : ',"bound":true';
  return `"id":${id},"exchange":${exchange},"endpoint":${quoted(endpoint?.name ?? "")},"reused":${exchange > 1},"opened":"${opened}"${bound}`;
}

function closes(connection: ConnectionRecord, exchange: number): string {
  const reason = closesAfter(connection, exchange);
  return reason === undefined ? "" : `,"closes":"${reason}"`;
}

function field(name: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${name}":${quoted(value)}`;
}

function shown(referer: string | undefined): string | undefined {
  return referer === undefined ? undefined : withoutUserinfo(referer);
}

function quoted(text: string): string {
  return SPECIAL.test(text) ? safeJson(text) : `"${text}"`;
}

/** To the microsecond, as JSON has the number. */
function milliseconds(ms: number): string {
  const whole_us = Math.round(ms * 1_000);
  if (whole_us < 0 || ms > EXACT_MS_MAX) return String(whole_us / 1_000);
  const whole_ms = Math.floor(whole_us / 1_000);
  return `${whole_ms}${FRACTIONS[whole_us - whole_ms * 1_000]}`;
}
