/** What RFC 9113 section 8 and RFC 8441 ask of requests and responses, case by case. */
import { inChunks } from "../case.ts";
import {
  forwardedHead,
  GET_FORWARDED,
  type Http2Case,
  type Http2Group,
  OK,
  type Outcome,
  post,
  pseudo,
  request,
  type Sent,
} from "./case.ts";

const resetByRuntime: Outcome = { is: "reset by the runtime" };
const malformed: Outcome = { is: "refused", status: 400, reason: "field-list-malformed" };
const withoutField: Outcome = { is: "forwarded without the field", as: GET_FORWARDED };
const passed: Outcome = { is: "forwarded", as: GET_FORWARDED };

function refused(status: number, reason: (Outcome & { is: "refused" })["reason"]): Outcome {
  return { is: "refused", status, reason };
}

function of(section: string, ...cases: [title: string, sends: readonly Sent[], outcome: Outcome][]): Http2Case[] {
  return cases.map(([title, sends, outcome]) => ({ section, title, sends, outcome }));
}

/** A request for `/` whose pseudo-header fields are changed. */
const changed = (changes: Readonly<Record<string, string | undefined>>, ...fields: string[]) =>
  request(...pseudo(changes), ...fields);
const getWith = (...fields: string[]) => changed({}, ...fields);

const CONNECT = { ":method": "CONNECT", ":scheme": undefined, ":path": undefined, ":authority": "a:443" };
const WEB_SOCKET = { ":method": "CONNECT", ":protocol": "websocket" };
const asking = (changes: Readonly<Record<string, string | undefined>>, ...fields: string[]): Sent[] => [
  { fields: [...pseudo({ ...WEB_SOCKET, ...changes }), ...fields] },
];

const pseudoFields: Http2Group = {
  title: "Pseudo-header fields",
  cases: [
    ...of(
      "RFC 9113 section 8.3.1",
      ["A request goes on as HTTP/1.1, with `:authority` as Host.", getWith(), passed],
      [
        "Pseudo-header fields may stand in any order.",
        request(":path", "/", ":authority", "a", ":scheme", "http", ":method", "GET"),
        passed,
      ],
      ["Without `:authority` Host says who is meant.", changed({ ":authority": undefined }, "host", "a"), passed],
      ["Host and `:authority` may say the same, in other letters.", getWith("host", "A"), passed],
      ["Host and `:authority` that differ are refused.", getWith("host", "b"), refused(400, "host-repeated")],
      ["Host twice is malformed.", getWith("host", "a", "host", "a"), resetByRuntime],
      ["Neither Host nor `:authority`: nobody is meant.", changed({ ":authority": undefined }), resetByRuntime],
      ["An empty `:authority` is malformed.", changed({ ":authority": "" }), resetByRuntime],
      ["`:authority` has no user information.", changed({ ":authority": "me@a" }), resetByRuntime],
      ["There must be a `:method`.", changed({ ":method": undefined }), resetByRuntime],
      ["There must be a `:scheme`.", changed({ ":scheme": undefined }), resetByRuntime],
      ["There must be a `:path`.", changed({ ":path": undefined }), resetByRuntime],
      ["`:method` is not empty.", changed({ ":method": "" }), resetByRuntime],
      ["`:scheme` is not empty.", changed({ ":scheme": "" }), resetByRuntime],
      ["`:path` is not empty.", changed({ ":path": "" }), resetByRuntime],
      ["`:path` begins with a slash.", changed({ ":path": "x" }), resetByRuntime],
      ["`:path` is not a URL.", changed({ ":path": "http://b/" }), resetByRuntime],
      [
        "`*` is a `:path` of OPTIONS.",
        changed({ ":method": "OPTIONS", ":path": "*" }),
        { is: "forwarded", as: forwardedHead("OPTIONS * HTTP/1.1", "host: a") },
      ],
      ["`*` is not a `:path` of GET.", changed({ ":path": "*" }), resetByRuntime],
      ["A fragment is not part of `:path`.", changed({ ":path": "/a#b" }), refused(400, "target-invalid")],
      [
        "Methods are told apart by their letters, and go on as they are.",
        changed({ ":method": "get" }),
        { is: "forwarded", as: forwardedHead("get / HTTP/1.1", "host: a") },
      ],
      ["`:scheme` may be written in capital letters.", changed({ ":scheme": "HTTP" }), passed],
      [
        "A `:scheme` that is not HTTP's is refused.",
        changed({ ":scheme": "ftp" }),
        refused(400, "target-form-mismatch"),
      ],
      ["`:scheme` https without TLS is refused.", changed({ ":scheme": "https" }), refused(421, "https-misdirected")],
    ),
    ...of(
      "RFC 9113 section 8.3",
      [":method twice is malformed.", request(":method", "GET", ...pseudo()), resetByRuntime],
      [":scheme twice is malformed.", request(...pseudo(), ":scheme", "http"), resetByRuntime],
      [":authority twice is malformed.", request(...pseudo(), ":authority", "a"), resetByRuntime],
      [":path twice is malformed.", request(...pseudo(), ":path", "/"), resetByRuntime],
      ["A pseudo-header field that nobody knows is malformed.", request(...pseudo(), ":x", "y"), resetByRuntime],
      ["A pseudo-header field of responses is malformed.", request(...pseudo(), ":status", "200"), resetByRuntime],
      [
        "A pseudo-header field behind others is malformed.",
        request(...pseudo({ ":path": undefined }), "x", "y", ":path", "/"),
        resetByRuntime,
      ],
    ),
  ],
};

