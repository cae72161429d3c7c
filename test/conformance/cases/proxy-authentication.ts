/** Names and passwords for the forward proxy (RFC 9110 section 11.7, RFC 7617). */
import type { Authentication } from "../../../src/exchange/authentication.ts";
import {
  answer,
  type Case,
  CREDENTIALS,
  client,
  client2,
  DATE,
  type Group,
  head,
  OK,
  origin,
  origin2,
  refusal,
  type Step,
  VIA,
} from "../case.ts";
import { FORWARD, whereAsked } from "../forward-settings.ts";

const SECTION = "RFC 9110 section 11.7";

const BODY =
  "407 Proxy Authentication Required: proxy-authentication-required\n" +
  "Send the name and password for this proxy in Proxy-Authorization (RFC 9110 section 11.7).\n";
const CHALLENGE = `${head(
  "HTTP/1.1 407 Proxy Authentication Required",
  DATE,
  "Content-Type: text/plain; charset=utf-8",
  `Content-Length: ${BODY.length}`,
  "Cache-Control: no-store",
  'Proxy-Authenticate: Basic realm="hopwise", charset="UTF-8"',
  'Proxy-Status: hopwise-test; error=http_request_denied; details="proxy-authentication-required"',
)}${BODY}`;

const required = answer(407, "proxy-authentication-required");
const requiredClosing = refusal(407, "proxy-authentication-required");

const basic = (credentials: string) => `Proxy-Authorization: Basic ${Buffer.from(credentials).toString("base64")}`;
/** Lets everybody in, as what is said. */
const anyName: Authentication = { judge: () => "good", nameOf: ([value]) => value };
const GET = (...fields: string[]) => head("GET http://a/ HTTP/1.1", "Host: a", ...fields);
const GONE_ON = head("GET / HTTP/1.1", "Host: a", VIA);
const BACK = OK.replace("\r\n\r\n", `\r\n${VIA}\r\n\r\n`);
const exchange: readonly Step[] = [
  client.sends(GET(...CREDENTIALS)),
  origin.receives(GONE_ON),
  origin.sends(OK),
  client.receives(BACK),
];

function asked(
  rows: readonly number[],
  title: string,
  wire: Pick<Case, "steps" | "client" | "origin" | "onlyWhole">,
): Case {
  return whereAsked({ rows, section: SECTION, title, ...wire });
}

/** Credentials that let nobody in: asked for again, and the connection goes on. */
function wrong(title: string, ...fields: string[]): Case {
  return asked([45], `${title} let nobody in.`, {
    steps: [client.sends(GET(...fields)), client.receives(required)],
    client: ["persists"],
    origin: [],
  });
}

