/**
 * How old a connection to an origin may become. Where a name leads is found out when a connection is opened, so a busy one,
 * which never idles for too long, would otherwise stay for ever where the name led once.
 *
 * Connections that were opened together do not end together: by its number each is given up to a tenth less. Deliberately
 * absent: closing sooner because a look-up gives other addresses than the last. Names with many addresses are answered with a
 * few of them in turn, so that each answer would close what the one before had opened.
 */

/** The part of the greatest age over which the ends of connections are spread. */
const SPREAD_SHARE = 0.1;
/** Multiples of it, less their whole parts, lie evenly however many there are: consecutive numbers end far apart. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/**
 * Until when connection number `id`, opened at `now`, is lent.
 *
 * @param maxAge_ms the greatest age; 0: no limit
 */
export function lentUntil_ms(maxAge_ms: number, id: number, now: number): number {
  if (maxAge_ms === 0) return Number.POSITIVE_INFINITY;
  return now + maxAge_ms * (1 - SPREAD_SHARE * ((id * GOLDEN_RATIO) % 1));
}

/** How long a connection may idle: whatever its number, it is too old behind that. */
export function withinAge_ms(idleLimit_ms: number, maxAge_ms: number): number {
  return maxAge_ms === 0 ? idleLimit_ms : Math.min(idleLimit_ms, maxAge_ms);
}
