/** Versions as products write them: numbers with dots between them, and what follows them does not count. */

function numbersOf(version: string): number[] {
  return (/^v?(\d+(?:\.\d+)*)/.exec(version.trim())?.[1] ?? "").split(".").filter(Boolean).map(Number);
}

export function isVersion(text: string): boolean {
  return numbersOf(text).length > 0;
}

/** Whether a version is `since` or newer. A version that says less is as new as any that it may stand for: `7` is 7.0 and newer. */
export function isAtLeastVersion(version: string, since: string): boolean {
  const [own, other] = [numbersOf(version), numbersOf(since)];
  for (let i = 0; i < Math.max(own.length, other.length); i++) {
    const difference = (own[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
