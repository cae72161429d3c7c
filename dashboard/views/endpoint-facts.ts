/** What is known of each endpoint: figures of `/stats`, and what the exchanges of late say. Pure. */

import { span } from "../../src/cli/figures-text.ts";
import { checkFailures } from "../../src/connection/reasons.ts";
import type { Explained } from "../../src/ledger/explained.ts";
import { faultSentence } from "../../src/ledger/fault-words.ts";
import type { EndpointStats, ExchangeEntry } from "../feed/api-types.ts";
import type { EndpointNews } from "../feed/endpoint-watch.ts";
import { type Quantiles, quantilesOf } from "../feed/latency.ts";

/** Of exchanges that the page remembers. */
export interface Lately {
  readonly exchanges: number;
  /** Went on a connection that had been there. */
  readonly reused: number;
  /** A connection was lost before an answer, and the request went again, and was answered. */
  readonly racesSaved: number;
  /** The same, and the client got an error. */
  readonly racesLost: number;
  readonly failed: number;
  /** From its request to the first byte of its response. */
  readonly firstByte: Quantiles | undefined;
}

const none: Lately = { exchanges: 0, reused: 0, racesSaved: 0, racesLost: 0, failed: 0, firstByte: undefined };

export function latelyByEndpoint(exchanges: readonly ExchangeEntry[]): ReadonlyMap<string, Lately> {
  const waits = new Map<string, number[]>();
  const all = new Map<string, Lately>();
  for (const entry of exchanges) {
    const { upstream, lost = [], reason, status, firstByte_ms } = entry;
    const endpoint = upstream?.endpoint ?? lost.at(-1)?.endpoint;
    if (endpoint === undefined) continue;
    const before = all.get(endpoint) ?? none;
    // A connection that had idled is lost to a close that was under way already: a race.
    const hasLostRace = reason === "retry-budget-spent" || (reason === "upstream-closed" && upstream?.reused === true);
    all.set(endpoint, {
      exchanges: before.exchanges + 1,
      reused: before.reused + (upstream?.reused === true ? 1 : 0),
      racesSaved: before.racesSaved + (lost.length > 0 && reason === undefined ? 1 : 0),
      racesLost: before.racesLost + (hasLostRace ? 1 : 0),
      failed: before.failed + (status >= 500 ? 1 : 0),
      firstByte: undefined,
    });
    if (firstByte_ms === undefined) continue;
    const values = waits.get(endpoint);
    if (values === undefined) waits.set(endpoint, [firstByte_ms]);
    else values.push(firstByte_ms);
  }
  for (const [endpoint, values] of waits) {
    all.set(endpoint, { ...(all.get(endpoint) ?? none), firstByte: quantilesOf(values) });
  }
  return all;
}

export interface Health {
  readonly tone: "good" | "warn" | "bad";
  /** In a few words. */
  readonly word: string;
  /** One sentence; there is nothing to say: empty. */
  readonly why: string;
}

/**
 * @param isAlone no other endpoint could take its requests
 * @param failing why its last request came to nothing
 */
export function healthOf(
  endpoint: EndpointStats,
  news: EndpointNews | undefined,
  isAlone: boolean,
  failing?: Explained,
): Health {
  const { state, weight, avoided_ms, check } = endpoint;
  const left = avoided_ms === 0 ? "" : ` for ${span(avoided_ms)}`;
  const fault = news?.fault === undefined ? "" : ` ${faultSentence(news.fault)}`;
  switch (state) {
    case "available":
      if (weight === 0)
        return { tone: "warn", word: "drains", why: "Its weight is 0: only requests that stick to it go there." };
      if (failing !== undefined) {
        const why = `Its last request failed: ${[failing.cause, failing.detail].filter(Boolean).join(" ")}`;
        return { tone: "warn", word: "fails", why };
      }
      return { tone: "good", word: "well", why: check?.state === "healthy" ? "It passes its health checks." : "" };
    case "avoided":
      return {
        tone: "bad",
        word: `avoided${left}`,
        why: `${isAlone ? "It failed, and is tried again soon." : "It failed, and others get its requests."}${fault}`,
      };
    case "ejected":
      return { tone: "bad", word: `ejected${left}`, why: `Too many of its answers are errors.${fault}` };
    default: {
      const last = check?.lastFailure;
      const detail = last === undefined || last.detail === "" ? "" : ` (${last.detail})`;
      const why = last === undefined ? "" : `Its health check fails: ${checkFailures[last.reason]}${detail}.`;
      return { tone: "bad", word: state, why };
    }
  }
}
