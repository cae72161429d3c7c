/** Authentication that binds to a connection (NTLM, Negotiate): the client that logged in goes on there, and nobody else ever does. */
import { DOUBT_MS } from "../../../src/pool/pooled-connection.ts";
import type { SceneSettings } from "../../kit/stage.ts";
import {
  ADDED,
  addedFor,
  answer,
  type Case,
  client,
  client2,
  DATE,
  type End,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  OK,
  OK_CLOSE,
  ordinaryExchange,
  origin,
  origin2,
  type Step,
  VIA,
  waits,
} from "../case.ts";
import { open } from "../forward-settings.ts";

const STATELESS = "RFC 9110 section 16.4.2";
const ONE_USER = "RFC 9110 section 3.3";
const RETRY = "RFC 9112 section 9.3.1";
const LIMIT = "RFC 9112 section 9.4";
const PROXIES = "RFC 4559 section 6";

const ask = (credentials: string, method = "GET") =>
  head(`${method} / HTTP/1.1`, "Host: a", `Authorization: ${credentials}`);
const asked = (credentials: string, method = "GET") =>
  head(`${method} / HTTP/1.1`, "Host: a", `Authorization: ${credentials}`, ...ADDED);
const challenge = (what: string) =>
  head("HTTP/1.1 401 Unauthorized", DATE, `WWW-Authenticate: ${what}`, "Content-Length: 0");

/** One exchange of the first client on the origin's first connection. */
function exchange(request: string, forwarded: string, response: string): Step[] {
  return [client.sends(request), origin.receives(forwarded), origin.sends(response), client.receives(response)];
}

/** The two exchanges of a handshake. */
function login(scheme: string): Step[] {
  return [
    ...exchange(ask(`${scheme} b25l`), asked(`${scheme} b25l`), challenge(`${scheme} dHdv`)),
    ...exchange(ask(`${scheme} dGhyZWU=`), asked(`${scheme} dGhyZWU=`), OK),
  ];
}

/** The client that is bound leaves, and the connection that was its own goes with it. */
const boundLeaves: readonly Step[] = [client.halfCloses, client.sees("FIN"), origin.sees("FIN")];

/** A client binds a connection, and another one's request goes elsewhere. */
function strangerElsewhere(title: string, binding: readonly Step[]): Case {
  return {
    rows: [65],
    section: STATELESS,
    title,
    steps: [
      ...binding,
      client2.sends(GET),
      origin2.receives(GET_FORWARDED),
      origin2.sends(OK),
      client2.receives(OK),
      ...boundLeaves,
    ],
    client: ["FIN peer-closed-idle", "persists"],
    origin: ["FIN binding-ended", "persists"],
  };
}

/** What does not bind: another client's request goes on the same connection. */
function shared(title: string, request: string, forwarded: string, response: string): Case {
  return {
    rows: [65],
    section: ONE_USER,
    title,
    steps: [
      ...exchange(request, forwarded, response),
      client2.sends(GET),
      origin.receives(GET_FORWARDED),
      origin.sends(OK),
      client2.receives(OK),
    ],
    client: ["persists", "persists"],
    origin: ["persists"],
  };
}

/** What a client does on a connection that is its own, until it leaves. */
function goesOn(title: string, steps: readonly Step[]): Case {
  return {
    rows: [65],
    section: STATELESS,
    title,
    steps: [...login("NTLM"), ...steps, ...boundLeaves],
    client: ["FIN peer-closed-idle"],
    origin: ["FIN binding-ended"],
  };
}

function limited(title: string, steps: readonly Step[], first: End): Case {
  return {
    rows: [74],
    section: LIMIT,
    title,
    settings: { poolSize: 1 },
    steps,
    client: ["persists", "persists"],
    origin: [first, "persists"],
  };
}

const POST = `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 2")}hi`;
const POST_FORWARDED = `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 2", ...ADDED)}hi`;

