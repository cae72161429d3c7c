/** The nearest of some words, for those who mistyped one. */

/** Changes of one letter, or swaps of two neighbours, that make `a` of `b` (Damerau and Levenshtein). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let best = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The word most like `wrong`, if one is like it at all: at most two fifths of its letters differ. */
export function nearest(wrong: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(wrong.length * 0.4);
  for (const word of words) {
    const candidate = distance(wrong.toLowerCase(), word.toLowerCase());
    if (candidate > bestDistance || (candidate === bestDistance && best !== undefined)) continue;
    best = word;
    bestDistance = candidate;
  }
  return best;
}
