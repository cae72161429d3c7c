/**
 * Keep-alive terms: the `timeout` and `max` of a `Keep-Alive` field (RFC 2068 section 19.7.1.1), read and written.
 *
 * They are hints between two neighbours. The terms we give are shorter than those we enforce, and the terms we are given
 * are used up before they end, so that whoever believes them never loses the race. Deliberately absent: relaying.
 */
import { listElements } from "../wire/lists.ts";

export interface KeepAliveTerms {
  /** How long the connection may idle, in milliseconds; not said: undefined. */
  readonly timeout_ms: number | undefined;
  /** How many more requests it takes; not said: undefined. */
  readonly max: number | undefined;
}

/** There are two, and room for some that were never standardised. What is longer is not a hint to go by. */
const PARAMETERS_MAX = 16;

const PARAMETER = /^(timeout|max)[ \t]*=[ \t]*"?([0-9]{1,9})"?$/i;

/** Reads a `Keep-Alive` value; unknown or malformed parameters are ignored, and more than there may be. It counts only beside its token. */
export function parseKeepAlive(value: string): KeepAliveTerms {
  let timeout_ms: number | undefined;
  let max: number | undefined;
  for (const element of listElements(value, PARAMETERS_MAX) ?? []) {
    const parameter = PARAMETER.exec(element);
    if (parameter === null) continue;
    const number = Number(parameter[2]);
    if (parameter[1]?.toLowerCase() === "timeout") timeout_ms = number * 1_000;
    else max = number;
  }
  return { timeout_ms, max };
}

/**
 * The part of a neighbour's timeout that is safe to use: a fifth is left, at most one second, for the flight of its FIN
 * and the slack of its timers. undici leaves one to two seconds.
 */
export function usableTimeout_ms(hinted_ms: number): number {
  return hinted_ms - margin_ms(hinted_ms);
}

/**
 * The whole seconds to advertise for a timeout that is enforced after `enforced_ms`: always fewer than are enforced;
 * undefined when no whole second is left to promise.
 */
export function advertisedTimeout_s(enforced_ms: number): number | undefined {
  const seconds = Math.floor((enforced_ms - margin_ms(enforced_ms)) / 1_000);
  return seconds >= 1 ? seconds : undefined;
}

function margin_ms(timeout_ms: number): number {
  return Math.min(1_000, timeout_ms / 5);
}

/** Writes a `Keep-Alive` value; with nothing to say: an empty string. */
export function formatKeepAlive(timeout_s: number | undefined, max: number | undefined): string {
  if (timeout_s === undefined) return max === undefined ? "" : `max=${max}`;
  return max === undefined ? `timeout=${timeout_s}` : `timeout=${timeout_s}, max=${max}`;
}
