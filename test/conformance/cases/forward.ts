/** The forward proxy: where targets lead, what each hop is told, and whose request it is the last to hear. */
import { OWN_ADDRESS } from "../../kit/stage.ts";
import {
  answer,
  type Case,
  client,
  client2,
  DATE,
  type Group,
  head,
  OK,
  OK_CLOSE,
  origin,
  origin2,
  VIA,
} from "../case.ts";
import { FORWARD, forwarded, open, turnedAway } from "../forward-settings.ts";

const TARGETS = "RFC 9112 section 3.2.2";
const VIA_SECTION = "RFC 9110 section 7.6.3";
const NOT_KEPT = "RFC 9112 section 9.3";
const ORIGINS = "RFC 9110 section 4.3.1";

const GET = head("GET http://a/ HTTP/1.1", "Host: a");
const GONE_ON = head("GET / HTTP/1.1", "Host: a", VIA);
const BACK = OK.replace("\r\n\r\n", `\r\n${VIA}\r\n\r\n`);
const BACK_CLOSE = OK_CLOSE.replace("Connection: close", `${VIA}\r\nConnection: close`);

/** What a request's fields become; its answer goes back as ever. */
function request(
  rows: readonly number[],
  section: string,
  title: string,
  sent: readonly string[],
  gone: readonly string[],
): Case {
  return forwarded(rows, section, title, {
    request: head("GET http://a/ HTTP/1.1", "Host: a", ...sent),
    forwarded: head("GET / HTTP/1.1", "Host: a", ...gone, VIA),
    response: OK,
    returned: BACK,
  });
}

/** An HTTP/1.0 request: answered as any other, and its connection closes whatever it asked for. */
function http10(title: string, ...fields: string[]): Case {
  return {
    rows: [62, 66, 98],
    section: NOT_KEPT,
    title,
    settings: open,
    steps: [
      client.sends(head("GET http://a/ HTTP/1.0", ...fields)),
      origin.receives(head("GET / HTTP/1.1", "Host: a", "Via: 1.0 hopwise-test")),
      origin.sends(OK),
      client.receives(BACK_CLOSE),
    ],
    client: ["FIN http10-not-kept"],
    origin: ["persists"],
  };
}

/** Two exchanges of one client, one after the other, with origins of two names. */
function twoOrigins(title: string, limit: Partial<typeof FORWARD>, end: "pool-evicted" | "pool-surplus"): Case {
  return {
    rows: [74],
    section: "RFC 9112 section 9.4",
    title,
    settings: { forward: { ...FORWARD, ...limit } },
    steps: [
      client.sends(GET),
      origin.receives(GONE_ON),
      origin.sends(OK),
      client.receives(BACK),
      client.sends(head("GET http://b/ HTTP/1.1", "Host: b")),
      origin2.receives(head("GET / HTTP/1.1", "Host: b", VIA)),
      origin2.sends(OK),
      client.receives(BACK),
      client.halfCloses,
      client.sees("FIN"),
      origin2.halfCloses,
    ],
    client: ["FIN peer-closed-idle"],
    origin: [`FIN ${end}`, "FIN peer-closed-idle"],
  };
}

/** A request that is answered without asking any origin; the connection goes on. */
function answered(
  rows: readonly number[],
  section: string,
  title: string,
  target: string,
  [status, reason]: readonly [number, Parameters<typeof answer>[1]],
): Case {
  return {
    rows,
    section,
    title,
    settings: open,
    steps: [client.sends(head(`GET ${target} HTTP/1.1`, "Host: a")), client.receives(answer(status, reason))],
    client: ["persists"],
    origin: [],
  };
}

const hidden = [
  "127.0.0.1",
  "0.0.0.0",
  "10.0.0.1",
  "169.254.169.254",
  "192.168.1.1",
  "[::1]",
  "[fd00::1]",
  "[::ffff:127.0.0.1]",
  "[64:ff9b::7f00:1]",
];

const FINAL_ANSWER = ["HTTP/1.1 200 OK", DATE, "Content-Length: 0", "Cache-Control: no-store", "Connection: close"];
const TRACE = head("TRACE / HTTP/1.1", "Host: a", "Max-Forwards: 0", "Proxy-Authorization: Basic eDp5");
const TRACED = head("TRACE / HTTP/1.1", "Host: a", "Max-Forwards: 0");