const gateway: readonly Case[] = [
  strangerElsewhere("A connection with a login on it serves nobody else.", login("NTLM")),
  strangerElsewhere(
    "A connection serves nobody else from the first credentials on, whatever the origin answers.",
    exchange(ask("NTLM b25l"), asked("NTLM b25l"), OK),
  ),
  strangerElsewhere(
    "A connection that its origin says is authenticated (Persistent-Auth) serves nobody else, whatever authenticated it.",
    exchange(GET, GET_FORWARDED, `${head("HTTP/1.1 200 OK", DATE, "Persistent-Auth: true", "Content-Length: 2")}ok`),
  ),
  strangerElsewhere(
    "A connection on which an origin continues a handshake serves nobody else.",
    exchange(GET, GET_FORWARDED, challenge("Negotiate dHdv")),
  ),
  strangerElsewhere(
    "A connection on which one of several credentials binds serves nobody else.",
    exchange(
      head("GET / HTTP/1.1", "Host: a", "Authorization: Basic YTpi", "Authorization: NTLM b25l"),
      head("GET / HTTP/1.1", "Host: a", "Authorization: Basic YTpi", "Authorization: NTLM b25l", ...ADDED),
      OK,
    ),
  ),
  strangerElsewhere(
    "A gateway passes Proxy-Authorization on, so that it binds as well.",
    exchange(
      head("GET / HTTP/1.1", "Host: a", "Proxy-Authorization: NTLM b25l"),
      head("GET / HTTP/1.1", "Host: a", "Proxy-Authorization: NTLM b25l", ...ADDED),
      OK,
    ),
  ),
  shared("Other credentials bind nothing.", ask("Basic YTpi"), asked("Basic YTpi"), OK),
  shared("An offer of NTLM binds nothing.", GET, GET_FORWARDED, challenge("Negotiate, NTLM")),
  goesOn("A client that has logged in goes on where it did.", exchange(GET, GET_FORWARDED, OK)),
  goesOn("It does so with a POST, however long it idled: elsewhere it would be a stranger.", [
    waits(30_000),
    ...exchange(POST, POST_FORWARDED, OK),
  ]),
  goesOn("It does so with what it pipelines.", [
    client.sends(GET + GET),
    origin.receives(GET_FORWARDED),
    origin.sends(OK),
    client.receives(OK),
    origin.receives(GET_FORWARDED),
    origin.sends(OK),
    client.receives(OK),
  ]),
  goesOn("It does so behind an answer to HEAD, once it is sure that no body follows.", [
    client.sends(head("HEAD / HTTP/1.1", "Host: a")),
    origin.receives(head("HEAD / HTTP/1.1", "Host: a", ...ADDED)),
    origin.sends(head("HTTP/1.1 200 OK", DATE, "Content-Length: 2")),
    client.receives(head("HTTP/1.1 200 OK", DATE, "Content-Length: 2")),
    client.sends(GET),
    waits(DOUBT_MS),
    origin.receives(GET_FORWARDED),
    origin.sends(OK),
    client.receives(OK),
  ]),
  {
    rows: [65],
    section: STATELESS,
    title: "It does so although another connection was used more recently.",
    steps: [
      client2.sends(GET),
      origin.receives(GET_FORWARDED),
      client.sends(ask("NTLM b25l")),
      origin2.receives(asked("NTLM b25l")),
      origin2.sends(challenge("NTLM dHdv")),
      client.receives(challenge("NTLM dHdv")),
      origin.sends(OK),
      client2.receives(OK),
      client.sends(ask("NTLM dGhyZWU=")),
      origin2.receives(asked("NTLM dGhyZWU=")),
      origin2.sends(OK),
      client.receives(OK),
      client.halfCloses,
      client.sees("FIN"),
      origin2.sees("FIN"),
    ],
    client: ["FIN peer-closed-idle", "persists"],
    origin: ["persists", "FIN binding-ended"],
  },
  {
    rows: [65],
    section: STATELESS,
    title: "Two clients log in at the same time, each on a connection of its own.",
    steps: [
      ...exchange(ask("NTLM b25l"), asked("NTLM b25l"), challenge("NTLM QQ==")),
      client2.sends(ask("NTLM b25l")),
      origin2.receives(asked("NTLM b25l")),
      origin2.sends(challenge("NTLM Qg==")),
      client2.receives(challenge("NTLM Qg==")),
      ...exchange(ask("NTLM YS9B"), asked("NTLM YS9B"), OK),
      client2.sends(ask("NTLM Yi9C")),
      origin2.receives(asked("NTLM Yi9C")),
      origin2.sends(OK),
      client2.receives(OK),
      ...boundLeaves,
      client2.halfCloses,
      client2.sees("FIN"),
      origin2.sees("FIN"),
    ],
    client: ["FIN peer-closed-idle", "FIN peer-closed-idle"],
    origin: ["FIN binding-ended", "FIN binding-ended"],
  },
  {
    rows: [58],
    section: STATELESS,
    title: "An HTTP/1.0 client's connection ends, and what was bound to it does, too.",
    steps: [
      client.sends(head("GET / HTTP/1.0", "Host: a", "Authorization: NTLM b25l")),
      origin.receives(head("GET / HTTP/1.1", "Host: a", "Authorization: NTLM b25l", ...addedFor("a", "1.0"))),
      origin.sends(OK),
      client.receives(OK_CLOSE),
      client.sees("FIN"),
      origin.sees("FIN"),
    ],
    client: ["FIN http10-not-kept"],
    origin: ["FIN binding-ended"],
  },
  {
    rows: [64],
    section: STATELESS,
    title: "When the origin closes it, the next request goes on a fresh connection, and is answered as a stranger's.",
    steps: [
      ...login("NTLM"),
      origin.halfCloses,
      origin.sees("FIN"),
      client.sends(GET),
      origin2.receives(GET_FORWARDED),
      origin2.sends(challenge("NTLM")),
      client.receives(challenge("NTLM")),
    ],
    client: ["persists"],
    origin: ["FIN peer-closed-idle", "persists"],
  },
  {
    rows: [71],
    section: RETRY,
    title: "The answer to a challenge is not sent again elsewhere: there it would look like a wrong password.",
    steps: [
      ...exchange(ask("NTLM b25l"), asked("NTLM b25l"), challenge("NTLM dHdv")),
      client.sends(ask("NTLM dGhyZWU=")),
      origin.receives(asked("NTLM dGhyZWU=")),
      origin.halfCloses,
      client.receives(answer(502, "upstream-closed")),
    ],
    client: ["persists"],
    origin: ["FIN peer-closed"],
  },
  {
    rows: [71],
    section: RETRY,
    title: "The first message of a handshake is sent again, and binds where it arrives.",
    steps: [
      ...ordinaryExchange,
      client.sends(ask("NTLM b25l")),
      origin.receives(asked("NTLM b25l")),
      origin.halfCloses,
      origin2.receives(asked("NTLM b25l")),
      origin2.sends(challenge("NTLM dHdv")),
      client.receives(challenge("NTLM dHdv")),
      client.halfCloses,
      client.sees("FIN"),
      origin2.sees("FIN"),
    ],
    client: ["FIN peer-closed-idle"],
    origin: ["FIN peer-closed", "FIN binding-ended"],
  },
  {
    rows: [71],
    section: RETRY,
    title: "A request without credentials is sent again, and is answered as a stranger's.",
    steps: [
      ...login("NTLM"),
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      origin.halfCloses,
      origin2.receives(GET_FORWARDED),
      origin2.sends(challenge("NTLM")),
      client.receives(challenge("NTLM")),
    ],
    client: ["persists"],
    origin: ["FIN peer-closed", "persists"],
  },
  limited(
    "At the limit a bound connection that idles gives way, and is not lent.",
    [
      ...login("NTLM"),
      client2.sends(GET),
      origin.sees("FIN"),
      origin2.receives(GET_FORWARDED),
      origin2.sends(OK),
      client2.receives(OK),
    ],
    "FIN pool-surplus",
  ),
  limited(
    "At the limit a handshake gets a second to end.",
    [
      ...exchange(ask("NTLM b25l"), asked("NTLM b25l"), challenge("NTLM dHdv")),
      client2.sends(GET),
      waits(900),
      client.sends(ask("NTLM dGhyZWU=")),
      origin.receives(asked("NTLM dGhyZWU=")),
      origin.sends(OK),
      client.receives(OK),
      origin.sees("FIN"),
      origin2.receives(GET_FORWARDED),
      origin2.sends(OK),
      client2.receives(OK),
    ],
    "FIN pool-surplus",
  ),
];

