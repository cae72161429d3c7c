/**
 * A neutral case: what a client and an origin do around any proxy, and how to judge what came of it.
 *
 * hopwise's own conformance cases compare octets that only hopwise writes. Here a verdict looks at what the RFC asks alone:
 * what reached the origin, and what the client saw. Deliberately absent: taste. Where the RFC leaves a choice, each choice
 * that it leaves holds, or is named as a deviation that it allows.
 */
import type { ArrivedRequest, ArrivedResponse } from "./messages.ts";

export type Verdict =
  | { readonly kind: "holds" }
  /** The RFC lets it pass, but it costs somebody something; `why` says what. */
  | { readonly kind: "allowed"; readonly why: string }
  | { readonly kind: "fails"; readonly why: string };

export const holds: Verdict = { kind: "holds" };
export const allowed = (why: string): Verdict => ({ kind: "allowed", why });
export const fails = (why: string): Verdict => ({ kind: "fails", why });

/** What the client does, step by step. */
export type ClientStep =
  | { readonly does: "sends"; readonly octets: string }
  /** Waits until it has so many final responses in all, or cannot get them any more. */
  | { readonly does: "awaits"; readonly responses: number }
  /** Waits for 100 (Continue), another status, or the end. */
  | { readonly does: "awaits-continue" }
  | { readonly does: "half-closes" };

/** What the origin does with the next request. */
export interface Reply {
  /** As soon as the request's head is there, or once all of it is. */
  readonly at: "head" | "request";
  readonly octets: string;
  readonly ends: "stays" | "FIN" | "RST";
  /** What follows once all of the request is there, for a reply to its head that is not final. */
  readonly afterwards?: string;
  /** `octets` for a request that was forwarded as HTTP/1.0: an origin does not answer that with what 1.0 does not know. */
  readonly toHttp10?: string;
  /** How long the origin thinks before it replies. */
  readonly after_ms?: number;
  /** `octets` are sent only to a request that expects 100-continue. */
  readonly isIfExpected?: true;
}

export interface Observation {
  /** Final responses, in order, as far as they came. */
  readonly responses: readonly ArrivedResponse[];
  /** Interim ones. */
  readonly interim: readonly ArrivedResponse[];
  /** All that the client got. */
  readonly octets: string;
  /** How the proxy ended the client's connection; it did not: undefined. */
  readonly ended: "FIN" | "RST" | undefined;
  /** Some step waited in vain. */
  readonly hung: boolean;
  /** Octets of each connection to the origin. */
  readonly origin: readonly string[];
  /** What an origin would take for requests. */
  readonly requests: readonly ArrivedRequest[];
}

export type Level = "MUST" | "SHOULD" | "relied on";

export interface PeerCase {
  readonly id: string;
  readonly section: string;
  /** How strongly the RFC asks; where it does not in so many words, it is what neighbours rely on. */
  readonly level: Level;
  readonly requirement: string;
  readonly client: readonly ClientStep[];
  /** Request by request; further ones are answered with `OK`. */
  readonly origin?: readonly Reply[];
  /** Played so many times, where it depends on what arrives together; the worst verdict counts. Default: once. */
  readonly times?: number;
  judge(seen: Observation): Verdict;
}

export const sends = (octets: string): ClientStep => ({ does: "sends", octets });
export const awaits = (responses: number): ClientStep => ({ does: "awaits", responses });
export const awaitsContinue: ClientStep = { does: "awaits-continue" };
export const halfCloses: ClientStep = { does: "half-closes" };

export const head = (...lines: string[]) => `${lines.join("\r\n")}\r\n\r\n`;
export const GET = head("GET /first HTTP/1.1", "Host: a");
export const GET_NEXT = head("GET /next HTTP/1.1", "Host: a");
export const OK = `${head("HTTP/1.1 200 OK", "Content-Length: 2")}ok`;

export const replies = (octets: string, ends: Reply["ends"] = "stays"): Reply => ({ at: "request", octets, ends });
export const repliesEarly = (octets: string, ends: Reply["ends"] = "stays"): Reply => ({ at: "head", octets, ends });

/** What the client saw, in a few words. */
export function summaryOf({ interim, responses, ended }: Observation): string {
  const statuses = [...interim, ...responses].map(({ status, isComplete }) => `${status}${isComplete ? "" : ", cut"}`);
  const end = ended === undefined ? "" : ended;
  return [...statuses, ...(end === "" ? [] : [end])].join(", ") || "nothing";
}