const fields: Http2Group = {
  title: "Fields",
  cases: [
    ...of(
      "RFC 9113 section 8.2.1",
      ["A name in capital letters is malformed.", getWith("Accept", "x"), resetByRuntime],
      [
        "Bytes beyond ASCII in a value go on.",
        getWith("x", "caf\xe9"),
        { is: "forwarded", as: forwardedHead("GET / HTTP/1.1", "host: a", "x: caf\xe9") },
      ],
      [
        "An empty value goes on.",
        getWith("x", ""),
        { is: "forwarded", as: forwardedHead("GET / HTTP/1.1", "host: a", "x: ") },
      ],
      ["LF in a value never reaches an origin.", getWith("x", "a\nb: c"), withoutField],
      ["CR in a value never reaches an origin.", getWith("x", "a\rb"), withoutField],
      ["CR LF in a value never reaches an origin.", getWith("x", "a\r\ntransfer-encoding: chunked"), withoutField],
      [
        "A whole request in a value never reaches an origin.",
        getWith("x", "a\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"),
        withoutField,
      ],
      ["NUL in a value never reaches an origin.", getWith("x", "a\0b"), withoutField],
      ["A space before a value never reaches an origin.", getWith("x", " a"), withoutField],
      ["A space behind a value never reaches an origin.", getWith("x", "a "), withoutField],
      ["A tab behind a value never reaches an origin.", getWith("x", "a\t"), withoutField],
      ["A colon in a name never reaches an origin.", getWith("a:b", "x"), withoutField],
      ["A colon in a name makes no other field of it.", getWith("transfer-encoding: chunked\r\nx", "y"), withoutField],
      ["A space in a name never reaches an origin.", getWith("a b", "x"), withoutField],
      ["A space behind a name never reaches an origin.", getWith("content-length ", "5"), withoutField],
      ["An empty name never reaches an origin.", getWith("", "x"), withoutField],
      ["NUL in a name never reaches an origin.", getWith("a\0", "x"), withoutField],
      ["Bytes beyond ASCII in a name never reach an origin.", getWith("caf\xe9", "x"), withoutField],
    ),
    ...of(
      "RFC 9113 section 8.2.2",
      ["`Connection` is malformed.", getWith("connection", "close"), resetByRuntime],
      ["`Proxy-Connection` is malformed.", getWith("proxy-connection", "close"), resetByRuntime],
      ["`Keep-Alive` is malformed.", getWith("keep-alive", "timeout=5"), resetByRuntime],
      [
        "`Transfer-Encoding` is malformed.",
        [post("transfer-encoding", "chunked"), { data: "0\r\n\r\n", ends: true }],
        resetByRuntime,
      ],
      ["`Upgrade` is malformed.", getWith("upgrade", "websocket"), resetByRuntime],
      ["`TE` other than trailers is malformed.", getWith("te", "gzip"), resetByRuntime],
      ["`TE` with more than trailers is malformed.", getWith("te", "trailers, gzip"), resetByRuntime],
      [
        "`TE: trailers` goes on, nominated.",
        getWith("te", "trailers"),
        { is: "forwarded", as: forwardedHead("GET / HTTP/1.1", "host: a", "Connection: TE", "TE: trailers") },
      ],
    ),
    ...of(
      "RFC 9113 section 8.2.3",
      [
        "Pieces of a cookie are one field again.",
        getWith("cookie", "a=1", "x", "y", "cookie", "b=2"),
        { is: "forwarded", as: forwardedHead("GET / HTTP/1.1", "host: a", "x: y", "cookie: a=1; b=2") },
      ],
      [
        "One piece stays as it is.",
        getWith("cookie", "a=1; b=2"),
        { is: "forwarded", as: forwardedHead("GET / HTTP/1.1", "host: a", "cookie: a=1; b=2") },
      ],
    ),
    ...of(
      "RFC 9110 section 5.3",
      [
        "A field that stands twice goes on twice, in its order.",
        getWith("x", "1", "y", "2", "x", "3"),
        { is: "forwarded", as: forwardedHead("GET / HTTP/1.1", "host: a", "x: 1", "y: 2", "x: 3") },
      ],
      [
        "What forwarding fields of a stranger say does not go on.",
        getWith("x-forwarded-for", "192.0.2.1", "x-forwarded-host", "b"),
        passed,
      ],
    ),
  ],
};

