/** Faults of origins that an operator tolerates (`--tolerate`), and what is refused all the same (RFC 9112 section 2.2). */
import type { SceneSettings } from "../../kit/stage.ts";
import {
  badResponse,
  type Case,
  client,
  DATE,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  OK,
  origin,
  refused,
} from "../case.ts";

const settings: SceneSettings = { tolerates: new Set(["bare-lf", "control-characters"]) };

/** A response that is mended. `doubtful`: nothing more is read from its connection. */
function mended(
  rows: readonly number[],
  section: string,
  title: string,
  response: string,
  returned: string,
  doubtful = false,
): Case {
  return {
    rows,
    section,
    title,
    settings,
    steps: [client.sends(GET), origin.receives(GET_FORWARDED), origin.sends(response), client.receives(returned)],
    client: ["persists"],
    origin: [doubtful ? "closed response-tolerated" : "persists"],
  };
}

function stillRefused(title: string, response: string): Case {
  return badResponse([3, 33], "RFC 9112 section 6.3", title, response, settings);
}

const DEVICE = `HTTP/1.1 200 OK\n${DATE}\nContent-Length: 2\n\nok`;

export const tolerated: Group = {
  name: "What is tolerated on request",
  cases: [
    mended(
      [3, 17],
      "RFC 9112 section 2.2",
      "A value over several lines that end with bare LF is joined with spaces.",
      `${head("HTTP/1.1 200 OK", DATE, "Content-Security-Policy: default-src 'self';\n script-src 'self';", "Content-Length: 2")}ok`,
      `${head("HTTP/1.1 200 OK", DATE, "Content-Security-Policy: default-src 'self'; script-src 'self';", "Content-Length: 2")}ok`,
    ),
    mended(
      [3],
      "RFC 9112 section 2.2",
      "A head whose lines all end with bare LF is taken, and its connection closes behind it.",
      DEVICE,
      OK,
      true,
    ),
    mended(
      [2, 18],
      "RFC 9110 section 5.5",
      "Control characters in a value become spaces, NUL and bare CR among them.",
      `${head("HTTP/1.1 200 OK", DATE, "X: a\x00b\rc\x1b[0m", "Content-Length: 2")}ok`,
      `${head("HTTP/1.1 200 OK", DATE, "X: a b c [0m", "Content-Length: 2")}ok`,
    ),
    stillRefused(
      "A bare LF that would begin a Content-Length is refused all the same.",
      head("HTTP/1.1 200 OK", "X: a\nContent-Length: 0") + OK,
    ),
    stillRefused(
      "A bare LF that would end the head is refused all the same.",
      `${head("HTTP/1.1 200 OK", "Content-Length: 2", "X: a\n")}ok`,
    ),
    stillRefused(
      "A control character in a Transfer-Encoding is refused all the same.",
      `${head("HTTP/1.1 200 OK", "Transfer-Encoding: \x0bchunked")}0\r\n\r\n`,
    ),
    {
      ...refused(
        [3, 6],
        "RFC 9112 section 2.2",
        "Nothing is tolerated of requests.",
        "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        400,
        "line-ending-invalid",
      ),
      settings,
    },
    {
      rows: [3, 37, 44],
      section: "RFC 9112 section 7.1",
      title: "Nothing is tolerated of chunks.",
      settings,
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(`${head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked")}2\nok\n0\n\n`),
        client.receives({
          head: head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked"),
          content: "",
          trailers: "",
          isUnfinished: true,
        }),
      ],
      client: ["FIN upstream-failed"],
      origin: ["closed response-malformed"],
    },
  ],
};
