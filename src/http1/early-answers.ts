/**
 * Whether a large body waits for a moment behind its head, so that an origin which refuses it at once can still be heard.
 *
 * An origin may answer the head alone (413, 401) and close without reading on. Over plain TCP its answer comes before the RST that
 * its close becomes. Over a fresh TLS connection it may not: the session tickets that its system sent last are not acknowledged yet,
 * small writes wait for that (Nagle), and a close with unread bytes throws them away. So on a fresh connection that is secured, and
 * for bodies that take longer than this anyway, the head goes alone.
 */

/** Beyond the 40 ms for which systems put off an acknowledgement. */
export const EARLY_ANSWER_MS = 60;
/** A body of this size takes about as long on a good line. */
export const LARGE_BODY_BYTES = 1024 * 1024;

export interface WaitFacts {
  /** Of the body; it is not told: undefined. */
  readonly length_bytes: number | undefined;
  /** All of it is at hand: it goes at once, and again if it must. */
  readonly isWhollyHeld: boolean;
  readonly isSecure: boolean;
  readonly isReused: boolean;
}

export function waitsForWord({ length_bytes, isWhollyHeld, isSecure, isReused }: WaitFacts): boolean {
  return isSecure && !isReused && !isWhollyHeld && (length_bytes ?? 0) >= LARGE_BODY_BYTES;
}
