/** How an exchange went, in the few ways that a drawing can tell apart. Deliberately absent: colours. */
import { isFailure } from "./telling.ts";
import type { Exchange } from "./types.ts";

/** `refused`: 4xx of the origin's own. `gone`: nobody waited for the answer. `lost`: how it ended was missed. */
export const tones = ["busy", "well", "refused", "failed", "gone", "tunnel", "lost"] as const;
export type Tone = (typeof tones)[number];

export const toneWords: Readonly<Record<Tone, string>> = {
  busy: "in progress",
  well: "answered",
  refused: "answered 4xx by the origin",
  failed: "failed (5xx, refused or cut)",
  gone: "the client left",
  tunnel: "tunnel",
  lost: "its end was missed",
};

export function toneOf(exchange: Exchange): Tone {
  const { endedAt_ms, outcome, status, method } = exchange;
  if (method === "CONNECT" && (outcome === undefined || outcome === "tunnel")) return "tunnel";
  if (endedAt_ms === undefined) return "busy";
  if (outcome === undefined) return "lost";
  if (outcome === "tunnel") return "tunnel";
  if (outcome === "client-gone") return "gone";
  if (isFailure(exchange)) return "failed";
  return status >= 400 ? "refused" : "well";
}
