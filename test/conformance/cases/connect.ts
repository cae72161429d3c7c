/** CONNECT through the forward proxy: who gets a tunnel, what is in it, and what becomes of everybody else. */
import { OWN_ADDRESS } from "../../kit/stage.ts";
import { type Case, client, type End, type Group, head, OK, origin, refusal, type Step, VIA, waits } from "../case.ts";
import { open, turnedAway } from "../forward-settings.ts";

const SECTION = "RFC 9110 section 9.3.6";

const CONNECT = head("CONNECT a:443 HTTP/1.1", "Host: a:443");
const ESTABLISHED = head("HTTP/1.1 200 Connection Established");
const ended = { client: "FIN tunnel-ended", origin: "FIN tunnel-ended" } as const;
/** Both sides close theirs, the client first. */
const closing: readonly Step[] = [client.halfCloses, origin.sees("FIN"), origin.halfCloses];

function tunnel(
  rows: readonly number[],
  title: string,
  steps: readonly Step[],
  ends: { readonly client: End; readonly origin: End } = ended,
): Case {
  return { rows, section: SECTION, title, settings: open, steps, client: [ends.client], origin: [ends.origin] };
}

const established: readonly Step[] = [client.sends(CONNECT), client.receives(ESTABLISHED)];

/** A CONNECT that gets no tunnel: what follows it is thrown away. */
function noTunnel(
  rows: readonly number[],
  title: string,
  target: string,
  answer: Parameters<typeof turnedAway>[4],
): Case {
  const sent = `${head(`CONNECT ${target} HTTP/1.1`, "Host: a")}${head("GET http://a/ HTTP/1.1", "Host: a")}`;
  return turnedAway(rows, SECTION, title, sent, answer, "no-tunnel");
}