const CHUNKED = forwardedHead("POST / HTTP/1.1", "host: a", "Transfer-Encoding: chunked");
const inOne = (data: string): Sent => ({ data, ends: true });

const content: Http2Group = {
  title: "Content",
  cases: [
    ...of(
      "RFC 9113 section 8.1",
      [
        "Content without a length goes on in chunks.",
        [post(), { data: "ab" }, inOne("cd")],
        { is: "forwarded", as: inChunks(CHUNKED, "abcd") },
      ],
      [
        "Content that is empty is none, and of a POST that is said.",
        [post(), inOne("")],
        { is: "forwarded", as: forwardedHead("POST / HTTP/1.1", "host: a", "Content-Length: 0") },
      ],
      [
        "A GET whose stream ends in a frame of its own has no content, and no chunks.",
        [{ fields: pseudo() }, inOne("")],
        { is: "forwarded", as: GET_FORWARDED },
      ],
      [
        "Trailers behind no content need chunks.",
        [{ fields: pseudo() }, { fields: ["x-sum", "1"], ends: true }],
        { is: "forwarded", as: inChunks(CHUNKED.replace("POST", "GET"), "", "x-sum: 1") },
      ],
      [
        "That a POST has no content is said, for origins that ask for a length.",
        [{ fields: pseudo({ ":method": "POST" }), ends: true }],
        { is: "forwarded", as: forwardedHead("POST / HTTP/1.1", "host: a", "content-length: 0") },
      ],
      [
        "What looks like chunks is content.",
        [post(), inOne("0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")],
        { is: "forwarded", as: inChunks(CHUNKED, "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n") },
      ],
      [
        "GET may have content.",
        [{ fields: pseudo() }, inOne("ab")],
        { is: "forwarded", as: inChunks(CHUNKED.replace("POST", "GET"), "ab") },
      ],
      [
        "A value that says the name of a length is not one.",
        [post("x", "content-length"), inOne("ab")],
        {
          is: "forwarded",
          as: inChunks(
            forwardedHead("POST / HTTP/1.1", "host: a", "x: content-length", "Transfer-Encoding: chunked"),
            "ab",
          ),
        },
      ],
      [
        "Trailers go on behind the last chunk.",
        [post(), { data: "ab" }, { fields: ["x-sum", "1"], ends: true }],
        { is: "forwarded", as: inChunks(CHUNKED, "ab", "x-sum: 1") },
      ],
      [
        "A trailer that would decide where the request goes does not go on.",
        [post(), { data: "ab" }, { fields: ["host", "b"], ends: true }],
        { is: "forwarded", as: inChunks(CHUNKED, "ab") },
      ],
      [
        "LF in a trailer never reaches an origin.",
        [post(), { data: "ab" }, { fields: ["x", "a\nb"], ends: true }],
        { is: "forwarded", as: inChunks(CHUNKED, "ab") },
      ],
      [
        "A pseudo-header field in trailers is malformed.",
        [post(), { data: "ab" }, { fields: [":path", "/"], ends: true }],
        { is: "reset in its body" },
      ],
      [
        "A name in capital letters in trailers is malformed.",
        [post(), { data: "ab" }, { fields: ["X", "y"], ends: true }],
        { is: "reset in its body" },
      ],
      [
        "`Transfer-Encoding` in trailers is malformed.",
        [post(), { data: "ab" }, { fields: ["transfer-encoding", "chunked"], ends: true }],
        { is: "reset in its body" },
      ],
      [
        "A second head in the middle of content is malformed.",
        [post(), { data: "ab" }, { fields: ["x", "y"] }],
        { is: "reset in its body" },
      ],
    ),
    ...of(
      "RFC 9113 section 8.1.1",
      [
        "Content of the length that was said goes on with it.",
        [post("content-length", "3"), { data: "a" }, inOne("bc")],
        { is: "forwarded", as: `${forwardedHead("POST / HTTP/1.1", "host: a", "content-length: 3")}abc` },
      ],
      [
        "A length of 0 and no content is a whole request.",
        getWith("content-length", "0"),
        { is: "forwarded", as: forwardedHead("GET / HTTP/1.1", "host: a", "content-length: 0") },
      ],
      [
        "More content than the length says is malformed.",
        [post("content-length", "3"), inOne("abcd")],
        { is: "reset in its body" },
      ],
      [
        "Content that comes behind as much as the length says is malformed.",
        [post("content-length", "3"), { data: "abc" }, inOne("d")],
        { is: "reset in its body" },
      ],
      [
        "Less content than the length says is malformed.",
        [post("content-length", "3"), inOne("ab")],
        { is: "reset in its body" },
      ],
      [
        "Content beside a length of 0 is malformed.",
        [post("content-length", "0"), inOne("abc")],
        { is: "reset in its body", wholeAt: forwardedHead("POST / HTTP/1.1", "host: a", "content-length: 0") },
      ],
      [
        "Trailers before all of the length is there are malformed.",
        [post("content-length", "3"), { data: "ab" }, { fields: ["x", "y"], ends: true }],
        { is: "reset in its body" },
      ],
      ["A length without content is malformed.", [{ ...post("content-length", "3"), ends: true }], resetByRuntime],
      [
        "Two lengths are malformed, also if they are the same.",
        [post("content-length", "3", "content-length", "3"), inOne("abc")],
        resetByRuntime,
      ],
      ["A list of lengths is malformed.", [post("content-length", "3, 3"), inOne("abc")], resetByRuntime],
      ["A length with a sign is malformed.", [post("content-length", "+3"), inOne("abc")], resetByRuntime],
      ["A length that is not a number is malformed.", [post("content-length", "3x"), inOne("abc")], resetByRuntime],
      ["An empty length is malformed.", [post("content-length", ""), inOne("abc")], resetByRuntime],
    ),
  ],
};

