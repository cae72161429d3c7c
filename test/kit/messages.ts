/**
 * What may arrive on the wire, for comparison: exact octets, a message whose chunks may be cut anywhere, or an answer of
 * the proxy's own, whose sentence for people is not compared.
 *
 * Written apart from the proxy's own parser, and stricter: a test that used the code under test would prove nothing.
 */
import { type Matcher, visible } from "./peer.ts";

/** A message with a chunked body. How it is cut into chunks depends on how it arrived, so only the content counts. */
export interface ChunkedMessage {
  /** The head, octet by octet, up to and with its empty line. */
  readonly head: string;
  readonly content: string;
  /** Field lines, each with its CRLF. */
  readonly trailers: string;
  /** The body goes on for ever or breaks off: what has come of it is `content`, and no last chunk has. */
  readonly isUnfinished: boolean;
}

/** An answer of the proxy's own. */
export interface OwnAnswer {
  readonly status: number;
  /** The name of the reason, which the answer tells. */
  readonly reason: string;
  /** The connection field lines, each with its CRLF. */
  readonly connectionLines: string;
  /** The answer is to HEAD. */
  readonly isHead: boolean;
}

export type Expected = string | ChunkedMessage | OwnAnswer;

export function describe(expected: Expected): string {
  if (typeof expected === "string") return visible(expected);
  if ("status" in expected) return `an answer ${expected.status} ${expected.reason}`;
  return `${visible(expected.head)} and ${visible(expected.content)} in chunks`;
}

export function matcherOf(expected: Expected): Matcher {
  if (typeof expected === "string") return exactly(expected);
  return "status" in expected ? ownAnswer(expected) : chunked(expected);
}

/** What is longer than this is compared once all of it is there: comparing it again with every read would take long. */
const COMPARED_EARLY_BYTES_MAX = 64 * 1024;

function exactly(expected: string): Matcher {
  return (arrived, hasEnded) => {
    const isMissingOctets = arrived.length < expected.length && !hasEnded;
    if (isMissingOctets && expected.length > COMPARED_EARLY_BYTES_MAX) return undefined;
    const compared = arrived.slice(0, expected.length);
    if (compared === expected) return expected.length;
    if (!expected.startsWith(compared)) return `it differs from octet ${firstDifference(expected, arrived)} on`;
    return hasEnded ? `only its first ${compared.length} octets arrived` : undefined;
  };
}

function firstDifference(one: string, other: string): number {
  let position = 0;
  while (position < one.length && one[position] === other[position]) position++;
  return position;
}

function chunked({ head, content, trailers, isUnfinished }: ChunkedMessage): Matcher {
  const matchesHead = exactly(head);
  return (arrived, hasEnded) => {
    const headEnd = matchesHead(arrived, hasEnded);
    if (typeof headEnd !== "number") return headEnd;
    let position = headEnd;
    let got = "";
    for (;;) {
      if (isUnfinished && got === content && position === arrived.length) return position;
      const line = /^([0-9a-f]+)\r\n/.exec(arrived.slice(position, position + 20));
      if (line === null) return unfinished(arrived.slice(position), /^[0-9a-f]*\r?$/, hasEnded);
      const size = Number.parseInt(line[1] as string, 16);
      position += line[0].length;
      if (size === 0) break;
      const end = position + size;
      if (arrived.length < end + 2) return hasEnded ? "it ended within a chunk" : undefined;
      if (arrived.slice(end, end + 2) !== "\r\n") return `a chunk does not end at octet ${end}`;
      got += arrived.slice(position, end);
      if (!content.startsWith(got)) return `the content differs: ${visible(got)}`;
      position = end + 2;
    }
    if (isUnfinished) return "it had a last chunk, although it was not finished";
    if (got !== content) return `the content ended early: ${visible(got)}`;
    const rest = exactly(`${trailers}\r\n`)(arrived.slice(position), hasEnded);
    return typeof rest === "number" ? position + rest : rest;
  };
}

function unfinished(text: string, couldBe: RegExp, hasEnded: boolean): string | undefined {
  if (!couldBe.test(text)) return `a chunk begins with ${visible(text.slice(0, 20))}`;
  return hasEnded ? "it ended before the last chunk" : undefined;
}

function ownAnswer({ status, reason, connectionLines, isHead }: OwnAnswer): Matcher {
  return (arrived, hasEnded) => {
    const headEnd = arrived.indexOf("\r\n\r\n");
    if (headEnd < 0) {
      if (!`HTTP/1.1 ${status}`.startsWith(arrived.slice(0, 12))) return "another status arrived";
      return hasEnded ? "it ended within the head" : undefined;
    }
    const head = arrived.slice(0, headEnd + 4);
    if (!head.startsWith(`HTTP/1.1 ${status} `)) return "another status arrived";
    const length = /\r\nContent-Length: ([0-9]+)\r\n/.exec(head)?.[1];
    if (length === undefined) return "it has no Content-Length";
    if (!head.includes("\r\nDate: ")) return "it has no Date";
    if (status === 503 && !/\r\nRetry-After: [0-9]+\r\n/.test(head)) return "it does not say when to try again";
    if (/\r\n(?:Transfer-Encoding|Via):/i.test(head)) return "it has fields that it must not have";
    const lines = head.match(/\r\n(?:Connection|Keep-Alive): [^\r]*/g) ?? [];
    if (lines.map((line) => `${line.slice(2)}\r\n`).join("") !== connectionLines) return "its connection fields differ";
    const end = headEnd + 4 + (isHead ? 0 : Number(length));
    if (arrived.length < end) return hasEnded ? "it ended within the body" : undefined;
    if (!isHead && !arrived.slice(headEnd + 4, end).includes(reason)) return "it does not tell the reason";
    return end;
  };
}
