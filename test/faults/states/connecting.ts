/** Requests that have no connection to the origin yet. */
import {
  answer,
  client,
  client2,
  GET,
  GET_FORWARDED,
  OK,
  OK_CLOSE,
  origin,
  origin2,
  refusal,
  type Step,
  waits,
} from "../../conformance/case.ts";
import { type Cell, type FaultStep, type State, toClient, toOrigin } from "../cell.ts";

const OWES_NOTHING = "it owes nothing";
const SMALL = "the answer is smaller than what the wire holds";
const NOT_THERE = "there is no connection yet";

/** The exchange that holds the only connection ends. */
const holderEnds: readonly Step[] = [origin.sends(OK), client2.receives(OK)];
const isServed: readonly Step[] = [origin.receives(GET_FORWARDED), origin.sends(OK)];

/** The connection that was waited for is lost: its exchange fails, and whoever waited gets a fresh one. */
function holderLost(fault: FaultStep, ending: Cell["origin"][number]): Cell {
  return {
    steps: [
      fault,
      client2.receives(answer(502, "upstream-closed")),
      origin2.receives(GET_FORWARDED),
      origin2.sends(OK),
      toClient.gets("200, whole", OK),
    ],
    client: ["persists", "persists"],
    origin: [ending, "persists"],
  };
}

export const connecting: readonly State[] = [
  {
    name: "Waiting for room in the pool",
    text: "The pool's only connection is in use by another client's exchange; the request waits in line.",
    settings: { poolSize: 1 },
    setup: [client2.sends(GET), origin.receives(GET_FORWARDED), client.sends(GET)],
    cells: {
      "client resets": {
        steps: [client.resets, ...holderEnds],
        client: ["gone peer-reset", "persists"],
        origin: ["persists"],
      },
      "client half-closes": {
        steps: [client.halfCloses, ...holderEnds, ...isServed, toClient.gets("200, whole", OK_CLOSE)],
        client: ["FIN peer-half-closed", "persists"],
        origin: ["persists"],
      },
      "client closes": {
        steps: [toClient.closes, ...holderEnds, ...isServed],
        client: ["gone peer-half-closed", "persists"],
        origin: ["persists"],
      },
      "client stalls": OWES_NOTHING,
      "client stops reading": SMALL,
      "origin resets": holderLost(origin.resets, "gone peer-reset"),
      "origin half-closes": holderLost(origin.halfCloses, "FIN peer-closed"),
      "origin closes": holderLost(toOrigin.closes, "gone peer-closed"),
      "origin stalls": {
        steps: [waits(5_100), toClient.gets("503 pool-line-timeout", answer(503, "pool-line-timeout")), ...holderEnds],
        client: ["persists", "persists"],
        origin: ["persists"],
      },
      "origin stops reading": OWES_NOTHING,
    },
  },
  {
    name: "Connecting, no answer",
    text: "The SYN to the origin is lost: its line of callers is full.",
    origin: "deaf",
    setup: [client.sends(GET)],
    cells: {
      "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: [] },
      "client half-closes": {
        steps: [
          client.halfCloses,
          waits(5_100),
          // It was asked three times whether it still reads, and did not reset the connection.
          client.receives("HTTP/1.1 100 Continue\r\n\r\n".repeat(3)),
          toClient.gets("504 connect-timeout", refusal(504, "connect-timeout")),
        ],
        client: ["FIN peer-half-closed"],
        origin: [],
      },
      "client closes": {
        steps: [toClient.closes, waits(5_100)],
        client: ["gone peer-half-closed"],
        origin: [],
      },
      "client stalls": OWES_NOTHING,
      "client stops reading": SMALL,
      "origin resets": "see: Connecting, refused",
      "origin half-closes": NOT_THERE,
      "origin closes": NOT_THERE,
      "origin stalls": {
        steps: [waits(5_100), toClient.gets("504 connect-timeout", answer(504, "connect-timeout"))],
        client: ["persists"],
        origin: [],
      },
      "origin stops reading": NOT_THERE,
    },
  },
  {
    name: "Connecting, refused",
    text: "Nobody listens where the origin should be: the SYN is answered by a reset.",
    origin: "absent",
    setup: [client.sends(GET)],
    cells: {
      "client resets": "it is over before that",
      "client half-closes": "it is over before that",
      "client closes": "it is over before that",
      "client stalls": OWES_NOTHING,
      "client stops reading": SMALL,
      "origin resets": {
        steps: [toClient.gets("502 connect-failed", answer(502, "connect-failed"))],
        client: ["persists"],
        origin: [],
      },
      "origin half-closes": NOT_THERE,
      "origin closes": NOT_THERE,
      "origin stalls": "see: Connecting, no answer",
      "origin stops reading": NOT_THERE,
    },
  },
];
