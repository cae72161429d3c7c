/** What field lines may be, in requests and in responses (RFC 9112 sections 2.2 and 5, RFC 9110 section 5). */
import {
  ADDED,
  badResponse,
  client,
  DATE,
  exchanged,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  OK,
  origin,
  refused,
} from "../case.ts";

const FEW_FIELDS = { headLimits: { headBytesMax: 160, fieldsMax: 5 } };

/** A request with one field line more. */
function withField(line: string): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
}

const malformedLines: readonly (readonly [title: string, line: string])[] = [
  ["no colon", "Connection close"],
  ["no name", ": value"],
  ["a space within the name", "X Y: value"],
  ["a parenthesis in the name", "X(: value"],
  ["a quote in the name", '"X": value'],
  ["a byte beyond ASCII in the name", "X\xe9: value"],
  ["a NUL in the name", "X\x00: value"],
  ["a control character before the name", "\x0bX: value"],
  ["a slash in the name", "X/Y: value"],
  ["an at sign in the name", "X@Y: value"],
  ["brackets around the name", "[X]: value"],
];

const controls: readonly (readonly [title: string, octet: string])[] = [
  ["a NUL", "\x00"],
  ["a bare CR", "\r"],
  ["a BEL", "\x07"],
  ["a vertical tab", "\x0b"],
  ["an ESC", "\x1b"],
  ["a DEL", "\x7f"],
];

const statusLines: readonly (readonly [title: string, line: string])[] = [
  ["another protocol", "ICY 200 OK"],
  ["HTML instead of a status-line", "<html><body>hello"],
  ["a lowercase protocol name", "http/1.1 200 OK"],
  ["a status of two digits", "HTTP/1.1 20 OK"],
  ["a status of four digits", "HTTP/1.1 2000 OK"],
  ["a status that is no number", "HTTP/1.1 2x0 OK"],
  ["a status below 100", "HTTP/1.1 099 OK"],
  ["a negative status", "HTTP/1.1 -200 OK"],
  ["two spaces before the status", "HTTP/1.1  200 OK"],
  ["no space behind the status", "HTTP/1.1 200OK"],
  ["no space behind the version", "HTTP/1.1200 OK"],
  ["no status", "HTTP/1.1"],
  ["a tab before the status", "HTTP/1.1\t200 OK"],
  ["HTTP/2", "HTTP/2.0 200 OK"],
  ["an empty line before it", "\r\nHTTP/1.1 200 OK"],
  ["a space before it", " HTTP/1.1 200 OK"],
  ["a request-line instead", "GET / HTTP/1.1"],
];

const badResponseLines: readonly (readonly [title: string, line: string])[] = [
  ["without a colon", "Server hopwise"],
  ["without a name", ": value"],
  ["with a space within its name", "X Y: value"],
  ["that ends with a bare LF", "X: y\nZ: z"],
  ["with a NUL in its value", "X: a\x00b"],
  ["with a bare CR in its value", "X: a\rb"],
  ["with a NUL in its name", "X\x00: a"],
];

