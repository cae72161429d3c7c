/**
 * Where the word for why a connection closed is written: where nothing else is drawn, or not at all yet.
 *
 * In order: behind the end cap; where that is too near to now, before the connection's beginning, if that is in sight; in the time in
 * which it idled last. A word that fits nowhere appears as soon as the cap has moved on, and is in the connection's story all the while.
 */

/** What is drawn of a lane that has ended, from left to right; pixels. */
export interface Ended {
  readonly plotLeft: number;
  readonly plotRight: number;
  /** Its beginning, with its circle; not in sight: undefined. */
  readonly begins: number | undefined;
  /** Right end of its last exchange; it had none: undefined. */
  readonly lastBarEnds: number | undefined;
  readonly ends: number;
}

/** Between a word and what stands beside it; the cap takes some of it. */
export const WORD_GAP_PX = 10;

/**
 * @param width of the word
 * @param gap that the cap leaves behind it
 * @returns the word's left edge; there is no room: undefined
 */
export function placeOfWord(lane: Ended, width: number, gap = WORD_GAP_PX): number | undefined {
  const { plotLeft, plotRight, begins, lastBarEnds, ends } = lane;
  if (ends + gap + width < plotRight) return ends + gap;
  const before = (begins ?? Number.NEGATIVE_INFINITY) - WORD_GAP_PX - width;
  if (before >= plotLeft) return before;
  const left = ends - WORD_GAP_PX - width;
  return left >= Math.max(plotLeft, (lastBarEnds ?? begins ?? Number.NEGATIVE_INFINITY) + WORD_GAP_PX)
    ? left
    : undefined;
}