const downgrade: Http2Group = {
  title: "Nothing is smuggled into HTTP/1.1",
  cases: of(
    "RFC 9113 section 10.3",
    ["A line break in `:path` never reaches an origin.", changed({ ":path": "/ HTTP/1.1\r\nx: y" }), resetByRuntime],
    ["A space in `:path` never reaches an origin.", changed({ ":path": "/a b" }), resetByRuntime],
    ["NUL in `:path` never reaches an origin.", changed({ ":path": "/\0" }), resetByRuntime],
    [
      "Bytes beyond ASCII in `:path` never reach an origin.",
      changed({ ":path": "/\xe9" }),
      refused(400, "target-invalid"),
    ],
    [
      "A line break in `:method` never reaches an origin.",
      changed({ ":method": "GET / HTTP/1.1\r\nx:" }),
      resetByRuntime,
    ],
    ["A space in `:method` never reaches an origin.", changed({ ":method": "GET /x" }), resetByRuntime],
    ["A line break in `:authority` never reaches an origin.", changed({ ":authority": "a\r\nx: y" }), resetByRuntime],
    ["A space in `:authority` never reaches an origin.", changed({ ":authority": "a b" }), resetByRuntime],
    ["A path in `:authority` never reaches an origin.", changed({ ":authority": "a/x" }), resetByRuntime],
    ["A line break in `:scheme` never reaches an origin.", changed({ ":scheme": "http\r\nx: y" }), resetByRuntime],
    [
      "A line break in Host never reaches an origin.",
      changed({ ":authority": undefined }, "host", "a\r\nx: y"),
      resetByRuntime,
    ],
    ["A line break in a cookie never reaches an origin.", getWith("cookie", "a=1\r\nx: y"), withoutField],
  ),
};