export const fields: Group = {
  name: "Fields",
  cases: [
    exchanged([1], "RFC 9112 section 2.2", "Bytes beyond ASCII in values pass as they are.", {
      request: withField("X-Name: caf\xe9 \x80\xff \xe5\x98\x8a"),
      forwarded: head("GET / HTTP/1.1", "Host: a", "X-Name: caf\xe9 \x80\xff \xe5\x98\x8a", ...ADDED),
      response: head("HTTP/1.1 200 \xc9t\xe9", DATE, "X-Name: \xff\xfe", "Content-Length: 0"),
      returned: head("HTTP/1.1 200 \xc9t\xe9", DATE, "X-Name: \xff\xfe", "Content-Length: 0"),
    }),
    ...controls.map(([title, octet]) =>
      refused(
        octet === "\r" ? [2, 18] : [18],
        "RFC 9110 section 5.5",
        `A value with ${title} is refused.`,
        withField(`X: a${octet}b`),
        400,
        "control-character",
      ),
    ),
    refused(
      [2, 6],
      "RFC 9112 section 2.2",
      "A field line that ends with CR CR LF is refused.",
      withField("X: y\r"),
      400,
      "control-character",
    ),
    refused(
      [3, 6],
      "RFC 9112 section 2.2",
      "A field line that ends with a bare LF is refused.",
      "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
      400,
      "line-ending-invalid",
    ),
    refused(
      [3, 6],
      "RFC 9112 section 2.2",
      "A head whose last line is a bare LF is refused.",
      "GET / HTTP/1.1\r\nHost: a\r\n\n",
      400,
      "line-ending-invalid",
    ),
    refused(
      [3, 6],
      "RFC 9112 section 2.2",
      "A bare LF in a value does not begin another field.",
      withField("X: y\nTransfer-Encoding: chunked"),
      400,
      "line-ending-invalid",
    ),
    ...[" ", "\t"].map((space) =>
      refused(
        [5],
        "RFC 9112 section 2.2",
        `${space === " " ? "A space" : "A tab"} before the first field is refused.`,
        `GET / HTTP/1.1\r\n${space}Host: a\r\n\r\n`,
        400,
        "space-before-first-field",
      ),
    ),
    refused(
      [5],
      "RFC 9112 section 2.2",
      "A line of white space before the first field is refused.",
      "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n",
      400,
      "space-before-first-field",
    ),
    ...malformedLines.map(([title, line]) =>
      refused(
        [6],
        "RFC 9112 section 5",
        `A field line with ${title} is refused.`,
        withField(line),
        400,
        "field-line-malformed",
      ),
    ),
    ...[" ", "\t"].map((space) =>
      refused(
        [14],
        "RFC 9112 section 5.1",
        `${space === " " ? "A space" : "A tab"} between name and colon is refused.`,
        withField(`X${space}: y`),
        400,
        "space-before-colon",
      ),
    ),
    refused(
      [14],
      "RFC 9112 section 5.1",
      "A space between Transfer-Encoding and its colon is refused.",
      `${withField("Transfer-Encoding : chunked")}0\r\n\r\n`,
      400,
      "space-before-colon",
    ),
    refused(
      [14],
      "RFC 9112 section 5.1",
      "A space between Content-Length and its colon is refused.",
      `${withField("Content-Length : 5")}hello`,
      400,
      "space-before-colon",
    ),
    exchanged([15], "RFC 9112 section 5.1", "White space between name and colon is removed from a response.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 200 OK", DATE, "X \t: y", "Content-Length: 0", "Z: z"),
      returned: head("HTTP/1.1 200 OK", DATE, "X: y", "Content-Length: 0", "Z: z"),
    }),
    exchanged(
      [15, 22],
      "RFC 9112 section 5.1",
      "A space before the colon of Content-Length in a response hides it not.",
      {
        request: GET,
        forwarded: GET_FORWARDED,
        response: `${head("HTTP/1.1 200 OK", DATE, "Content-Length : 2")}ok`,
        returned: OK,
      },
    ),
    refused(
      [16],
      "RFC 9112 section 5.2",
      "A folded field line in a request is refused.",
      withField("X: y\r\n z"),
      400,
      "obsolete-line-folding",
    ),
    refused(
      [16],
      "RFC 9112 section 5.2",
      "A folded Transfer-Encoding is refused.",
      `${withField("Transfer-Encoding:\r\n chunked")}0\r\n\r\n`,
      400,
      "obsolete-line-folding",
    ),
    refused(
      [16],
      "RFC 9112 section 5.2",
      "A folded line that holds nothing but a tab is refused.",
      withField("X: y\r\n\t"),
      400,
      "obsolete-line-folding",
    ),
    exchanged([17], "RFC 9112 section 5.2", "A folded field line in a response is joined with a space.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 200 OK", DATE, "X: one \r\n\t two\r\n three", "Content-Length: 0", "Y: \r\n four"),
      returned: head("HTTP/1.1 200 OK", DATE, "X: one two three", "Content-Length: 0", "Y: four"),
    }),
    {
      ...refused(
        [19],
        "RFC 9110 section 5.4",
        "A field beyond the limit is answered 431.",
        withField(`X: ${"y".repeat(200)}`),
        431,
        "head-too-large",
      ),
      settings: FEW_FIELDS,
    },
    {
      ...refused(
        [19],
        "RFC 9110 section 5.4",
        "More field lines than the limit are answered 431.",
        withField("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5"),
        431,
        "too-many-fields",
      ),
      settings: FEW_FIELDS,
    },
    {
      ...exchanged([19], "RFC 9110 section 5.4", "A head of exactly the limit is taken.", {
        request: head("GET / HTTP/1.1", "Host: a", `X: ${"y".repeat(160 - GET.length - "X: \r\n".length)}`),
        forwarded: head("GET / HTTP/1.1", "Host: a", `X: ${"y".repeat(160 - GET.length - "X: \r\n".length)}`, ...ADDED),
        response: OK,
        returned: OK,
      }),
      settings: FEW_FIELDS,
    },
    exchanged([20], "RFC 9110 section 5.3", "Fields of the same name keep their order.", {
      request: head("GET / HTTP/1.1", "Accept: a/b", "Host: a", "X: 1", "accept: c/d", "X: 2"),
      forwarded: head("GET / HTTP/1.1", "Accept: a/b", "Host: a", "X: 1", "accept: c/d", "X: 2", ...ADDED),
      response: head(
        "HTTP/1.1 200 OK",
        "Set-Cookie: a=1",
        DATE,
        "Set-Cookie: b=2",
        "Content-Length: 0",
        "X: 2",
        "X: 1",
      ),
      returned: head(
        "HTTP/1.1 200 OK",
        "Set-Cookie: a=1",
        DATE,
        "Set-Cookie: b=2",
        "Content-Length: 0",
        "X: 2",
        "X: 1",
      ),
    }),
    exchanged([21], "RFC 9110 section 5.1", "Unknown fields pass as they came, white space around values included.", {
      request: "GET / HTTP/1.1\r\nhost:a\r\nX-Unknown:  y \t\r\n!#$%&'*+-.^_`|~0: z\r\nX-Empty:\r\n\r\n",
      forwarded: `GET / HTTP/1.1\r\nhost:a\r\nX-Unknown:  y \t\r\n!#$%&'*+-.^_\`|~0: z\r\nX-Empty:\r\n${ADDED.join("\r\n")}\r\n\r\n`,
      response: `HTTP/1.1 200 OK\r\n${DATE}\r\nX-Unknown:\t y \r\nContent-Length: 0\r\n\r\n`,
      returned: `HTTP/1.1 200 OK\r\n${DATE}\r\nX-Unknown:\t y \r\nContent-Length: 0\r\n\r\n`,
    }),
    ...statusLines.map(([title, line]) =>
      badResponse(
        [33],
        "RFC 9112 section 4",
        `A response with ${title} is discarded.`,
        `${line}\r\nContent-Length: 2\r\n\r\nok`,
      ),
    ),
    badResponse(
      [3, 33],
      "RFC 9112 section 2.2",
      "A status-line that ends with a bare LF is discarded.",
      "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok",
    ),
    ...badResponseLines.map(([title, line]) =>
      badResponse(
        /[\r\0]/.test(line) ? [2, 18] : [33],
        "RFC 9112 section 5",
        `A response with a field line ${title} is discarded.`,
        `HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 2\r\n\r\nok`,
      ),
    ),
    badResponse(
      [5],
      "RFC 9112 section 2.2",
      "A response with a space before its first field is discarded.",
      "HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 2\r\n\r\nok",
    ),
    badResponse(
      [19],
      "RFC 9110 section 5.4",
      "A response whose head is beyond the limit is discarded.",
      head("HTTP/1.1 200 OK", `X: ${"y".repeat(200)}`, "Content-Length: 0"),
      FEW_FIELDS,
    ),
    exchanged([33], "RFC 9112 section 4", "A status-line without a reason-phrase gets its space back.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 200", DATE, "Content-Length: 0"),
      returned: head("HTTP/1.1 200 ", DATE, "Content-Length: 0"),
    }),
    exchanged([33], "RFC 9112 section 4", "A reason-phrase passes as it came.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 404 Nobody  here", DATE, "Content-Length: 0"),
      returned: head("HTTP/1.1 404 Nobody  here", DATE, "Content-Length: 0"),
    }),
    ...[600, 799, 999].map((status) =>
      exchanged([21], "RFC 9110 section 15", `A status of ${status}, which no class has, passes as it came.`, {
        request: GET,
        forwarded: GET_FORWARDED,
        response: `${head(`HTTP/1.1 ${status} Denied`, DATE, "Content-Length: 2")}no`,
        returned: `${head(`HTTP/1.1 ${status} Denied`, DATE, "Content-Length: 2")}no`,
      }),
    ),
    {
      rows: [44],
      section: "RFC 9112 section 8",
      title: "A response whose head breaks off is answered 502.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends("HTTP/1.1 200 OK\r\nContent-Le"),
        origin.halfCloses,
        client.receives({ status: 502, reason: "response-incomplete", connectionLines: "", isHead: false }),
      ],
      client: ["persists"],
      origin: ["closed peer-closed"],
    },
  ],
};
