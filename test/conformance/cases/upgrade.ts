/** Upgrades, the tunnels they make, and CONNECT (RFC 9110 sections 7.8 and 9.3.6). */
import {
  ADDED,
  type Case,
  client,
  type End,
  exchanged,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  OK,
  origin,
  refusal,
  refused,
  type Step,
  waits,
} from "../case.ts";

const UPGRADE_SECTION = "RFC 9110 section 7.8";

const CONTINUE = head("HTTP/1.1 100 Continue");
const UPGRADE = head(
  "GET /chat HTTP/1.1",
  "Host: a",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: x",
);
const UPGRADE_FORWARDED = head(
  "GET /chat HTTP/1.1",
  "Host: a",
  "Sec-WebSocket-Key: x",
  "Connection: Upgrade",
  "Upgrade: websocket",
  ...ADDED,
);
const SWITCHING = head(
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: y",
);
const SWITCHED = head(
  "HTTP/1.1 101 Switching Protocols",
  "Sec-WebSocket-Accept: y",
  "Connection: Upgrade",
  "Upgrade: websocket",
);
const upgrades: readonly Step[] = [
  client.sends(UPGRADE),
  origin.receives(UPGRADE_FORWARDED),
  origin.sends(SWITCHING),
  client.receives(SWITCHED),
];

/** A tunnel: what passes in it, and how it ends. */
function tunnel(
  rows: readonly number[],
  title: string,
  steps: readonly Step[],
  ends: { client: End; origin: End },
): Case {
  return {
    rows,
    section: UPGRADE_SECTION,
    title,
    steps: [...upgrades, ...steps],
    client: [ends.client],
    origin: [ends.origin],
  };
}

/** A 101 that nobody asked for: the client gets 502. */
function unexpectedSwitch(title: string, request: string, forwarded: string, response: string): Case {
  return {
    rows: [93],
    section: UPGRADE_SECTION,
    title,
    steps: [
      client.sends(request),
      origin.receives(forwarded),
      origin.sends(response),
      client.receives({ status: 502, reason: "upgrade-unexpected", connectionLines: "", isHead: false }),
    ],
    client: ["persists"],
    origin: ["closed response-malformed"],
  };
}

/** An offer that the origin passes over: the client's connection persists, the origin's is not lent again. */
function passedOver(rows: readonly number[], title: string, wire: Parameters<typeof exchanged>[3]): Case {
  return { ...exchanged(rows, UPGRADE_SECTION, title, wire), origin: ["closed upgrade-refused"] };
}

