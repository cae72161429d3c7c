/** Requests whose meaning neighbours could disagree about, and fields that belong to one hop. */
import {
  allowed,
  awaits,
  fails,
  GET,
  GET_NEXT,
  head,
  holds,
  type Observation,
  OK,
  type PeerCase,
  replies,
  sends,
  type Verdict,
} from "../case.ts";

/** Refused: an error for the client, and nothing at the origin that it could take for a request. */
function isRefused({ responses, ended, requests }: Observation): boolean {
  const [first] = responses;
  const answered = first !== undefined && first.status >= 400;
  return requests.length === 0 && (answered || (first === undefined && ended !== undefined));
}

/** Refused, or `otherwise`. */
function refusedOr(seen: Observation, otherwise: (seen: Observation) => Verdict): Verdict {
  if (!isRefused(seen)) return otherwise(seen);
  return seen.responses.length > 0 ? holds : allowed("closed without an answer");
}

const mustRefuse = (seen: Observation): Verdict =>
  refusedOr(seen, ({ requests }) => fails(requests.length > 0 ? "forwarded" : "no refusal"));

/** Whether the origin saw a request that the client hid in another one. */
const wasSmuggled = ({ requests }: Observation) => requests.some(({ path }) => path === "/smuggled");

const HIDDEN = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

function refusal(
  id: string,
  section: string,
  requirement: string,
  octets: string,
  judge: PeerCase["judge"] = mustRefuse,
): PeerCase {
  const level = id === "te-unknown" ? "SHOULD" : "MUST";
  return { id, section, level, requirement, client: [sends(octets), awaits(1)], judge };
}

/** May be repaired: then nothing of `raw` may be left in what the origin got. */
const unlessRepaired =
  (raw: RegExp, how: string) =>
  (seen: Observation): Verdict =>
    refusedOr(seen, () => (seen.origin.some((octets) => raw.test(octets)) ? fails(how) : holds));

const chunkedPost = (...chunks: string[]) =>
  head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked") + chunks.join("");

const framing: readonly PeerCase[] = [
  refusal(
    "te-and-length",
    "RFC 9112 6.1",
    "Transfer-Encoding beside Content-Length: refused, or only Transfer-Encoding counts, and the connection ends.",
    `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 6", "Transfer-Encoding: chunked")}0\r\n\r\n${HIDDEN}`,
    (seen) =>
      refusedOr(seen, () => {
        const [request] = seen.requests;
        if (request?.fields.has("content-length") && request.fields.has("transfer-encoding"))
          return fails("both forwarded");
        return wasSmuggled(seen) ? fails("the connection goes on") : holds;
      }),
  ),
  refusal(
    "lengths-differ",
    "RFC 9112 6.3",
    "Two different Content-Length fields are refused.",
    `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 0", `Content-Length: ${HIDDEN.length}`)}${HIDDEN}`,
  ),
  refusal(
    "length-signed",
    "RFC 9110 8.6",
    "A Content-Length that is no number is refused.",
    `${head("POST / HTTP/1.1", "Host: a", "Content-Length: +5")}hello`,
  ),
  refusal(
    "te-not-last",
    "RFC 9112 6.3",
    "A request whose last transfer coding is not chunked is refused.",
    `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, gzip")}0\r\n\r\n`,
  ),
  refusal(
    "te-unknown",
    "RFC 9112 6.1",
    "A transfer coding that is not understood is refused, not guessed at.",
    `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: xchunked")}0\r\n\r\n`,
  ),
  refusal(
    "te-in-http10",
    "RFC 9112 6.1",
    "HTTP/1.0 with Transfer-Encoding is faulty: refused, or the connection ends behind it.",
    `${head("POST / HTTP/1.0", "Host: a", "Connection: keep-alive", "Transfer-Encoding: chunked")}0\r\n\r\n${HIDDEN}`,
    (seen) => refusedOr(seen, () => (wasSmuggled(seen) ? fails("the connection goes on") : holds)),
  ),
  refusal(
    "chunk-size-overflow",
    "RFC 9112 7.1",
    "A chunk size that no integer holds is refused.",
    chunkedPost("10000000000000005\r\nhello\r\n0\r\n\r\n"),
    (seen) => {
      const [request] = seen.requests;
      return request?.isComplete === true ? fails("made whole") : holds;
    },
  ),
  refusal(
    "chunk-without-end",
    "RFC 9112 7.1",
    "A chunk that is longer than its size is refused.",
    chunkedPost("5\r\nhelloworld\r\n0\r\n\r\n"),
    (seen) => (seen.requests[0]?.isComplete === true ? fails("made whole") : holds),
  ),
  refusal(
    "chunk-extension-lf",
    "RFC 9112 7.1.1",
    "A bare LF in a chunk's line is refused, or goes no further.",
    chunkedPost("5;x=y\n\r\nhello\r\n0\r\n\r\n"),
    (seen) => (seen.origin.some((octets) => /;[^\r]*\n/.test(octets)) ? fails("forwarded as it is") : holds),
  ),
];