function recipient(title: string, sent: string, returned: string): Case {
  return {
    rows: [13, 53],
    section: "RFC 9110 section 7.6.2",
    title,
    settings: open,
    steps: [client.sends(sent), client.receives(returned)],
    client: ["FIN max-forwards"],
    origin: [],
  };
}

export const forward: Group = {
  name: "Forward proxy",
  cases: [
    turnedAway(
      [10],
      "RFC 3986 section 3.2.2",
      "An address of an IP version that is yet to come is valid, and nobody knows the way there.",
      head("GET http://[v1.a]/ HTTP/1.1", "Host: [v1.a]"),
      [501, "address-version-unknown"],
    ),
    forwarded([12, 51], TARGETS, "A proxy takes the absolute-form, and replaces Host by what the target says.", {
      request: head("GET http://a/x?y=%7e HTTP/1.1", "Host: elsewhere"),
      forwarded: head("GET /x?y=%7e HTTP/1.1", "Host: a", VIA),
      response: OK,
      returned: BACK,
    }),
    forwarded([13], "RFC 9112 section 3.2.4", "A proxy sends `*` for OPTIONS of a URI without a path.", {
      request: head("OPTIONS http://a HTTP/1.1", "Host: a"),
      forwarded: head("OPTIONS * HTTP/1.1", "Host: a", VIA),
      response: OK,
      returned: BACK,
    }),
    turnedAway(
      [12],
      TARGETS,
      "A proxy that is asked in origin-form says what it is.",
      head("GET / HTTP/1.1", "Host: a"),
      [400, "absolute-form-required"],
    ),
    turnedAway(
      [12],
      TARGETS,
      "OPTIONS in origin-form is no request to the proxy itself.",
      head("OPTIONS / HTTP/1.1", "Host: a", "Max-Forwards: 1"),
      [400, "absolute-form-required"],
    ),
    ...["https://a/", "HTTPS://a:443/", "ftp://a/", "ws://a/"].map((target) =>
      turnedAway(
        [12],
        "RFC 9110 section 4.3.4",
        `A proxy does not make itself the client of ${target}.`,
        head(`GET ${target} HTTP/1.1`, "Host: a"),
        [501, "scheme-not-supported"],
      ),
    ),
    ...["http://a:0/", "http://a:65536/", `http://${"a".repeat(255)}/`].map((target) =>
      turnedAway(
        [10, 12],
        "RFC 9110 section 4.2.1",
        `A target that leads nowhere is refused: ${target.slice(0, 20)}.`,
        head(`GET ${target} HTTP/1.1`, "Host: a"),
        [400, "host-invalid"],
      ),
    ),
    turnedAway(
      [12],
      "RFC 9110 section 4.2.4",
      "A target with userinfo is refused by a proxy, too.",
      head("GET http://trusted.example@a/ HTTP/1.1", "Host: a"),
      [400, "userinfo-not-allowed"],
    ),

    // Origins.
    {
      rows: [57, 61],
      section: ORIGINS,
      title: "Origins are told apart by host and port, not by how these are written.",
      settings: open,
      steps: [
        client.sends(GET),
        origin.receives(GONE_ON),
        origin.sends(OK),
        client.receives(BACK),
        client.sends(head("GET http://a:81/ HTTP/1.1", "Host: a:81")),
        origin2.receives(head("GET / HTTP/1.1", "Host: a:81", VIA)),
        origin2.sends(OK),
        client.receives(BACK),
        client.sends(head("GET http://A:80/ HTTP/1.1", "Host: A:80")),
        origin.receives(head("GET / HTTP/1.1", "Host: A:80", VIA)),
        origin.sends(OK),
        client.receives(BACK),
        origin2.halfCloses,
        origin2.sees("FIN"),
      ],
      client: ["persists"],
      origin: ["persists", "FIN peer-closed-idle"],
    },
    {
      rows: [57, 65],
      section: NOT_KEPT,
      title: "Clients share the connections to an origin.",
      settings: open,
      steps: [
        client.sends(GET),
        origin.receives(GONE_ON),
        origin.sends(OK),
        client.receives(BACK),
        client2.sends(GET),
        origin.receives(GONE_ON),
        origin.sends(OK),
        client2.receives(BACK),
      ],
      client: ["persists", "persists"],
      origin: ["persists"],
    },
    twoOrigins(
      "Where there are as many origins as may be, the one not asked for longest makes way.",
      { originsMax: 1 },
      "pool-evicted",
    ),
    twoOrigins(
      "Where as many connections idle as may in all, the longest idle one closes.",
      { idleMax: 1 },
      "pool-surplus",
    ),
    {
      rows: [74, 77],
      section: "RFC 9112 section 9.4",
      title: "An origin that is in use makes no way for another.",
      settings: { forward: { ...FORWARD, originsMax: 1 } },
      steps: [
        client.sends(GET),
        origin.receives(GONE_ON),
        client2.sends(head("GET http://b/ HTTP/1.1", "Host: b")),
        client2.receives(answer(503, "too-many-origins")),
        origin.sends(OK),
        client.receives(BACK),
      ],
      client: ["persists", "persists"],
      origin: ["persists"],
    },
    {
      rows: [74, 77],
      section: "RFC 9112 section 9.4",
      title: "One client has no more origins in use than are left for others, and may have more later.",
      settings: { forward: { ...FORWARD, originsMax: 2 } },
      steps: [
        client.sends(GET),
        origin.receives(GONE_ON),
        client2.sends(head("GET http://b/ HTTP/1.1", "Host: b")),
        client2.receives(answer(503, "too-many-origins")),
        origin.sends(OK),
        client.receives(BACK),
        client2.sends(head("GET http://b/ HTTP/1.1", "Host: b")),
        origin2.receives(head("GET / HTTP/1.1", "Host: b", VIA)),
        origin2.sends(OK),
        client2.receives(BACK),
      ],
      client: ["persists", "persists"],
      origin: ["persists", "persists"],
    },
    answered(
      [95],
      "RFC 9110 section 17.1",
      "A port that is not allowed is not reached: its service might take the request's lines for orders.",
      "http://a:25/",
      [403, "port-forbidden"],
    ),
    answered(
      [77],
      "RFC 9110 section 15.6.3",
      "An origin that refuses connections is answered for with 502.",
      "http://refusing/",
      [502, "connect-failed"],
    ),
    ...hidden.map((host) =>
      answered(
        [52],
        "RFC 9110 section 17.1",
        `What is not public is not reached for others: ${host}.`,
        `http://${host}/`,
        [403, "address-not-public"],
      ),
    ),

    // Loops.
    answered(
      [54],
      "RFC 9110 section 7.6",
      "A target that is the proxy itself is a loop before it begins.",
      `http://${OWN_ADDRESS.host}:${OWN_ADDRESS.port}/`,
      [508, "loop-detected"],
    ),
    turnedAway(
      [54],
      "RFC 9110 section 7.6",
      "A request that has passed this proxy before is a loop.",
      head("GET http://a/ HTTP/1.1", "Host: a", "Via: 1.0 x, 1.1 hopwise-test"),
      [508, "loop-detected"],
    ),

    // Via.
    forwarded([51], VIA_SECTION, "A proxy adds Via in both directions, behind what was there.", {
      request: head("GET http://a/ HTTP/1.1", "Host: a", "Via: 1.1 before"),
      forwarded: head("GET / HTTP/1.1", "Host: a", "Via: 1.1 before", VIA),
      response: OK.replace("Content-Length", "Via: 1.0 inside\r\nContent-Length"),
      returned: BACK.replace("Content-Length", "Via: 1.0 inside\r\nContent-Length"),
    }),
    {
      rows: [51],
      section: VIA_SECTION,
      title: "Via names the version in which the response was received.",
      settings: open,
      steps: [
        client.sends(GET),
        origin.receives(GONE_ON),
        origin.sends(OK.replace("HTTP/1.1", "HTTP/1.0")),
        client.receives(BACK.replace("Via: 1.1", "Via: 1.0")),
      ],
      client: ["persists"],
      origin: ["closed http10-not-kept"],
    },

    forwarded([51, 88], VIA_SECTION, "Via stands in interim responses, too: they are messages that a proxy forwards.", {
      request: GET,
      forwarded: GONE_ON,
      response: `${head("HTTP/1.1 103 Early Hints", "Link: </a>")}${head("HTTP/1.0 100 Continue")}${OK}`,
      returned: `${head("HTTP/1.1 103 Early Hints", "Link: </a>", VIA)}${head("HTTP/1.1 100 Continue", "Via: 1.0 hopwise-test")}${BACK}`,
    }),
    {
      rows: [51, 93],
      section: VIA_SECTION,
      title: "Via stands in the 101 that ends HTTP on the connection.",
      settings: open,
      steps: [
        client.sends(head("GET http://a/ HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: x")),
        origin.receives(head("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: x", VIA)),
        origin.sends(head("HTTP/1.1 101 x", "Connection: Upgrade", "Upgrade: x")),
        client.receives(head("HTTP/1.1 101 x", VIA, "Connection: Upgrade", "Upgrade: x")),
        client.halfCloses,
        origin.sees("FIN"),
        origin.halfCloses,
      ],
      client: ["FIN tunnel-ended"],
      origin: ["FIN tunnel-ended"],
    },

    // The final recipient.
    recipient("OPTIONS * is meant for the proxy itself.", head("OPTIONS * HTTP/1.1", "Host: a"), head(...FINAL_ANSWER)),
    recipient(
      "OPTIONS of another's URI with Max-Forwards 0 is answered by the proxy.",
      head("OPTIONS http://a/ HTTP/1.1", "Host: a", "Max-Forwards: 0"),
      head(...FINAL_ANSWER),
    ),
    recipient(
      "TRACE with Max-Forwards 0 ends at the proxy, in whatever form, and does not tell its credentials.",
      TRACE,
      `${head(
        "HTTP/1.1 200 OK",
        DATE,
        "Content-Type: message/http",
        `Content-Length: ${TRACED.length}`,
        "Cache-Control: no-store",
        "Connection: close",
      )}${TRACED}`,
    ),
    forwarded([53], "RFC 9110 section 7.6.2", "A proxy counts Max-Forwards down.", {
      request: head("TRACE http://a/ HTTP/1.1", "Host: a", "Max-Forwards: 1"),
      forwarded: head("TRACE / HTTP/1.1", "Host: a", "Max-Forwards: 0", VIA),
      response: OK,
      returned: BACK,
    }),

    // Persistence.
    http10("A proxy closes an HTTP/1.0 connection behind its answer."),
    http10("A proxy keeps no HTTP/1.0 connection, though it be asked to.", "Connection: keep-alive"),
    http10(
      "A proxy keeps no HTTP/1.0 connection for Proxy-Connection.",
      "Proxy-Connection: keep-alive",
      "Keep-Alive: 300",
    ),
    request(
      [57, 98],
      "RFC 9112 appendix C.2.2",
      "A proxy promises nothing to HTTP/1.1 clients that ask for keep-alive: it is the default.",
      ["Connection: keep-alive", "Keep-Alive: timeout=60"],
      [],
    ),
    request(
      [66],
      "RFC 9112 appendix C.2.2",
      "Proxy-Connection does not go on, is not answered in kind, and closes nothing.",
      ["Proxy-Connection: close", "X: y"],
      ["X: y"],
    ),

    // Who asks.
    request(
      [52],
      "RFC 7239 section 8.1",
      "A proxy does not tell whose request it is, and leaves alone what others tell.",
      ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4"],
      ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4"],
    ),
    request(
      [45],
      "RFC 9110 section 11.7.2",
      "Credentials for a proxy go no further, asked for or not.",
      ["Proxy-Authorization: Basic eDp5", "Authorization: Basic eDp5"],
      ["Authorization: Basic eDp5"],
    ),
    ...["Proxy-Authenticate: Basic realm=x", "Proxy-Authentication-Info: nextnonce=x"].map((field) =>
      forwarded(
        [45],
        "RFC 9110 section 11.7",
        `What an origin says as if it were the proxy goes no further: ${field}.`,
        {
          request: GET,
          forwarded: GONE_ON,
          response: OK.replace("Content-Length", `${field}\r\nContent-Length`),
          returned: BACK,
        },
      ),
    ),
    {
      rows: [45],
      section: "RFC 9110 section 11.7.1",
      title: "An origin's 407 is not passed for the proxy's own.",
      settings: open,
      steps: [
        client.sends(GET),
        origin.receives(GONE_ON),
        origin.sends(head("HTTP/1.1 407 x", "Proxy-Authenticate: Basic realm=x", "Content-Length: 0")),
        client.receives(answer(502, "proxy-authentication-unexpected")),
      ],
      client: ["persists"],
      origin: ["closed response-malformed"],
    },
  ],
};
