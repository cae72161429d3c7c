/**
 * Where our reading of octets and Node's differ, and which of these differences are known, each with its reason.
 *
 * We may be stricter than Node. We are never laxer, and never frame differently, without a reason that stands here.
 */
import { METHODS } from "node:http";
import type { NodeMessage, NodeOutcome } from "./node-parser.ts";
import type { ReadMessage, StreamOutcome } from "./reading.ts";

export interface Difference {
  /** `laxer`: we accepted what Node refused. `framing`, `fields`: both accepted, and read different things. */
  readonly kind: "laxer" | "framing" | "fields";
  readonly what: string;
  /** Our message that differs; none: Node has one more. */
  readonly ours: ReadMessage | undefined;
  /** Our message before it. */
  readonly before: ReadMessage | undefined;
  readonly node: NodeMessage | undefined;
  /** The code with which Node's parser refused the input. */
  readonly error: string | undefined;
}

/** The first message that Node reads differently; undefined: none. */
export function differenceBetween(ours: StreamOutcome, node: NodeOutcome): Difference | undefined {
  const { messages } = ours;
  const { error } = node;
  for (const [index, message] of messages.entries()) {
    const found = messageDifference(message, node.messages[index], error, ours.end);
    if (found !== undefined) {
      return { ...found, ours: message, before: messages[index - 1], node: node.messages[index], error };
    }
  }
  // What follows the last message of a connection is not read by us, whatever Node makes of it.
  if (ours.end !== "more" || node.messages.length <= messages.length) return undefined;
  return {
    kind: "framing",
    what: `Node reads ${node.messages.length} messages, we read ${messages.length}`,
    ours: undefined,
    before: messages.at(-1),
    node: node.messages[messages.length],
    error,
  };
}

function messageDifference(
  ours: ReadMessage,
  node: NodeMessage | undefined,
  error: string | undefined,
  end: StreamOutcome["end"],
): Pick<Difference, "kind" | "what"> | undefined {
  if (node === undefined) return { kind: "laxer", what: "Node has no such message" };
  if (ours.start.join(" ") !== node.start.join(" ")) return { kind: "framing", what: "start-line" };
  if (JSON.stringify(ours.fields) !== JSON.stringify(node.fields)) return { kind: "fields", what: "fields" };
  if (ours.isComplete) {
    if (!node.isComplete) {
      if (error !== undefined) return { kind: "laxer", what: "Node refuses the body" };
      return { kind: "framing", what: "Node waits for more of the body" };
    }
    if (ours.body !== node.body) return { kind: "framing", what: "body" };
    if (JSON.stringify(ours.trailers) !== JSON.stringify(node.trailers)) return { kind: "fields", what: "trailers" };
    return undefined;
  }
  // Refused by us within its body, or waiting for more of it.
  if (node.isComplete && end === "more") return { kind: "framing", what: "Node has the whole body, we wait for more" };
  const [shorter, longer] = ours.body.length < node.body.length ? [ours.body, node.body] : [node.body, ours.body];
  if (!longer.startsWith(shorter)) return { kind: "framing", what: "body so far" };
  if (end === "more" && error === undefined && ours.body !== node.body) return { kind: "framing", what: "body so far" };
  return undefined;
}

export interface KnownDifference {
  readonly name: string;
  /** Why we read it otherwise. */
  readonly reason: string;
  /** Whether a difference that `input` shows is this one. */
  readonly applies: (difference: Difference, input: string) => boolean;
  /** An input that shows it. */
  readonly example: string;
  /** For responses: the method that they answer. */
  readonly answers?: "GET" | "HEAD" | "POST";
}

const methodsOfNode = new Set(METHODS);

/** What the fields of a message say under a name, in lower case. */
function said(message: ReadMessage | undefined, name: string): string {
  if (message === undefined) return "";
  return message.fields
    .filter(([other]) => other.toLowerCase() === name)
    .map(([, value]) => value.toLowerCase())
    .join(",");
}

