/**
 * What an application's own code has thrown, as text. It may be anything: nothing at all, an object that has no text, an error whose
 * message throws. Whatever it is, it must not become another fault while the first one is told.
 */

/** @param isWhole with the places that it came by, where it knows them */
export function thrownText(thrown: unknown, isWhole = false): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown);
    return String(isWhole ? (thrown.stack ?? thrown.message) : thrown.message);
  } catch {
    return `something that has no text (${typeof thrown})`;
  }
}
