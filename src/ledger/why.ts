/**
 * Why an exchange failed, in words short enough for a line of the log: what happened, and where. What to do is told by `hopwise top`.
 *
 * Deliberately absent: anything that a client has sent.
 */
import type { ExchangeEntry } from "./entries.ts";
import { explained } from "./explained.ts";

/** Nothing failed: empty. */
export function whyText(entry: ExchangeEntry): string {
  const about = explained(entry);
  if (about === undefined) return "";
  const { word, cause, detail, endpoint } = about;
  const where = endpoint === undefined ? "" : `(${endpoint})`;
  return [`${word}: ${cause}`, detail, where].filter((part) => part !== "").join(" ");
}
