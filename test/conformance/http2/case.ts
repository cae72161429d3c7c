/**
 * A conformance case of HTTP/2 as data: the frames of one stream, byte by byte, and what becomes of them at the origin, byte by byte, and
 * at the client.
 *
 * What the runtime does by itself, before hopwise hears of the request, is named in the case: the exception to law 7 that docs/http2.md
 * states. Deliberately absent: running them (run-case.ts).
 */
import type { AnswerReason } from "../../../src/exchange/answers.ts";
import type { Expected } from "../../kit/messages.ts";
import type { SceneSettings } from "../../kit/stage.ts";

/** A frame of the stream; the last one may end it. */
export type Sent =
  | { readonly fields: readonly string[]; readonly ends?: boolean }
  | { readonly data: string; readonly ends?: boolean };

/** How a case ends. */
export type Outcome =
  /** It reaches the origin, and what that says comes back. */
  | {
      readonly is: "forwarded";
      readonly as: Expected;
      readonly response?: string;
      readonly status?: number;
      readonly interim?: readonly number[];
      readonly body?: string;
    }
  /** The origin switches protocols, and both sides speak in the stream. */
  | { readonly is: "tunnel"; readonly as: Expected }
  /** Hopwise answers by itself, and nothing reaches the origin. */
  | { readonly is: "refused"; readonly status: number; readonly reason: AnswerReason }
  /** The runtime resets the stream before hopwise hears of it. A runtime that does not must leave it to `field-list-malformed`. */
  | { readonly is: "reset by the runtime" }
  /** The runtime leaves a field out. One that does not resets the stream, or leaves it to `field-list-malformed`. */
  | { readonly is: "forwarded without the field"; readonly as: Expected }
  /**
   * The stream is reset after its request has begun. What the origin has of it, if any, is visibly incomplete; or whole with its head, where
   * content comes beside a length of 0 (`wholeAt`: those bytes), and its work is cancelled.
   */
  | { readonly is: "reset in its body"; readonly wholeAt?: string };

export interface Http2Case {
  readonly section: string;
  /** A sentence of the specification. */
  readonly title: string;
  readonly settings?: SceneSettings;
  readonly sends: readonly Sent[];
  readonly outcome: Outcome;
}

export interface Http2Group {
  readonly title: string;
  readonly cases: readonly Http2Case[];
}

// What is said.

/** What the proxy adds to a request, as lines of a head. */
export const ADDED = [
  "Via: 2.0 hopwise-test",
  "X-Forwarded-For: 127.0.0.1",
  "X-Forwarded-Proto: http",
  "X-Forwarded-Host: a",
] as const;

export const OK = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nok";

const BASE: Readonly<Record<string, string>> = { ":method": "GET", ":scheme": "http", ":authority": "a", ":path": "/" };

/** The commonest request, with pseudo-header fields changed, or left out where there is `undefined`. */
export function pseudo(changes: Readonly<Record<string, string | undefined>> = {}): string[] {
  const all: Record<string, string | undefined> = { ...BASE, ...changes };
  return Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

/** A request without content. */
export function request(...fields: string[]): Sent[] {
  return [{ fields, ends: true }];
}

export function post(...fields: string[]): Sent {
  return { fields: [...pseudo({ ":method": "POST" }), ...fields] };
}

/** A head as it goes to the origin. */
export function forwardedHead(startLine: string, ...lines: string[]): string {
  return `${[startLine, ...lines, ...ADDED].join("\r\n")}\r\n\r\n`;
}

export const GET_FORWARDED = forwardedHead("GET / HTTP/1.1", "host: a");