export const proxyAuthentication: Group = {
  name: "Proxy authentication",
  cases: [
    asked([45, 57], "Whoever sends no credentials is told how, and may send them on the same connection.", {
      steps: [client.sends(GET()), client.receives(CHALLENGE), ...exchange],
      client: ["persists"],
      origin: ["persists"],
    }),
    asked([45, 57], "Credentials that were good once are good at once, and never go on.", {
      steps: [...exchange, ...exchange],
      client: ["persists"],
      origin: ["persists"],
    }),
    wrong("A wrong password does", basic("alice:wrong")),
    wrong("A name that nobody has", basic("bob:secret: word")),
    wrong("Credentials without a colon", basic("alice")),
    wrong("Credentials with control characters", basic("alice:secret: word\n")),
    wrong("Credentials of another scheme", "Proxy-Authorization: Bearer abc"),
    wrong("Credentials given twice", ...CREDENTIALS, ...CREDENTIALS),
    wrong("Credentials for the origin", CREDENTIALS[0]?.replace("Proxy-", "") ?? ""),
    asked([60], "A whole request that is turned away leaves the connection in order.", {
      steps: [
        client.sends(`${head("POST http://a/ HTTP/1.1", "Host: a", "Content-Length: 5")}hello`),
        client.receives(required),
        ...exchange,
      ],
      client: ["persists"],
      origin: ["persists"],
      onlyWhole: "whether all of it is there when it is turned away depends on how it arrives",
    }),
    asked([60, 91], "A request whose body waits for 100 is turned away without it, and the connection closes.", {
      steps: [
        client.sends(head("POST http://a/ HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5")),
        client.receives(requiredClosing),
      ],
      client: ["FIN request-unfinished"],
      origin: [],
    }),
    asked([60, 67], "What follows while credentials are checked waits its turn.", {
      steps: [
        client.sends(
          `${head("POST http://a/ HTTP/1.1", "Host: a", ...CREDENTIALS, "Content-Length: 5")}hello${GET(...CREDENTIALS)}`,
        ),
        origin.receives(`${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", VIA)}hello`),
        origin.sends(OK),
        client.receives(BACK),
        origin.receives(GONE_ON),
        origin.sends(OK),
        client.receives(BACK),
      ],
      client: ["persists"],
      origin: ["persists"],
    }),
    asked([85], "A client that closes its side while its credentials are checked is still answered.", {
      steps: [
        client.sends(GET(...CREDENTIALS)),
        client.halfCloses,
        origin.receives(GONE_ON),
        origin.sends(OK),
        client.receives(BACK.replace(VIA, `${VIA}\r\nConnection: close`)),
        origin.halfCloses,
      ],
      client: ["FIN peer-half-closed"],
      origin: ["FIN peer-closed-idle"],
    }),
    {
      rows: [74],
      section: SECTION,
      title: "Users behind one address have a share of the origins each.",
      settings: { forward: { ...FORWARD, originsMax: 2, authentication: anyName } },
      steps: [
        client.sends(GET(basic("one:1"))),
        origin.receives(GONE_ON),
        client2.sends(head("GET http://b/ HTTP/1.1", "Host: b", basic("two:2"))),
        origin2.receives(head("GET / HTTP/1.1", "Host: b", VIA)),
        origin2.sends(OK),
        client2.receives(BACK),
        origin.sends(OK),
        client.receives(BACK),
      ],
      client: ["persists", "persists"],
      origin: ["persists", "persists"],
    },
    {
      rows: [75],
      section: SECTION,
      title: "A client that goes while its credentials are checked takes its request with it.",
      settings: { forward: { ...FORWARD, authentication: { ...anyName, judge: () => undefined } } },
      steps: [client.sends(GET(...CREDENTIALS)), client.resets],
      client: ["closed peer-reset"],
      origin: [],
    },
    {
      rows: [77],
      section: SECTION,
      title: "A client whose credentials cannot be checked for want of time may come again.",
      settings: { forward: { ...FORWARD, authentication: { ...anyName, judge: () => "authentication-busy" } } },
      steps: [
        client.sends(GET(...CREDENTIALS)),
        client.receives(answer(503, "authentication-busy")),
        client.halfCloses,
        client.sees("FIN"),
      ],
      client: ["FIN peer-closed-idle"],
      origin: [],
    },
    asked([95], "A CONNECT without credentials gets no tunnel, and its connection closes.", {
      steps: [client.sends(head("CONNECT a:443 HTTP/1.1", "Host: a")), client.receives(requiredClosing)],
      client: ["FIN no-tunnel"],
      origin: [],
    }),
    asked([96], "A CONNECT with credentials gets a tunnel.", {
      steps: [
        client.sends(`${head("CONNECT a:443 HTTP/1.1", "Host: a", ...CREDENTIALS)}early`),
        client.receives(head("HTTP/1.1 200 Connection Established")),
        origin.receives("early"),
        client.halfCloses,
        origin.sees("FIN"),
        origin.halfCloses,
      ],
      client: ["FIN tunnel-ended"],
      origin: ["FIN tunnel-ended"],
    }),
  ],
};
