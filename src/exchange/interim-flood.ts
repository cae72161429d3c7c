/**
 * 1xx responses to one request: so many at once, and one more for each second since it began. A job that reports its progress may
 * take all day; a flood ends.
 */
const AT_ONCE_MAX = 32;
const EVERY_MS = 1_000;

/** @param count interim responses so far @param age_ms since the request arrived */
export function isInterimFlood(count: number, age_ms: number): boolean {
  return count > AT_ONCE_MAX + age_ms / EVERY_MS;
}
