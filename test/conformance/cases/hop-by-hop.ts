/** What concerns one hop and stays on it, and what is told of the way (RFC 9110 sections 7.6 and 7.8). */
import {
  ADDED,
  addedFor,
  badResponse,
  type Case,
  client,
  DATE,
  exchanged,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  inChunks,
  OK,
  OK_CLOSE,
  origin,
  refusal,
  refused,
} from "../case.ts";

const HOP_SECTION = "RFC 9110 section 7.6.1";

/** A request whose fields go on as `forwarded`; the response is the ordinary one. */
function request(
  rows: readonly number[],
  title: string,
  received: readonly string[],
  forwarded: readonly string[],
  section = HOP_SECTION,
): Case {
  return exchanged(rows, section, title, {
    request: head("GET / HTTP/1.1", "Host: a", ...received),
    forwarded: head("GET / HTTP/1.1", "Host: a", ...forwarded, ...ADDED),
    response: OK,
    returned: OK,
  });
}

/** A response whose fields come back as `returned`; the request is the ordinary one. */
function response(
  rows: readonly number[],
  title: string,
  received: readonly string[],
  returned: readonly string[],
  section = HOP_SECTION,
): Case {
  return exchanged(rows, section, title, {
    request: GET,
    forwarded: GET_FORWARDED,
    response: head("HTTP/1.1 200 OK", DATE, "Content-Length: 0", ...received),
    returned: head("HTTP/1.1 200 OK", DATE, "Content-Length: 0", ...returned),
  });
}

/** A request that the proxy answers as its final recipient. */
function answeredFinally(title: string, received: string, answer: readonly string[], body: string): Case {
  return {
    rows: [53],
    section: "RFC 9110 section 7.6.2",
    title,
    steps: [client.sends(received), client.receives(`${head(...answer)}${body}`)],
    client: ["FIN max-forwards"],
    origin: [],
  };
}

/** `count` different field names, as a list. */
function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `x-${index}`).join(", ");
}

const BAD_GATEWAY = [
  "502 Bad Gateway: response-malformed",
  "The origin's answer is malformed, ambiguous or too large. The status-line must be: HTTP-version SP status-code SP reason-phrase " +
    "(RFC 9112 section 4).",
  "",
].join("\n");

const TRACE = head("TRACE /x HTTP/1.1", "Host: a", "Max-Forwards: 0", "Cookie: secret", "X: y");
const TRACED = head("TRACE /x HTTP/1.1", "Host: a", "Max-Forwards: 0", "X: y");

function loop(title: string, via: string): Case {
  return {
    rows: [54],
    section: "RFC 9110 section 7.6",
    title,
    steps: [client.sends(head("GET / HTTP/1.1", "Host: a", via)), client.receives(refusal(508, "loop-detected"))],
    client: ["FIN request-refused"],
    origin: [],
  };
}