export const upgrade: Group = {
  name: "Upgrade and CONNECT",
  cases: [
    passedOver([47, 93], "Protocols that are HTTP again are not offered; others beside them are.", {
      request: head(
        "GET / HTTP/1.1",
        "Host: a",
        "Connection: upgrade",
        "Upgrade: websocket, h2c/1,HTTP/2.0, TLS/1.2",
        "Upgrade: foo/2, tls",
      ),
      forwarded: head("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket, foo/2", ...ADDED),
      response: OK,
      returned: OK,
    }),
    tunnel(
      [47, 93, 96],
      "An upgrade that was offered and accepted makes a tunnel; each side may close its half on its own.",
      [
        client.sends("ping\r\n\r\n"),
        origin.receives("ping\r\n\r\n"),
        origin.sends("HTTP/1.1 200 pong"),
        client.receives("HTTP/1.1 200 pong"),
        client.halfCloses,
        origin.sees("FIN"),
        origin.sends("last words"),
        client.receives("last words"),
        origin.halfCloses,
      ],
      { client: "FIN tunnel-ended", origin: "FIN tunnel-ended" },
    ),
    tunnel(
      [75, 96],
      "A tunnel in which something arrived while the proxy stood still has not been silent.",
      [
        client.sends("ping"),
        origin.receives("ping"),
        origin.sendsMeanwhile("pong", 3_601_000),
        client.receives("pong"),
        client.halfCloses,
        origin.sees("FIN"),
        origin.halfCloses,
      ],
      { client: "FIN tunnel-ended", origin: "FIN tunnel-ended" },
    ),
    tunnel(
      [96],
      "What the origin said before it closed its half of a tunnel reaches the client, and what the client still says reaches the origin.",
      [
        origin.sends("going"),
        origin.halfCloses,
        client.receives("going"),
        client.sees("FIN"),
        client.sends("bye"),
        origin.receives("bye"),
        client.halfCloses,
      ],
      { client: "FIN tunnel-ended", origin: "FIN tunnel-ended" },
    ),
    tunnel(
      [96],
      "A client's reset of a tunnel resets the origin's side.",
      [client.sends("a"), origin.receives("a"), client.resets],
      { client: "closed peer-reset", origin: "RST client-gone" },
    ),
    tunnel(
      [96],
      "An origin's reset of a tunnel resets the client's side.",
      [origin.sends("a"), client.receives("a"), origin.resets],
      { client: "RST upstream-failed", origin: "closed peer-reset" },
    ),
    {
      rows: [93, 96],
      section: UPGRADE_SECTION,
      title: "Bytes behind the upgrade request and behind the 101 belong to the tunnel.",
      steps: [
        client.sends(`${UPGRADE}early client`),
        origin.receives(UPGRADE_FORWARDED),
        origin.sends(`${SWITCHING}early origin`),
        client.receives(`${SWITCHED}early origin`),
        origin.receives("early client"),
        client.halfCloses,
        origin.sees("FIN"),
        origin.halfCloses,
      ],
      client: ["FIN tunnel-ended"],
      origin: ["FIN tunnel-ended"],
    },
    {
      rows: [93, 96],
      section: UPGRADE_SECTION,
      title: "A client that half-closed before the 101 has half-closed the tunnel.",
      steps: [
        client.sends(`${UPGRADE}all`),
        client.halfCloses,
        origin.receives(UPGRADE_FORWARDED),
        origin.sends(SWITCHING),
        client.receives(SWITCHED),
        origin.receives("all"),
        origin.sees("FIN"),
        origin.sends("answer"),
        client.receives("answer"),
        origin.halfCloses,
      ],
      client: ["FIN tunnel-ended"],
      origin: ["FIN tunnel-ended"],
    },
    {
      rows: [96],
      section: UPGRADE_SECTION,
      title: "A tunnel that carries nothing for too long is ended.",
      settings: { tunnelTimeout_ms: 10_000 },
      steps: [...upgrades, waits(9_000), client.sends("a"), origin.receives("a"), waits(9_000), waits(1_100)],
      client: ["RST tunnel-timeout"],
      origin: ["closed tunnel-timeout"],
    },
    {
      rows: [94],
      section: UPGRADE_SECTION,
      title: "With an expectation, 100 comes before 101, and the body between them.",
      steps: [
        client.sends(
          head(
            "POST / HTTP/1.1",
            "Host: a",
            "Connection: upgrade",
            "Upgrade: x",
            "Expect: 100-continue",
            "Content-Length: 5",
          ),
        ),
        origin.receives(
          head(
            "POST / HTTP/1.1",
            "Host: a",
            "Expect: 100-continue",
            "Content-Length: 5",
            "Connection: Upgrade",
            "Upgrade: x",
            ...ADDED,
          ),
        ),
        origin.sends(CONTINUE),
        client.receives(CONTINUE),
        client.sends("hello"),
        origin.receives("hello"),
        origin.sends(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: x")),
        client.receives(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: x")),
        client.sends("a"),
        origin.receives("a"),
        client.halfCloses,
        origin.sees("FIN"),
        origin.halfCloses,
      ],
      client: ["FIN tunnel-ended"],
      origin: ["FIN tunnel-ended"],
    },
    {
      rows: [93],
      section: UPGRADE_SECTION,
      title: "A 101 before the request is complete is discarded.",
      steps: [
        client.sends(
          `${head("POST / HTTP/1.1", "Host: a", "Connection: upgrade", "Upgrade: x", "Content-Length: 5")}hel`,
        ),
        origin.receives(
          `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Connection: Upgrade", "Upgrade: x", ...ADDED)}hel`,
        ),
        origin.sends(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: x")),
        client.receives(refusal(502, "upgrade-unexpected")),
        client.sends("lo"),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed response-malformed"],
    },
    unexpectedSwitch(
      "A 101 without an Upgrade that was offered is discarded.",
      GET,
      GET_FORWARDED,
      `${SWITCHING}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
    ),
    unexpectedSwitch(
      "A 101 to another protocol than was offered is discarded.",
      UPGRADE,
      UPGRADE_FORWARDED,
      SWITCHING.replace("Upgrade: websocket", "Upgrade: irc"),
    ),
    unexpectedSwitch(
      "A 101 that does not say which protocol is discarded.",
      UPGRADE,
      UPGRADE_FORWARDED,
      SWITCHING.replace("Upgrade: websocket\r\n", ""),
    ),
    passedOver(
      [93],
      "A client whose offer is not accepted goes on in HTTP/1.1; the origin's connection is not used again.",
      {
        request: UPGRADE,
        forwarded: UPGRADE_FORWARDED,
        response: OK,
        returned: OK,
      },
    ),
    {
      rows: [95],
      section: "RFC 9110 section 9.3.6",
      title: "A gateway opens no tunnel for CONNECT.",
      steps: [
        client.sends(`${head("CONNECT a:443 HTTP/1.1", "Host: a:443")}\x16\x03\x01`),
        client.receives(refusal(501, "connect-not-supported")),
      ],
      client: ["FIN request-refused"],
      origin: [],
    },
    ...["a", "a:", "a:0", "a:65536", "a:x", "/a", "http://a:80/", ":80", "[::1", "a:80/x"].map((target) =>
      refused(
        [95],
        "RFC 9110 section 9.3.6",
        `CONNECT to ${JSON.stringify(target)} is refused.`,
        head(`CONNECT ${target} HTTP/1.1`, "Host: a"),
        400,
        "target-form-mismatch",
      ),
    ),
  ],
};