const answering = (response: string, rest: Partial<Outcome & { is: "forwarded" }>): Outcome => ({
  is: "forwarded",
  as: GET_FORWARDED,
  response,
  ...rest,
});
const headOf = (...lines: string[]) => `${lines.join("\r\n")}\r\n\r\n`;

const responses: Http2Group = {
  title: "Responses",
  cases: [
    ...of(
      "RFC 9113 section 8.1",
      [
        "Interim responses go on before the final one.",
        getWith(),
        answering(`${headOf("HTTP/1.1 103 Early Hints", "Link: </a>")}${headOf("HTTP/1.1 100 Continue")}${OK}`, {
          interim: [103, 100],
        }),
      ],
      [
        "Chunks are content, and their end is the stream's.",
        getWith(),
        answering(`${headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n\r\n`, {}),
      ],
      [
        "`Connection` and what it nominates stay on the origin's hop.",
        getWith(),
        answering(
          `${headOf("HTTP/1.1 200 OK", "Connection: x, keep-alive", "Keep-Alive: timeout=5", "X: y", "Content-Length: 2")}ok`,
          {},
        ),
      ],
      [
        "204 has no content, whatever is said of it.",
        getWith(),
        answering(headOf("HTTP/1.1 204 No Content"), { status: 204, body: "" }),
      ],
      [
        "304 has no content, and may say a length.",
        getWith("if-none-match", '"a"'),
        {
          ...answering(headOf("HTTP/1.1 304 Not Modified", "Content-Length: 5"), { status: 304, body: "" }),
          as: forwardedHead("GET / HTTP/1.1", "host: a", 'if-none-match: "a"'),
        } as Outcome,
      ],
      [
        "The answer to HEAD has no content, and may say a length.",
        changed({ ":method": "HEAD" }),
        {
          ...answering(headOf("HTTP/1.1 200 OK", "Content-Length: 5"), { body: "" }),
          as: GET_FORWARDED.replace("GET", "HEAD"),
        } as Outcome,
      ],
      [
        "A status that nobody knows goes on.",
        getWith(),
        answering(`${headOf("HTTP/1.1 299 Fine", "Content-Length: 2")}ok`, { status: 299 }),
      ],
      [
        "A status beyond 599 is taken for 500.",
        getWith(),
        answering(`${headOf("HTTP/1.1 799 What", "Content-Length: 2")}ok`, { status: 500 }),
      ],
      [
        "205 has no content, whatever is said of it.",
        getWith(),
        answering(`${headOf("HTTP/1.1 205 Reset Content", "Content-Length: 2")}ok`, { status: 205, body: "" }),
      ],
      [
        "Trailers that speak of a connection do not keep the others, and the end, from the client.",
        getWith(),
        answering(
          `${headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\nTE: gzip\r\nHTTP2-Settings: x\r\nX: y\r\n\r\n`,
          {},
        ),
      ],
      [
        "A field that may stand once, and stands twice, does not break the response.",
        getWith(),
        answering(`${headOf("HTTP/1.1 200 OK", "ETag: a", "ETag: b", "Content-Length: 2")}ok`, {}),
      ],
    ),
  ],
};