const lines: readonly PeerCase[] = [
  refusal(
    "space-before-colon",
    "RFC 9112 5.1",
    "Whitespace between a field's name and its colon is refused.",
    `${head("POST / HTTP/1.1", "Host: a", "Content-Length : 5")}hello`,
  ),
  refusal(
    "folded-field",
    "RFC 9112 5.2",
    "A folded field line is refused, or unfolded.",
    head("GET / HTTP/1.1", "Host: a", "X-Folded: one", " two"),
    unlessRepaired(/\r\n[ \t]+two/, "forwarded folded"),
  ),
  refusal(
    "bare-cr",
    "RFC 9112 2.2",
    "A bare CR in a field is refused, or replaced.",
    head("GET / HTTP/1.1", "Host: a", "X-Bare: one\rX-Two: two"),
    unlessRepaired(/\r(?!\n)/, "forwarded as it is"),
  ),
  refusal(
    "bare-lf",
    "RFC 9112 2.2",
    "A bare LF that ends a line is refused, or goes on as CRLF.",
    "GET / HTTP/1.1\nHost: a\n\n",
    unlessRepaired(/(?<!\r)\n/, "forwarded as it is"),
  ),
  refusal(
    "nul",
    "RFC 9110 5.5",
    "A NUL in a field is refused, or replaced.",
    head("GET / HTTP/1.1", "Host: a", "X-Nul: one\0two"),
    unlessRepaired(/\0/, "forwarded as it is"),
  ),
  refusal(
    "space-before-first-field",
    "RFC 9112 2.2",
    "Whitespace before the first field line is refused, or that line is ignored.",
    "GET / HTTP/1.1\r\n X-Hidden: one\r\nHost: a\r\n\r\n",
    unlessRepaired(/X-Hidden/, "forwarded"),
  ),
  refusal("host-missing", "RFC 9112 3.2", "HTTP/1.1 without Host is refused with 400.", head("GET / HTTP/1.1", "X: y")),
  refusal(
    "host-twice",
    "RFC 9112 3.2",
    "Two Host fields are refused with 400.",
    head("GET / HTTP/1.1", "Host: a", "Host: b"),
  ),
  refusal(
    "absolute-form",
    "RFC 9112 3.2.2",
    "Where the target is a whole URI, its host is what counts, and Host says the same.",
    head("GET http://right.test/ HTTP/1.1", "Host: wrong.test"),
    (seen) =>
      refusedOr(seen, ({ requests: [request] }) =>
        // The target itself may go on as it is; then its host still counts.
        request?.fields.get("host") === "wrong.test" && !request.path.includes("right.test")
          ? fails("the wrong host forwarded")
          : request?.fields.get("host") === "wrong.test"
            ? fails("Host not replaced")
            : holds,
      ),
  ),
];