export const hopByHop: Group = {
  name: "Hop-by-hop fields and routing",
  cases: [
    request(
      [45],
      "Fields nominated by Connection do not go on.",
      ["Connection: X-A, x-b", "X-A: 1", "X-B: 2", "X-C: 3"],
      ["X-C: 3"],
    ),
    request(
      [45],
      "Every occurrence of a nominated field is removed, wherever Connection stands and whatever its case.",
      ["x-a: 1", "X-C: 3", "X-A: 2", "CONNECTION: , X-A ,,", "X-a: 4"],
      ["X-C: 3"],
    ),
    request(
      [45],
      "Several Connection fields nominate together.",
      ["Connection: X-A", "X-A: 1", "Connection:X-B", "X-B: 2"],
      [],
    ),
    request(
      [45],
      "A nominated name that occurs in no field removes nothing.",
      ["Connection: X", "X-A: 1", "XX: 2"],
      ["X-A: 1", "XX: 2"],
    ),
    exchanged([45], HOP_SECTION, "Nominated fields are removed from trailers, too.", {
      request: `${head("POST / HTTP/1.1", "Host: a", "Connection: X-A", "Transfer-Encoding: chunked")}0\r\nX-A: 1\r\nX-B: 2\r\n\r\n`,
      forwarded: inChunks(head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED), "", "X-B: 2"),
      response: `${head("HTTP/1.1 200 OK", DATE, "Connection: X-C", "Transfer-Encoding: chunked")}0\r\nX-C: 1\r\nX-D: 2\r\n\r\n`,
      returned: inChunks(head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked"), "", "X-D: 2"),
    }),
    response(
      [45],
      "Fields nominated by the origin's Connection do not come back.",
      ["X-A: 1", "Connection: X-A, X-B", "X-B: 2", "X-C: 3"],
      ["X-C: 3"],
    ),
    refused(
      [45, 75],
      HOP_SECTION,
      "A request that nominates more than 64 different fields is refused: each is looked for in every field line.",
      head("GET / HTTP/1.1", "Host: a", `Connection: ${names(40)}`, `Connection: y,y,y,${names(65)}`),
      431,
      "too-many-connection-options",
    ),
    request(
      [45],
      "It counts which fields are nominated, not how often.",
      ["X-1: a", `Connection: ${names(60)}`, `Connection: ${names(60)}`, "X: y"],
      ["X: y"],
    ),
    badResponse(
      [45, 75],
      HOP_SECTION,
      "A response that nominates more than 64 different fields is not believed.",
      head("HTTP/1.1 200 OK", DATE, "Content-Length: 0", `Connection: ${names(65)}`),
    ),
    badResponse(
      [45, 75],
      HOP_SECTION,
      "Nor is an interim response.",
      head("HTTP/1.1 103 Early Hints", `Connection: ${names(65)}`),
    ),
    request(
      [46, 66],
      "Fields of one hop do not go on, whether nominated or not.",
      [
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "TE: gzip",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABk",
        "X: y",
      ],
      ["X: y"],
    ),
    response(
      [46, 66],
      "Fields of the origin's hop do not come back, whether nominated or not.",
      ["Keep-Alive: timeout=5", "Proxy-Connection: close", "Upgrade: h2c", "TE: x", "X: y"],
      ["X: y"],
    ),
    request(
      [46],
      "The reserved field name Close does not go on.",
      ["Close: now", "X: y"],
      ["X: y"],
      "RFC 9112 section 9.6",
    ),
    request(
      [48],
      "A client cannot nominate away what the origin needs: Host, Cookie, Authorization.",
      ["Connection: host, cookie, authorization", "Cookie: a=b", "Authorization: Basic x"],
      ["Cookie: a=b", "Authorization: Basic x"],
    ),
    exchanged([42, 48], HOP_SECTION, "A client cannot nominate away Content-Length.", {
      request: `${head("POST / HTTP/1.1", "Host: a", "Connection: content-length", "Content-Length: 5")}hello`,
      forwarded: `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED)}hello`,
      response: OK,
      returned: OK,
    }),
    exchanged([42, 48], HOP_SECTION, "A client cannot nominate away Transfer-Encoding.", {
      request: `${head("POST / HTTP/1.1", "Host: a", "Connection: transfer-encoding", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`,
      forwarded: inChunks(head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED), "hello"),
      response: OK,
      returned: OK,
    }),
    request(
      [48],
      "A client cannot nominate away what the proxy adds.",
      ["Connection: via, x-forwarded-for, x-forwarded-proto, x-forwarded-host, forwarded", "Via: 1.1 before"],
      ["Via: 1.1 before"],
    ),
    exchanged([42, 48], HOP_SECTION, "An origin cannot nominate away Content-Length.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${head("HTTP/1.1 200 OK", DATE, "Connection: content-length, date", "Content-Length: 2")}ok`,
      returned: OK,
    }),
    request(
      [49, 50],
      "TE that is not nominated is not understood, and goes no further.",
      ["TE: trailers"],
      [],
      "RFC 9110 section 10.1.4",
    ),
    request(
      [47, 50],
      "TE: trailers goes on, nominated anew.",
      ["te: trailers", "connection: te"],
      ["Connection: TE", "TE: trailers"],
      "RFC 9110 section 10.1.4",
    ),
    request(
      [50],
      "Of TE only trailers goes on.",
      ["Connection: TE", "TE: chunked, gzip;q=0.5, trailers, deflate"],
      ["Connection: TE", "TE: trailers"],
      "RFC 9112 section 7.4",
    ),
    request(
      [50],
      "TE without trailers does not go on.",
      ["Connection: TE", "TE: gzip, chunked"],
      [],
      "RFC 9112 section 7.4",
    ),
    request(
      [49],
      "Upgrade that is not nominated is not understood, and goes no further.",
      ["Upgrade: websocket"],
      [],
      "RFC 9110 section 7.8",
    ),
    request(
      [49],
      "An Upgrade to HTTP/2, which would escape every rule here, is not offered.",
      ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"],
      [],
      "RFC 9110 section 7.8",
    ),
    {
      ...exchanged(
        [47],
        "RFC 9110 section 7.8",
        "A nominated Upgrade goes on, nominated anew; the origin may ignore it.",
        {
          request: head("GET / HTTP/1.1", "Host: a", "Connection: keep-alive, Upgrade", "Upgrade: websocket, irc/6.9"),
          forwarded: head("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket, irc/6.9", ...ADDED),
          response: OK,
          returned: `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: keep-alive", "Keep-Alive: timeout=74")}ok`,
        },
      ),
      origin: ["closed upgrade-refused"],
    },
    exchanged([47], "RFC 9110 section 15.5.22", "A 426 tells the protocols that the origin wants.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head(
        "HTTP/1.1 426 Upgrade Required",
        DATE,
        "Connection: upgrade",
        "Upgrade: TLS/1.3",
        "Content-Length: 0",
      ),
      returned: head(
        "HTTP/1.1 426 Upgrade Required",
        DATE,
        "Content-Length: 0",
        "Connection: Upgrade",
        "Upgrade: TLS/1.3",
      ),
    }),
    request(
      [51],
      "Via is appended behind the recipients before.",
      ["Via: 1.0 fred, 1.1 p.example.net (comment)", "X: y"],
      ["Via: 1.0 fred, 1.1 p.example.net (comment)", "X: y"],
      "RFC 9110 section 7.6.3",
    ),
    response(
      [51, 52],
      "A gateway adds no Via to responses and leaves the origin's alone.",
      ["Via: 1.1 cache"],
      ["Via: 1.1 cache"],
      "RFC 9110 section 7.6.3",
    ),
    {
      rows: [52],
      section: "RFC 9110 section 7.6.3",
      title: "An answer with an error names the proxy by its pseudonym, and no host of the inside.",
      steps: [
        client.sends(head("GET / HTTP/1.1", "Host: a", "Accept: text/plain", "Connection: close")),
        origin.receives(head("GET / HTTP/1.1", "Host: a", "Accept: text/plain", ...ADDED)),
        origin.sends("nonsense\r\n"),
        client.receives(
          `${head(
            "HTTP/1.1 502 Bad Gateway",
            DATE,
            "Content-Type: text/plain; charset=utf-8",
            `Content-Length: ${BAD_GATEWAY.length}`,
            "Cache-Control: no-store",
            'Proxy-Status: hopwise-test; error=http_protocol_error; details="response-malformed"',
            "Connection: close",
          )}${BAD_GATEWAY}`,
        ),
      ],
      client: ["FIN close-received"],
      origin: ["closed response-malformed"],
    },
    request(
      [52],
      "What an untrusted client says of where it comes from is replaced.",
      [
        "X-Forwarded-For: 1.2.3.4",
        "x-forwarded-proto: https",
        "X-Forwarded-Host: b",
        "Forwarded: for=1.2.3.4;proto=https",
        "X-Forwarded-For: 5.6.7.8",
      ],
      [],
      "RFC 7239 section 8.1",
    ),
    {
      rows: [51],
      section: "RFC 7239 section 5",
      title: "What a trusted neighbour says of where a request comes from is continued.",
      settings: { isTrusted: () => true, sendsForwarded: true },
      steps: [
        client.sends(
          head("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "Forwarded: for=b"),
        ),
        origin.receives(
          head(
            "GET / HTTP/1.1",
            "Host: a",
            "X-Forwarded-Proto: https",
            "Forwarded: for=b",
            "Via: 1.1 hopwise-test",
            "X-Forwarded-For: 1.2.3.4, 127.0.0.1",
            "X-Forwarded-Host: a",
            'Forwarded: for=127.0.0.1;proto=http;host="a"',
          ),
        ),
        origin.sends(OK),
        client.receives(OK),
        client.halfCloses,
        client.sees("FIN"),
        origin.halfCloses,
      ],
      client: ["FIN peer-closed-idle"],
      origin: ["FIN peer-closed-idle"],
    },
    {
      rows: [51, 52],
      section: "RFC 7239 section 6.2",
      title: "The name of the Host goes into Forwarded only in quotes.",
      settings: { sendsForwarded: true },
      steps: [
        client.sends(head("GET / HTTP/1.1", "Host: a;b", "Connection: close")),
        origin.receives(
          head(
            "GET / HTTP/1.1",
            "Host: a;b",
            ...addedFor("a;b", "1.1"),
            'Forwarded: for=127.0.0.1;proto=http;host="a;b"',
          ),
        ),
        origin.sends(OK),
        client.receives(OK_CLOSE),
        origin.halfCloses,
      ],
      client: ["FIN close-received"],
      origin: ["FIN peer-closed-idle"],
    },
    exchanged([53], "RFC 9110 section 7.6.2", "Max-Forwards of TRACE counts down.", {
      request: head("TRACE / HTTP/1.1", "Max-Forwards: 10", "Host: a"),
      forwarded: head("TRACE / HTTP/1.1", "Host: a", "Max-Forwards: 9", ...ADDED),
      response: OK,
      returned: OK,
    }),
    exchanged([53], "RFC 9110 section 7.6.2", "Max-Forwards of OPTIONS counts down, and 1 becomes 0.", {
      request: head("OPTIONS * HTTP/1.1", "Host: a", "Max-Forwards: 1"),
      forwarded: head("OPTIONS * HTTP/1.1", "Host: a", "Max-Forwards: 0", ...ADDED),
      response: OK,
      returned: OK,
    }),
    exchanged(
      [53],
      "RFC 9110 section 7.6.2",
      "A Max-Forwards of any size is a number, and may be lowered to the largest.",
      {
        request: head("OPTIONS / HTTP/1.1", "Host: a", "Max-Forwards: 99999999999999999999"),
        forwarded: head("OPTIONS / HTTP/1.1", "Host: a", "Max-Forwards: 999999999", ...ADDED),
        response: OK,
        returned: OK,
      },
    ),
    request(
      [53],
      "Max-Forwards of other methods is left alone.",
      ["Max-Forwards: 0"],
      ["Max-Forwards: 0"],
      "RFC 9110 section 7.6.2",
    ),
    answeredFinally(
      "OPTIONS with Max-Forwards 0 is answered here.",
      head("OPTIONS / HTTP/1.1", "Host: a", "Max-Forwards: 0"),
      ["HTTP/1.1 200 OK", DATE, "Content-Length: 0", "Cache-Control: no-store", "Connection: close"],
      "",
    ),
    answeredFinally(
      "TRACE with Max-Forwards 0 is answered here with the request as it came, but for what is secret.",
      TRACE,
      [
        "HTTP/1.1 200 OK",
        DATE,
        "Content-Type: message/http",
        `Content-Length: ${TRACED.length}`,
        "Cache-Control: no-store",
        "Connection: close",
      ],
      TRACED,
    ),
    ...["x", "-1", "", "1, 2", "+1"].map(
      (value): Case => ({
        rows: [53],
        section: "RFC 9110 section 7.6.2",
        title: `A Max-Forwards of ${JSON.stringify(value)} on OPTIONS is refused.`,
        steps: [
          client.sends(head("OPTIONS / HTTP/1.1", "Host: a", `Max-Forwards: ${value}`)),
          client.receives(refusal(400, "max-forwards-invalid")),
        ],
        client: ["FIN request-refused"],
        origin: [],
      }),
    ),
    {
      rows: [53],
      section: "RFC 9110 section 9.3.8",
      title: "TRACE with content is refused.",
      steps: [
        client.sends(`${head("TRACE / HTTP/1.1", "Host: a", "Content-Length: 2")}hi`),
        client.receives(refusal(400, "content-not-allowed")),
      ],
      client: ["FIN request-refused"],
      origin: [],
    },
    loop("A request that has passed here before is answered 508.", "Via: 1.1 hopwise-test"),
    loop(
      "A loop is seen behind other recipients and whatever the case.",
      "Via: 1.0 fred, HTTP/1.1 HOPWISE-test (x), 1.1 b",
    ),
    loop("A loop is seen whatever is said in comments.", "Via: 1.1 a (see (b), 1.1 c), 1.1 hopwise-test (x, y)"),
    {
      ...exchanged([48], HOP_SECTION, "Forwarding fields of a trusted neighbour that say nothing are filled in.", {
        request: head("GET / HTTP/1.1", "Host: a", "X-Forwarded-Proto:", "X-Forwarded-Host: "),
        forwarded: head("GET / HTTP/1.1", "Host: a", ...ADDED),
        response: OK,
        returned: OK,
      }),
      settings: { isTrusted: () => true },
    },
    request(
      [40],
      "Trailer announces nothing where there are no chunks.",
      ["Trailer: X-T"],
      [],
      "RFC 9110 section 6.6.2",
    ),
    loop("A loop is seen with a port.", "Via: 1.1 hopwise-test:8080"),
    loop("A comment that does not end hides none.", "Via: 1.1 a (b, 1.1 hopwise-test, 1.1 c (d)"),
    request(
      [54],
      "A pseudonym in a comment is no loop.",
      ["Via: 1.1 a (not, 1.1 hopwise-test \\) b)"],
      ["Via: 1.1 a (not, 1.1 hopwise-test \\) b)"],
      "RFC 9110 section 7.6",
    ),
    request(
      [50],
      "TE: trailers with q=0 is no offer.",
      ["Connection: TE", "TE: trailers;q=0.0"],
      [],
      "RFC 9110 section 10.1.4",
    ),
    request(
      [54],
      "A pseudonym that is only alike is no loop.",
      ["Via: 1.1 hopwise-test-2, 1.1 xhopwise-test"],
      ["Via: 1.1 hopwise-test-2, 1.1 xhopwise-test"],
      "RFC 9110 section 7.6",
    ),
  ],
};
