/**
 * What RFC 9110, RFC 9112 and RFC 2068 ask of whoever manages HTTP/1 connections, as a hundred rows.
 *
 * The cases say which rows they show. A row that no case can show says why. Deliberately absent: semantics that a proxy
 * passes on unread.
 */
export type Level = "MUST" | "SHOULD" | "MAY";

export interface Row {
  readonly row: number;
  readonly section: string;
  readonly level: Level;
  /** In our own words; the RFC's text decides. */
  readonly requirement: string;
  /** Why it applies neither to the gateway nor to the forward proxy. */
  readonly doesNotApply?: string;
  /** Why it is not met yet. */
  readonly notYet?: string;
  /** The test that shows it where no case can. */
  readonly shownBy?: string;
}

export interface Chapter {
  readonly title: string;
  readonly rows: readonly Row[];
}

function must(row: number, section: string, requirement: string): Row {
  return { row, section, level: "MUST", requirement };
}
function should(row: number, section: string, requirement: string): Row {
  return { row, section, level: "SHOULD", requirement };
}
function may(row: number, section: string, requirement: string): Row {
  return { row, section, level: "MAY", requirement };
}

export const checklist: readonly Chapter[] = [
  {
    title: "Parsing",
    rows: [
      must(1, "9112 2.2", "A message is parsed as bytes, not as characters of some encoding."),
      must(2, "9112 2.2", "A CR without LF is refused (or replaced by a space), except in content."),
      may(3, "9112 2.2", "A bare LF may end a line. Here it does not: neighbours disagree about it, so it is refused."),
      should(4, "9112 2.2", "At least one empty line before a request-line is ignored."),
      must(5, "9112 2.2", "White space between start-line and first field is refused (or its line dropped)."),
      should(6, "9112 2.2", "What does not match the grammar of a request is answered 400 and its connection closed."),
      must(7, "9112 2.3", "An intermediary sends its own version, not that of the message it received."),
      must(8, "9112 3", "A target longer than can be taken is answered 414."),
      should(9, "9112 3", "A method longer than any that is known is answered 501."),
      must(10, "9112 3.2", "A request whose Host is missing (in HTTP/1.1), repeated or invalid is answered 400."),
      should(11, "9112 3.2", "A malformed request-line is never corrected and then served."),
      must(12, "9112 3.2.2", "The absolute-form is taken, and its authority replaces what Host says."),
      must(13, "9112 3.2.4", "OPTIONS for a URI without path and query goes to the origin as `*`."),
      must(14, "9112 5.1", "White space between field name and colon in a request is answered 400."),
      must(15, "9112 5.1", "White space between field name and colon in a response is removed."),
      must(16, "9112 5.2", "A folded field line in a request is refused (or unfolded)."),
      must(17, "9112 5.2", "A folded field line in a response is unfolded (or the response replaced by 502)."),
      must(18, "9110 5.5", "CR, LF and NUL in a field value are refused (or replaced)."),
      must(19, "9110 5.4", "Fields beyond the limits are answered with a 4xx."),
      must(20, "9110 5.3", "Fields of the same name keep their order."),
      must(21, "9110 5.1", "Fields, methods and statuses that nobody knows go on."),
    ],
  },
  {
    title: "Framing",
    rows: [
      must(22, "9112 6.1, 7.1", "The chunked coding is understood in requests and in responses."),
      must(23, "9112 6.1", "Nothing is chunked twice."),
      must(24, "9112 6.1", "No Transfer-Encoding in 1xx and 204 (and in 2xx to CONNECT)."),
      should(25, "9112 6.1", "A request with a coding that is not understood is answered 501."),
      must(26, "9112 6.1", "No Transfer-Encoding to a recipient that speaks HTTP/1.0."),
      must(27, "9112 6.1", "After a request with both Content-Length and Transfer-Encoding the connection closes."),
      must(28, "9112 6.1", "A Transfer-Encoding in an HTTP/1.0 message is faulty framing, and its connection closes."),
      must(29, "9112 6.2", "Content-Length and Transfer-Encoding are never sent together."),
      must(
        30,
        "9112 6.3",
        "A message with both does not go on with its Content-Length. Here it does not go on at all.",
      ),
      must(31, "9112 6.3", "A request whose last coding is not chunked is answered 400 and its connection closed."),
      must(32, "9112 6.3", "A request with an invalid Content-Length is answered 400 and its connection closed."),
      must(33, "9112 6.3", "A response with invalid framing is discarded: 502, and the origin's connection closes."),
      may(34, "9110 8.6", "Equal values of Content-Length may be taken for one. Here they are refused."),
      must(35, "9112 6.3", "A message shorter than its framing says is incomplete, and its connection closes."),
      must(36, "9112 6.3", "Bytes behind a response are never taken for another response."),
      must(37, "9112 7.1", "Huge chunk sizes neither overflow nor lose precision."),
      must(38, "9112 7.1.1", "Chunk extensions are ignored; their length is limited."),
      must(39, "9112 7.1.2, 9110 6.5.1", "Trailers are not merged into the head."),
      should(40, "9110 6.6.2", "Trailers are announced by Trailer."),
      must(41, "9110 8.6", "No Content-Length in 1xx and 204 (and in 2xx to CONNECT)."),
      must(42, "9110 8.6", "No Content-Length goes on that is known to be wrong."),
      must(43, "9112 6.3", "Responses to HEAD, 1xx, 204 and 304 have no body, whatever their fields say."),
      must(44, "9112 8", "An incomplete response is recorded as such, and never made to look complete."),
    ],
  },
  {
    title: "Hop-by-hop fields and routing",
    rows: [
      must(
        45,
        "9110 7.6.1",
        "Fields that Connection nominates do not go on, in heads and trailers; nor does Connection.",
      ),
      should(
        46,
        "9110 7.6.1",
        "Proxy-Connection, Keep-Alive, TE, Transfer-Encoding, Upgrade do not go on, nominated or not.",
      ),
      must(47, "9110 7.6.1", "Connection fields of our own are nominated."),
      must(48, "9110 7.6.1", "End-to-end fields are never nominated, nor lost to a neighbour that nominates them."),
      may(49, "9110 7.6.1", "A connection field that is not nominated is ignored."),
      must(50, "9112 7.4, 9110 10.1.4", "TE is sent only with its nomination, and never with chunked."),
      must(
        51,
        "9110 7.6.3",
        "A gateway adds Via to what it sends inbound (unless its operator says --via off), a proxy in both directions.",
      ),
      should(52, "9110 7.6.3", "Names of inside hosts are not told outside."),
      must(
        53,
        "9110 7.6.2",
        "Max-Forwards of TRACE and OPTIONS is checked and counted down; at 0 we are the recipient.",
      ),
      must(54, "9110 7.6", "A message does not go round in a loop."),
      must(55, "9110 7.7", "Path and query are not changed."),
      must(56, "9110 6.6.1", "A response without Date gets one."),
    ],
  },
  {
    title: "Persistence",
    rows: [
      should(57, "9112 9.3", "Connections persist and carry many exchanges."),
      must(
        58,
        "9112 9.3",
        "close first, then HTTP/1.1's default, then HTTP/1.0's keep-alive decide whether one persists.",
      ),
      must(59, "9112 9.3", "close is announced in final responses, not in 1xx."),
      must(60, "9112 9.3", "A request's body is read to its end, or the connection closes behind the response."),
      must(61, "9112 9.3", "A response is read to its end before its connection is used again."),
      must(
        62,
        "9112 9.3",
        "A forward proxy keeps no connection with an HTTP/1.0 client; a gateway, their origin, may.",
      ),
      must(63, "9112 9.2", "Responses belong to requests in their order."),
      must(64, "9112 9.2", "What arrives unasked is no response, and its connection closes."),
      must(65, "9110 3.3", "Nobody assumes that one connection is one user."),
      must(66, "9112 C.2.2", "No Proxy-Connection is sent or believed, and no keep-alive token sent to a 1.0 proxy."),
    ],
  },
  {
    title: "Pipelining and retries",
    rows: [
      must(67, "9112 9.3.2", "Pipelined requests are answered in their order."),
      may(68, "9112 9.3.2", "Only safe requests may be processed in parallel. Here none are."),
      must(69, "9112 9.3.2", "Nothing is pipelined on the fresh connection of a retry."),
      should(70, "9112 9.3.2", "Nothing is pipelined behind a request that is not idempotent."),
      may(71, "9112 9.3.1", "An idempotent request may be sent again when its connection dies."),
      must(72, "9110 9.2.2", "A proxy never sends a request again that is not idempotent."),
      should(73, "9110 9.2.2", "A retry that fails is not retried."),
      may(74, "9112 9.4", "Connections to one server are limited."),
    ],
  },
  {
    title: "Timeouts and tear-down",
    rows: [
      should(75, "9112 9.5", "What takes too long is closed in order."),
      should(76, "9112 9.5", "Connections are watched for their peer's close at all times."),
      should(77, "9112 9.5", "Overload does not cut connections that are in use."),
      should(
        78,
        "9112 9.5",
        "While a body is sent, an early response is noticed, and the body stopped when it is not wanted.",
      ),
      should(79, "9112 9.6", "Whoever is going to close says close."),
      must(80, "9112 9.6", "Whoever has said close sends no further request. Towards origins we never say it."),
      must(81, "9112 9.6", "A server that is told close closes behind its response, and says close itself."),
      must(82, "9112 9.6", "Nothing is processed behind close."),
      must(83, "9112 9.6", "On a connection whose server said close nothing more is sent."),
      must(84, "9112 9.6", "A close is made in stages: our FIN, reading on for a while, then all of it."),
      must(
        85,
        "9112 9.6",
        "A client's half-close neither ends its request nor withdraws it, as long as the client reads.",
      ),
      {
        ...must(
          86,
          "9112 9.8",
          "Towards origins closes are told by a TLS closure alert; a response that only a close ends needs one.",
        ),
        shownBy: "test/interop/tls-closure.test.ts",
      },
    ],
  },
  {
    title: "1xx, Upgrade and CONNECT",
    rows: [
      must(87, "9110 15.2", "No 1xx to an HTTP/1.0 client."),
      must(88, "9110 15.2", "Any number of 1xx (within reason) is read and forwarded."),
      must(89, "9110 10.1.1", "Expect is ignored in HTTP/1.0."),
      must(90, "9110 10.1.1", "An expectation is forwarded, or answered with a final status."),
      must(91, "9110 10.1.1", "After 100 comes a final status; an early one says whether the connection closes."),
      should(92, "9110 10.1.1", "Nobody waits for 100 for ever."),
      must(93, "9110 7.8", "101 only to an Upgrade that was offered and nominated; ignored in HTTP/1.0."),
      must(94, "9110 7.8", "With both Expect and Upgrade, 100 comes before 101."),
      must(
        95,
        "9110 9.3.6",
        "CONNECT to an empty or invalid port is refused; to a port that is not meant for tunnels, too.",
      ),
      must(96, "9110 9.3.6", "When one side of a tunnel closes, what it said still reaches the other."),
      {
        ...must(97, "9110 9.3.6", "Content-Length and Transfer-Encoding in a 2xx to CONNECT are ignored."),
        doesNotApply: "no CONNECT is sent: tunnels lead to the origin itself, not through another proxy",
      },
    ],
  },
  {
    title: "HTTP/1.0 Keep-Alive",
    rows: [
      must(98, "2068 19.7.1", "The keep-alive token concerns one hop and is not sent to a proxy."),
      must(99, "2068 19.7.1", "A kept HTTP/1.0 connection frames by Content-Length, never by chunks."),
      must(100, "2068 19.7.1.1", "A Keep-Alive field counts and is sent only beside its token."),
    ],
  },
];