export const knownRequestDifferences: readonly KnownDifference[] = [
  {
    name: "method-unknown",
    reason:
      "methods are an open set (RFC 9110 section 9.1) and a proxy forwards those it does not know; Node has a list",
    applies: ({ kind, ours, error }) =>
      kind === "laxer" && error === "HPE_INVALID_METHOD" && ours !== undefined && !methodsOfNode.has(ours.start[0]),
    example: "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  {
    name: "method-of-http2",
    reason:
      "PRI is reserved for HTTP/2's preface (RFC 9113 section 11.6) and means nothing in HTTP/1; Node wants HTTP/2.0",
    applies: ({ kind, ours, error }) => kind === "laxer" && error === "HPE_INVALID_VERSION" && ours?.start[0] === "PRI",
    example: "PRI / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  {
    name: "minor-version-later",
    reason:
      "a later HTTP/1 is read as 1.1 (RFC 9110 section 2.5), and 1.1 is what goes on; Node knows 1.0 and 1.1 alone",
    applies: ({ kind, error }, input) =>
      kind === "laxer" && error === "HPE_INVALID_VERSION" && /HTTP\/1\.[2-9]/.test(input),
    example: "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
  },
  {
    name: "coding-list-member-empty",
    reason: "empty list members are ignored (RFC 9110 section 5.6.1.2), and the field goes on as one plain `chunked`",
    applies: ({ kind, ours, error }) =>
      kind === "laxer" &&
      error === "HPE_INVALID_TRANSFER_ENCODING" &&
      ours?.framing === "chunked" &&
      said(ours, "transfer-encoding") !== "chunked",
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
  },
  {
    name: "chunk-extension-white-space",
    reason:
      "there may be white space before the semicolon of an extension, behind it, and around its equals sign (RFC 9112 " +
      "section 7.1.1); Node refuses it",
    applies: ({ kind, what, error }, input) =>
      kind === "laxer" &&
      what === "Node refuses the body" &&
      ((error === "HPE_INVALID_CHUNK_SIZE" && /[0-9a-f][ \t]+;/i.test(input)) ||
        (error === "HPE_STRICT" && /[0-9a-f][ \t]*;[^\r\n]*[ \t]/i.test(input))),
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 ;a\r\nx\r\n0\r\n\r\n",
  },
  {
    name: "tab-behind-length",
    reason:
      "a tab behind a value is white space like any other (RFC 9112 section 5.1); Node refuses it in Content-Length",
    applies: ({ kind, error }, input) =>
      kind === "laxer" && error === "HPE_INVALID_CONTENT_LENGTH" && /content-length:[ \t]*[0-9]+ *\t/i.test(input),
    example: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\t\r\n\r\n",
  },
  {
    name: "tab-behind-coding",
    reason: "as behind a length; Node refuses it in Transfer-Encoding, and what goes on is `chunked` without it",
    applies: ({ kind, error, ours }, input) =>
      kind === "laxer" &&
      error === "HPE_INVALID_TRANSFER_ENCODING" &&
      ours?.framing === "chunked" &&
      /transfer-encoding:[ \t]*chunked *\t/i.test(input),
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
  },
  {
    name: "trailer-decides-persistence",
    reason: "`Connection` in a trailer section means nothing (RFC 9110 section 6.5.1) and is cut; Node obeys it",
    applies: ({ kind, before, error }) =>
      kind === "laxer" &&
      error === "HPE_CLOSED_CONNECTION" &&
      (before?.trailers ?? []).some(([name]) => /^(proxy-)?connection$/i.test(name)),
    example:
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n" +
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  {
    name: "trailer-decides-framing",
    reason: "framing fields in a trailer section mean nothing (RFC 9110 section 6.5.1); we cut them, Node refuses them",
    applies: ({ kind, what, ours, error }) =>
      kind === "laxer" &&
      what === "Node refuses the body" &&
      (error === "HPE_INVALID_CONTENT_LENGTH" ||
        error === "HPE_INVALID_TRANSFER_ENCODING" ||
        error === "HPE_UNEXPECTED_CONTENT_LENGTH") &&
      (ours?.trailers ?? []).some(([name]) => /^(content-length|transfer-encoding)$/i.test(name)),
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n",
  },
  {
    name: "proxy-connection",
    reason:
      "`Proxy-Connection` says nothing about a connection (RFC 9112 appendix C.2.2); Node takes it for `Connection`",
    applies: ({ kind, before, error }) =>
      kind === "laxer" && error === "HPE_CLOSED_CONNECTION" && said(before, "proxy-connection").includes("close"),
    example: "GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  {
    name: "tab-behind-an-option",
    reason:
      "around list members HTAB may stand as SP may (RFC 9110 section 5.6.3); Node takes the option for another one then",
    applies: ({ kind, error }, input) =>
      kind === "laxer" &&
      error === "HPE_CLOSED_CONNECTION" &&
      /^(proxy-)?connection:[^\r\n]*keep-alive *\t/im.test(input),
    example: "GET / HTTP/1.0\r\nConnection: keep-alive\t\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  {
    name: "upgrade-not-taken",
    reason:
      "after an upgrade that is not taken HTTP goes on (RFC 9110 section 7.8); Node drops what came with the request",
    applies: ({ kind, before, node, error }) =>
      kind === "laxer" &&
      node === undefined &&
      error === undefined &&
      said(before, "upgrade") !== "" &&
      said(before, "connection").includes("upgrade"),
    example: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  {
    name: "target-scheme",
    reason:
      "a scheme may hold digits, `+`, `-` and `.` (RFC 3986 section 3.1); schemes but http(s) are refused at admission",
    applies: ({ kind, ours, error }) =>
      kind === "laxer" && error === "HPE_INVALID_URL" && /^[a-z][a-z]*[0-9+.-]/i.test(ours?.start[1] ?? ""),
    example: "GET h2+x://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
  },
];

export const knownResponseDifferences: readonly KnownDifference[] = [
  ...knownRequestDifferences
    .filter(({ name }) =>
      ["minor-version-later", "chunk-extension-white-space", "tab-behind-length", "trailer-decides-framing"].includes(
        name,
      ),
    )
    .map((known) => ({
      ...known,
      example: known.example.replace(/^.*? HTTP\/(1\..)\r\n/, "HTTP/$1 200 OK\r\n"),
      answers: "GET" as const,
    })),
  {
    name: "coding-list-member-empty",
    reason: "as in requests; Node takes the empty member for another coding, and reads until the connection closes",
    applies: ({ kind, ours }) =>
      kind === "framing" && ours?.framing === "chunked" && said(ours, "transfer-encoding") !== "chunked",
    example: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
    answers: "GET",
  },
  {
    name: "tab-behind-coding",
    reason: "as in requests; Node takes it for another coding in a response, and reads until the connection closes",
    applies: ({ kind, ours }, input) =>
      kind === "framing" && ours?.framing === "chunked" && /transfer-encoding:[ \t]*chunked *\t/i.test(input),
    example: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
    answers: "GET",
  },
  {
    name: "space-before-colon",
    reason: "a proxy removes it from a response (RFC 9112 section 5.1); Node refuses the response",
    applies: ({ kind, ours, error }, input) =>
      kind === "laxer" &&
      error === "HPE_INVALID_HEADER_TOKEN" &&
      ours !== undefined &&
      /^[!#$%&'*+\-.^_`|~0-9a-z]+[ \t]+:/im.test(input),
    example: "HTTP/1.1 200 OK\r\nServer : x\r\nContent-Length: 0\r\n\r\n",
    answers: "GET",
  },
  {
    name: "line-folding",
    reason: "a proxy may replace it by a space in a response (RFC 9112 section 5.2); Node refuses the response",
    applies: ({ kind, ours, error }, input) =>
      kind === "laxer" && error === "HPE_INVALID_HEADER_TOKEN" && ours !== undefined && /\r\n[ \t]/.test(input),
    example: "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    answers: "GET",
  },
  {
    name: "framing-without-body",
    reason: "1xx and 204 have no body whatever their fields say (RFC 9112 section 6.3), and those fields do not go on",
    applies: ({ kind, ours, error }) =>
      kind === "laxer" &&
      (error === "HPE_INVALID_CONTENT_LENGTH" ||
        error === "HPE_INVALID_TRANSFER_ENCODING" ||
        error === "HPE_UNEXPECTED_CONTENT_LENGTH") &&
      /^(1..|204)$/.test(ours?.start[0] ?? ""),
    example: "HTTP/1.1 204 No Content\r\nContent-Length: 5, 6\r\n\r\n",
    answers: "GET",
  },
  {
    name: "interim-ends-nothing",
    reason:
      "an interim response ends neither its request nor the connection (RFC 9110 section 15.2), even one of HTTP/1.0",
    applies: ({ kind, before, error }) =>
      kind === "laxer" && error === "HPE_CLOSED_CONNECTION" && /^1..$/.test(before?.start[0] ?? ""),
    example: "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    answers: "GET",
  },
];
