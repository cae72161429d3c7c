/**
 * Lines of an access log, taken for what they are: entries of exchanges and connections, or something else.
 *
 * A log may have been cut, mixed with another program's, or be of another format. What cannot be read is counted and named by its
 * line, and nothing of it is believed. Deliberately absent: files and streams.
 */

import { closeReasons } from "../../connection/reasons.ts";
import { answerReasons } from "../../exchange/answers.ts";
import { outcomes } from "../../exchange/exchange-record.ts";
import type { ConnectionEntry, ExchangeEntry } from "../../ledger/entries.ts";

export type LogLine =
  | { readonly kind: "exchange"; readonly entry: ExchangeEntry }
  | { readonly kind: "connection"; readonly entry: ConnectionEntry }
  /** JSON, and not of hopwise's access log. */
  | { readonly kind: "other" }
  | { readonly kind: "not-json" };

const known = {
  outcomes: new Set<unknown>(outcomes),
  reasons: new Set<unknown>(answerReasons),
  closes: new Set<unknown>(Object.keys(closeReasons)),
  endings: new Set<unknown>(["own-fin", "own-reset", "peer-fin", "peer-reset"]),
};

export function readLogLine(text: string): LogLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "not-json" };
  }
  if (!isRecord(value)) return { kind: "other" };
  if (value.type === "exchange" && isExchange(value)) {
    return { kind: "exchange", entry: value as unknown as ExchangeEntry };
  }
  if (value.type === "connection" && isConnection(value)) {
    return { kind: "connection", entry: value as unknown as ConnectionEntry };
  }
  return { kind: "other" };
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isExchange(value: Fields): boolean {
  const { lost = [] } = value;
  return (
    isTime(value.time) &&
    areStrings(value.client, value.method, value.target) &&
    areNumbers(value.status, value.duration_ms) &&
    known.outcomes.has(value.outcome) &&
    (value.reason === undefined || known.reasons.has(value.reason)) &&
    isOptional(value.fault, "string") &&
    isOptional(value.sent_ms, "number") &&
    isRecord(value.downstream) &&
    areNumbers(value.downstream.id, value.downstream.exchange) &&
    (value.upstream === undefined || isCarrier(value.upstream)) &&
    Array.isArray(lost) &&
    lost.every((attempt) => isCarrier(attempt) && areNumbers(attempt.after_ms) && isOptional(attempt.fault, "string"))
  );
}

function isConnection(value: Fields): boolean {
  return (
    isTime(value.time) &&
    areNumbers(value.id, value.exchanges) &&
    known.closes.has(value.closed) &&
    known.endings.has(value.ended) &&
    (value.hop === "downstream" || (value.hop === "upstream" && areStrings(value.endpoint)))
  );
}

/** Which connection an exchange went on. */
function isCarrier(value: unknown): value is Fields {
  return (
    isRecord(value) &&
    areNumbers(value.id, value.exchange) &&
    areStrings(value.endpoint) &&
    typeof value.reused === "boolean"
  );
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

function areStrings(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

function areNumbers(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "number" && value >= 0);
}

function isOptional(value: unknown, type: "string" | "number"): boolean {
  return value === undefined || (type === "number" ? areNumbers(value) : areStrings(value));
}

/** What else a line may be: formats that people write by mistake. */
export function otherFormat(line: string): string | undefined {
  if (/^\S+ \S+ .+ \[[^\]]+\] "/.test(line)) return "it looks like --log-format common or combined";
  if (/^\d\d:\d\d:\d\d /.test(line)) return "it looks like --log-format pretty";
  return undefined;
}
