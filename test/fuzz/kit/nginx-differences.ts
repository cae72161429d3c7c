/**
 * Where our framing of requests and nginx's differ, and which of these differences are known, each with its reason.
 *
 * Deliberately absent: what only one of the two accepts. That is no difference of framing; it is counted.
 */
import type { NginxOutcome, NginxRequest } from "./nginx-parser.ts";
import type { ReadMessage, StreamOutcome } from "./reading.ts";

export interface NginxDifference {
  readonly what: "method" | "target" | "body" | "nginx waits" | "nginx reads more";
  readonly ours: ReadMessage | undefined;
  /** Our request before it. */
  readonly before: ReadMessage | undefined;
  readonly nginx: NginxRequest | undefined;
}

/** The first request that nginx frames differently; `refused`: nginx refuses one that we accept. */
export function nginxDifference(ours: StreamOutcome, nginx: NginxOutcome): NginxDifference | "refused" | undefined {
  const complete = ours.messages.filter(({ isComplete }) => isComplete);
  if (complete.length === 0) return undefined;
  for (const [index, message] of complete.entries()) {
    const request = nginx.requests[index];
    if (request === undefined) {
      return nginx.refusal === undefined
        ? { what: "nginx waits", ours: message, before: complete[index - 1], nginx: undefined }
        : "refused";
    }
    const difference = { ours: message, before: complete[index - 1], nginx: request };
    if (request.method !== message.start[0]) return { what: "method", ...difference };
    if (request.target !== message.start[1]) return { what: "target", ...difference };
    if (request.body !== message.body) return { what: "body", ...difference };
  }
  const more = nginx.requests[complete.length];
  if (ours.end !== "more" || more === undefined) return undefined;
  return { what: "nginx reads more", ours: undefined, before: complete.at(-1), nginx: more };
}

export interface KnownNginxDifference {
  readonly name: string;
  readonly reason: string;
  readonly example: string;
  readonly applies: (difference: NginxDifference) => boolean;
}

export const knownNginxDifferences: readonly KnownNginxDifference[] = [
  {
    name: "absolute-form",
    reason: "nginx forwards the path and query of an absolute-form target, we read the target as it was sent",
    example: "GET http://example.test/abs HTTP/1.1\r\nHost: other.test\r\n\r\n",
    applies: ({ what, ours, nginx }) => {
      const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/i.exec(ours?.start[1] ?? "")?.[1];
      return what === "target" && path !== undefined && nginx?.target === (path.startsWith("/") ? path : `/${path}`);
    },
  },
  {
    name: "close within a word",
    reason: "nginx looks for close anywhere in Connection, we read it as a list of options; nginx then closes",
    example: "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    applies: ({ what, before }) =>
      what === "nginx waits" &&
      before?.fields.some(([name, value]) => /^connection$/i.test(name) && closesOnlyInAWord(value)) === true,
  },
];

/** Whether `close` stands in the value, but not as an option of its own. */
function closesOnlyInAWord(value: string): boolean {
  return /close/i.test(value) && !value.split(",").some((option) => option.trim().toLowerCase() === "close");
}