// Through a forward proxy.

const forwardAsk = (host: string, credentials: string) =>
  head(`GET http://${host}/ HTTP/1.1`, `Host: ${host}`, `Authorization: ${credentials}`);
const forwardAsked = (host: string, credentials: string) =>
  head("GET / HTTP/1.1", `Host: ${host}`, `Authorization: ${credentials}`, VIA);
const FORWARD_GET = head("GET http://a/ HTTP/1.1", "Host: a");
const FORWARD_GONE = head("GET / HTTP/1.1", "Host: a", VIA);
const FORWARD_OK = OK.replace("\r\n\r\n", `\r\n${VIA}\r\n\r\n`);
/** A challenge as a forward proxy passes it on: it says that it keeps its clients' connections apart. */
const forwardChallenge = (what: string) =>
  head(
    "HTTP/1.1 401 Unauthorized",
    DATE,
    `WWW-Authenticate: ${what}`,
    "Content-Length: 0",
    VIA,
    "Connection: Proxy-Support",
    "Proxy-Support: Session-Based-Authentication",
  );

const settings: SceneSettings = open;
const forwardProxy: readonly Case[] = [
  {
    rows: [47, 65],
    section: PROXIES,
    title: "Through a forward proxy a login binds the connection to its origin, and the proxy says that it does.",
    settings,
    steps: [
      client.sends(FORWARD_GET),
      origin.receives(FORWARD_GONE),
      origin.sends(challenge("Negotiate")),
      client.receives(forwardChallenge("Negotiate")),
      client.sends(forwardAsk("a", "Negotiate b25l")),
      origin.receives(forwardAsked("a", "Negotiate b25l")),
      origin.sends(challenge("Negotiate dHdv")),
      client.receives(forwardChallenge("Negotiate dHdv")),
      client2.sends(FORWARD_GET),
      origin2.receives(FORWARD_GONE),
      origin2.sends(OK),
      client2.receives(FORWARD_OK),
      client.sends(forwardAsk("a", "Negotiate dGhyZWU=")),
      origin.receives(forwardAsked("a", "Negotiate dGhyZWU=")),
      origin.sends(OK),
      client.receives(FORWARD_OK),
      client.halfCloses,
      client.sees("FIN"),
      origin.sees("FIN"),
      client2.halfCloses,
      client2.sees("FIN"),
      origin2.halfCloses,
    ],
    client: ["FIN peer-closed-idle", "FIN peer-closed-idle"],
    origin: ["FIN binding-ended", "FIN peer-closed-idle"],
  },
  {
    rows: [65],
    section: PROXIES,
    title: "Through a forward proxy a client may be bound to connections of several origins; all close with its own.",
    settings,
    steps: [
      client.sends(forwardAsk("a", "NTLM b25l")),
      origin.receives(forwardAsked("a", "NTLM b25l")),
      origin.sends(OK),
      client.receives(FORWARD_OK),
      client.sends(forwardAsk("b", "NTLM b25l")),
      origin2.receives(forwardAsked("b", "NTLM b25l")),
      origin2.sends(OK),
      client.receives(FORWARD_OK),
      client.sends(FORWARD_GET),
      origin.receives(FORWARD_GONE),
      origin.sends(OK),
      client.receives(FORWARD_OK),
      client.halfCloses,
      client.sees("FIN"),
      origin.sees("FIN"),
      origin2.sees("FIN"),
    ],
    client: ["FIN peer-closed-idle"],
    origin: ["FIN binding-ended", "FIN binding-ended"],
  },
  {
    rows: [65],
    section: PROXIES,
    title: "A forward proxy says so only where an origin asks for credentials that bind.",
    settings,
    steps: [
      client.sends(FORWARD_GET),
      origin.receives(FORWARD_GONE),
      origin.sends(challenge('Basic realm="x"')),
      client.receives(
        head("HTTP/1.1 401 Unauthorized", DATE, 'WWW-Authenticate: Basic realm="x"', "Content-Length: 0", VIA),
      ),
      client.halfCloses,
      client.sees("FIN"),
      origin.halfCloses,
    ],
    client: ["FIN peer-closed-idle"],
    origin: ["FIN peer-closed-idle"],
  },
];

export const binding: Group = { name: "connection-bound authentication", cases: [...gateway, ...forwardProxy] };