const hop: readonly PeerCase[] = [
  {
    id: "nominated-field",
    section: "RFC 9110 7.6.1",
    level: "MUST",
    requirement: "A field that Connection names goes no further.",
    client: [sends(head("GET / HTTP/1.1", "Host: a", "Connection: X-Private", "X-Private: one")), awaits(1)],
    judge: ({ requests: [request] }) =>
      request === undefined ? fails("not forwarded") : request.fields.has("x-private") ? fails("forwarded") : holds,
  },
  {
    id: "keep-alive-forwarded",
    section: "RFC 9110 7.6.1",
    level: "SHOULD",
    requirement: "Keep-Alive and Proxy-Connection go no further.",
    client: [
      sends(
        head(
          "GET / HTTP/1.1",
          "Host: a",
          "Connection: keep-alive",
          "Keep-Alive: timeout=77",
          "Proxy-Connection: close",
        ),
      ),
      awaits(1),
    ],
    judge: ({ requests: [request] }) => {
      if (request === undefined) return fails("not forwarded");
      const leaked = ["keep-alive", "proxy-connection"].filter((name) => request.fields.has(name));
      return leaked.length === 0 ? holds : fails(`${leaked.join(", ")} forwarded`);
    },
  },
  {
    id: "te-field",
    section: "RFC 9110 10.1.4",
    level: "SHOULD",
    requirement: "TE goes no further unless the proxy says it anew, nominated.",
    client: [sends(head("GET / HTTP/1.1", "Host: a", "TE: gzip")), awaits(1)],
    judge: ({ requests: [request] }) => {
      if (request === undefined) return fails("not forwarded");
      return request.fields.has("te") && !request.fields.lists("connection", "te") ? fails("forwarded") : holds;
    },
  },
  {
    id: "close-relayed",
    section: "RFC 9110 7.6.1",
    level: "relied on",
    requirement: "That the client closes says nothing of the origin's connection, which goes on.",
    client: [sends(head("GET / HTTP/1.1", "Host: a", "Connection: close")), awaits(1)],
    judge: ({ requests: [request], ended }) => {
      if (request === undefined) return fails("not forwarded");
      if (ended !== "FIN") return fails("the client's connection stays open");
      return request.fields.lists("connection", "close")
        ? allowed("the origin's connection closes with the client's")
        : holds;
    },
  },
  {
    id: "origin-nominated-field",
    section: "RFC 9110 7.6.1",
    level: "MUST",
    requirement: "A field that the origin's Connection names does not reach the client, nor do its terms.",
    client: [sends(GET), awaits(1)],
    origin: [
      replies(
        `${head("HTTP/1.1 200 OK", "Connection: keep-alive, X-Private", "Keep-Alive: timeout=77", "X-Private: one", "Content-Length: 2")}ok`,
      ),
    ],
    judge: ({ responses: [response] }) => {
      if (response === undefined) return fails("no response");
      if (response.fields.has("x-private")) return fails("the nominated field relayed");
      return response.fields.get("keep-alive")?.includes("77") ? fails("the origin's Keep-Alive relayed") : holds;
    },
  },
  {
    id: "origin-close-relayed",
    section: "RFC 9110 7.6.1",
    level: "relied on",
    requirement: "That the origin closes says nothing of the client's connection, which goes on.",
    client: [sends(GET), awaits(1), sends(GET_NEXT), awaits(2)],
    origin: [replies(`${head("HTTP/1.1 200 OK", "Connection: close", "Content-Length: 2")}ok`, "FIN"), replies(OK)],
    judge: ({ responses: [first, second] }) => {
      if (second?.status === 200) return holds;
      return first?.fields.lists("connection", "close")
        ? allowed("the client's connection closes with the origin's, as announced")
        : fails("the client's connection dies unannounced");
    },
  },
];

export const requestCases: readonly PeerCase[] = [...framing, ...lines, ...hop];