export const connect: Group = {
  name: "CONNECT through the forward proxy",
  cases: [
    tunnel([24, 41, 96], "A 2xx to CONNECT has no framing, and what follows is the tunnel's, whatever it looks like.", [
      ...established,
      client.sends("\x16\x03\x01 GET / HTTP/1.1\r\n\r\n"),
      origin.receives("\x16\x03\x01 GET / HTTP/1.1\r\n\r\n"),
      origin.sends("HTTP/1.1 500 no\r\n\r\n"),
      client.receives("HTTP/1.1 500 no\r\n\r\n"),
      ...closing,
    ]),
    tunnel([96], "The client may close its side of a tunnel and still be answered.", [
      ...established,
      client.sends("all"),
      client.halfCloses,
      origin.receives("all"),
      origin.sees("FIN"),
      origin.sends("answer"),
      client.receives("answer"),
      origin.halfCloses,
    ]),
    tunnel([96], "What the origin said before it closed reaches the client, who may still speak.", [
      ...established,
      origin.sends("going"),
      origin.halfCloses,
      client.receives("going"),
      client.sees("FIN"),
      client.sends("bye"),
      origin.receives("bye"),
      client.halfCloses,
    ]),
    tunnel([96], "Bytes that are sent before the 2xx go into the tunnel.", [
      client.sends(`${CONNECT}early`),
      client.receives(ESTABLISHED),
      origin.receives("early"),
      ...closing,
    ]),
    {
      ...tunnel([96], "Very many bytes sent before the 2xx wait on the wire, and go into the tunnel.", [
        client.sends(CONNECT + "early ".repeat(50_000)),
        client.receives(ESTABLISHED),
        origin.receives("early ".repeat(50_000)),
        ...closing,
      ]),
      onlyWhole: "how much is read before the tunnel stands depends on how it arrives",
    },
    tunnel([85, 96], "A client that closed its side before the 2xx has closed its side of the tunnel.", [
      client.sends(`${CONNECT}all`),
      client.halfCloses,
      client.receives(ESTABLISHED),
      origin.receives("all"),
      origin.sees("FIN"),
      origin.sends("answer"),
      client.receives("answer"),
      origin.halfCloses,
    ]),
    tunnel([96], "CONNECT of HTTP/1.0 works: clients do that.", [
      client.sends(head("CONNECT a:443 HTTP/1.0")),
      client.receives(ESTABLISHED),
      client.sends("x"),
      origin.receives("x"),
      ...closing,
    ]),
    tunnel([66, 96], "Proxy-Connection and Proxy-Authorization mean nothing to a tunnel that nobody guards.", [
      client.sends(
        head(
          "CONNECT a:443 HTTP/1.1",
          "Host: a",
          "Proxy-Connection: keep-alive",
          "Proxy-Authorization: Basic eDp5",
          "Content-Length: 0",
        ),
      ),
      client.receives(ESTABLISHED),
      ...closing,
    ]),
    {
      rows: [63, 67],
      section: SECTION,
      title: "A tunnel may follow an exchange on the same connection.",
      settings: open,
      steps: [
        client.sends(head("GET http://a/ HTTP/1.1", "Host: a") + CONNECT),
        origin.receives(head("GET / HTTP/1.1", "Host: a", VIA)),
        origin.sends(OK),
        client.receives(OK.replace("\r\n\r\n", `\r\n${VIA}\r\n\r\n`) + ESTABLISHED),
        client.halfCloses,
        { ...origin.sees("FIN"), number: 2 } as Step,
        { ...origin.halfCloses, number: 2 } as Step,
        origin.halfCloses,
      ],
      client: ["FIN tunnel-ended"],
      origin: ["FIN peer-closed-idle", "FIN tunnel-ended"],
    },
    tunnel(
      [96],
      "A client's reset resets the origin's side of its tunnel.",
      [...established, client.sends("a"), origin.receives("a"), client.resets],
      { client: "closed peer-reset", origin: "RST client-gone" },
    ),
    tunnel(
      [96],
      "An origin's reset resets the client's side of its tunnel.",
      [...established, origin.sends("a"), client.receives("a"), origin.resets],
      { client: "RST upstream-failed", origin: "closed peer-reset" },
    ),
    {
      ...tunnel(
        [75, 96],
        "A tunnel to an origin ends when it carries nothing for too long.",
        [...established, client.sends("a"), origin.receives("a"), waits(9_000), waits(1_100)],
        { client: "RST tunnel-timeout", origin: "closed tunnel-timeout" },
      ),
      settings: { ...open, tunnelTimeout_ms: 10_000 },
    },
    {
      ...tunnel(
        [75, 96],
        "Where one side of a tunnel has closed, the other's silence ends it sooner.",
        [
          ...established,
          client.halfCloses,
          origin.sees("FIN"),
          waits(9_000),
          origin.sends("late"),
          client.receives("late"),
          waits(9_000),
          waits(1_100),
        ],
        { client: "RST tunnel-timeout", origin: "closed tunnel-timeout" },
      ),
      settings: { ...open, bodyTimeout_ms: 10_000 },
    },

    // Who gets none.
    ...["a", "a:", "a:0", "a:65536", "a:x", "/a", "http://a:80/", ":443", "u@a:443", "a:443/x"].map((target) =>
      turnedAway(
        [95],
        SECTION,
        `A proxy refuses CONNECT to ${JSON.stringify(target)}.`,
        head(`CONNECT ${target} HTTP/1.1`, "Host: a"),
        [400, "target-form-mismatch"],
      ),
    ),
    turnedAway(
      [95],
      SECTION,
      "CONNECT has no content.",
      `${head("CONNECT a:443 HTTP/1.1", "Host: a", "Content-Length: 2")}hi`,
      [400, "content-not-allowed"],
    ),
    noTunnel([95], "A port that is not allowed gets no tunnel, and nothing that follows is a request.", "a:25", [
      403,
      "connect-port-forbidden",
    ]),
    noTunnel([95], "The port for http is for http, not for tunnels.", "a:80", [403, "connect-port-forbidden"]),
    noTunnel([52], "No tunnel leads to what is not public.", "127.0.0.1:443", [403, "address-not-public"]),
    noTunnel([52], "No tunnel leads to what is not public, however it is written.", "[::ffff:a00:1]:443", [
      403,
      "address-not-public",
    ]),
    noTunnel([54], "No tunnel leads to the proxy itself.", `${OWN_ADDRESS.host}:${OWN_ADDRESS.port}`, [
      508,
      "loop-detected",
    ]),
    noTunnel([96], "An origin that refuses connections gets no tunnel: 502.", "refusing:443", [502, "connect-failed"]),
    {
      ...noTunnel([75], "An origin that says nothing in time gets no tunnel: 504.", "silent:443", [
        504,
        "connect-timeout",
      ]),
      steps: [
        client.sends(head("CONNECT silent:443 HTTP/1.1", "Host: a")),
        waits(5_100),
        client.receives(refusal(504, "connect-timeout")),
      ],
    },
    {
      rows: [75],
      section: SECTION,
      title: "A client that goes before its tunnel stands takes the search for its origin with it.",
      settings: open,
      steps: [client.sends(head("CONNECT silent:443 HTTP/1.1", "Host: a")), client.resets],
      client: ["closed peer-reset"],
      origin: [],
    },
    turnedAway(
      [54],
      "RFC 9110 section 7.6",
      "A CONNECT that has passed this proxy before is a loop.",
      head("CONNECT a:443 HTTP/1.1", "Host: a", "Via: 1.1 hopwise-test"),
      [508, "loop-detected"],
    ),
  ],
};