const tunnels: Http2Group = {
  title: "CONNECT",
  cases: [
    ...of(
      "RFC 9113 section 8.5",
      ["CONNECT is for forward proxies.", [{ fields: pseudo(CONNECT) }], refused(501, "connect-not-supported")],
      ["CONNECT has no `:path`.", [{ fields: pseudo({ ...CONNECT, ":path": "/" }) }], resetByRuntime],
      ["CONNECT has no `:scheme`.", [{ fields: pseudo({ ...CONNECT, ":scheme": "http" }) }], resetByRuntime],
      ["CONNECT has an `:authority`.", [{ fields: pseudo({ ...CONNECT, ":authority": undefined }) }], resetByRuntime],
      [
        "Host is no `:authority` of CONNECT.",
        [{ fields: [...pseudo({ ...CONNECT, ":authority": undefined }), "host", "a:443"] }],
        resetByRuntime,
      ],
      [
        "CONNECT has no length.",
        [{ fields: [...pseudo(CONNECT), "content-length", "3"] }],
        refused(400, "content-not-allowed"),
      ],
    ),
    ...of(
      "RFC 8441 section 4",
      [
        "CONNECT with `:protocol` is an Upgrade, and both sides speak in the stream.",
        asking({ ":protocol": "other" }),
        { is: "tunnel", as: forwardedHead("GET / HTTP/1.1", "host: a", "Connection: Upgrade", "Upgrade: other") },
      ],
      [
        "`:protocol` may be written in capital letters.",
        asking({ ":protocol": "OTHER" }),
        { is: "tunnel", as: forwardedHead("GET / HTTP/1.1", "host: a", "Connection: Upgrade", "Upgrade: other") },
      ],
      ["`:protocol` is for CONNECT.", getWithPseudo(":protocol", "websocket"), resetByRuntime],
      [
        "`:protocol` twice is malformed.",
        [{ fields: [":protocol", "websocket", ...pseudo(WEB_SOCKET)] }],
        resetByRuntime,
      ],
      ["An empty `:protocol` is malformed.", asking({ ":protocol": "" }), resetByRuntime],
      ["A list of protocols is malformed.", asking({ ":protocol": "websocket, other" }), malformed],
      ["A line break in `:protocol` never reaches an origin.", asking({ ":protocol": "a\r\nx: y" }), resetByRuntime],
      ["CONNECT with `:protocol` has a `:path`.", asking({ ":path": undefined }), resetByRuntime],
      ["CONNECT with `:protocol` has a `:scheme`.", asking({ ":scheme": undefined }), resetByRuntime],
      ["CONNECT with `:protocol` says whom it means.", asking({ ":authority": undefined }), resetByRuntime],
      ["CONNECT with `:protocol` has no length.", asking({}, "content-length", "3"), malformed],
      [
        "Another version of HTTP is not asked for in a tunnel.",
        asking({ ":protocol": "h2c" }),
        refused(501, "protocol-not-supported"),
      ],
    ),
  ],
};

function getWithPseudo(...more: string[]): Sent[] {
  return request(...pseudo(), ...more);
}

export const http2Groups: readonly Http2Group[] = [pseudoFields, fields, content, downgrade, responses, tunnels];
