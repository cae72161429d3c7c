/** Requests that have gone out whole, and responses of which there is no head yet. */
import {
  ADDED,
  answer,
  client,
  DATE,
  GET,
  GET_FORWARDED,
  head,
  OK,
  OK_CLOSE,
  ordinaryExchange,
  origin,
  origin2,
  type Step,
  waits,
} from "../../conformance/case.ts";
import { type Cell, type Fault, type FaultStep, type State, toClient, toOrigin } from "../cell.ts";

const IN_THE_WIRE = "the whole request is in the wire";
const clientGaps = {
  "client stalls": "it owes nothing",
  "client stops reading": "see: Response body in progress",
} as const;

/** What the client does does not depend on how the connection to the origin came about. @param rest what completes `OK` */
function clientCells(rest = OK): Pick<Record<Fault, Cell>, "client resets" | "client half-closes" | "client closes"> {
  return {
    "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: ["FIN client-gone"] },
    "client half-closes": {
      steps: [client.halfCloses, origin.sends(rest), toClient.gets("200, whole", OK_CLOSE)],
      client: ["FIN peer-half-closed"],
      origin: ["persists"],
    },
    "client closes": {
      steps: [toClient.closes, origin.sends(rest)],
      client: ["gone peer-half-closed"],
      origin: ["persists"],
    },
  };
}

/** The client gets 502, and may go on. */
function badGateway(reason: "upstream-closed" | "response-incomplete") {
  return (fault: FaultStep, ending: Cell["origin"][number]): Cell => ({
    steps: [fault, toClient.gets(`502 ${reason}`, answer(502, reason))],
    client: ["persists"],
    origin: [ending],
  });
}

const lost = badGateway("upstream-closed");
const incomplete = badGateway("response-incomplete");

/** A reused connection that dies without a word: the request is idempotent and goes out once more. */
function retried(fault: FaultStep, ending: Cell["origin"][number]): Cell {
  return {
    steps: [fault, origin2.receives(GET_FORWARDED), origin2.sends(OK), toClient.gets("200, whole", OK)],
    client: ["persists"],
    origin: [ending, "persists"],
  };
}

const silent: Cell = {
  steps: [waits(60_100), toClient.gets("504 response-timeout", answer(504, "response-timeout"))],
  client: ["persists"],
  origin: ["FIN response-timeout"],
};

/** The origin promises a lifetime, so that the next POST may go on this connection. */
const promisingExchange: readonly Step[] = [
  client.sends(GET),
  origin.receives(GET_FORWARDED),
  origin.sends(
    `${head("HTTP/1.1 200 OK", DATE, "Connection: keep-alive", "Keep-Alive: timeout=60", "Content-Length: 2")}ok`,
  ),
  client.receives(OK),
];
const POST = `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5")}hello`;
const POST_FORWARDED = `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED)}hello`;

const TO_COMPLETE = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:";

export const awaiting: readonly State[] = [
  {
    name: "Waiting for the response (fresh connection)",
    text: "GET has gone out on a connection that was opened for it.",
    setup: [client.sends(GET), origin.receives(GET_FORWARDED)],
    cells: {
      ...clientCells(),
      ...clientGaps,
      "origin resets": lost(origin.resets, "gone peer-reset"),
      "origin half-closes": lost(origin.halfCloses, "FIN peer-closed"),
      "origin closes": lost(toOrigin.closes, "gone peer-closed"),
      "origin stalls": silent,
      "origin stops reading": IN_THE_WIRE,
    },
  },
  {
    name: "Waiting for the response (reused connection, GET)",
    text: "GET has gone out on a connection that has carried an exchange before. It may be sent once more.",
    setup: [...ordinaryExchange, client.sends(GET), origin.receives(GET_FORWARDED)],
    cells: {
      ...clientCells(),
      ...clientGaps,
      "origin resets": retried(origin.resets, "gone peer-reset"),
      "origin half-closes": retried(origin.halfCloses, "FIN peer-closed"),
      "origin closes": retried(toOrigin.closes, "gone peer-closed"),
      "origin stalls": silent,
      "origin stops reading": IN_THE_WIRE,
    },
  },
  {
    name: "Waiting for the response (reused connection, POST)",
    text: "POST has gone out on a connection well inside its promised lifetime. It is never sent twice.",
    setup: [...promisingExchange, client.sends(POST), origin.receives(POST_FORWARDED)],
    cells: {
      ...clientCells(),
      ...clientGaps,
      "origin resets": lost(origin.resets, "gone peer-reset"),
      "origin half-closes": lost(origin.halfCloses, "FIN peer-closed"),
      "origin closes": lost(toOrigin.closes, "gone peer-closed"),
      "origin stalls": silent,
      "origin stops reading": IN_THE_WIRE,
    },
  },
  {
    name: "Response head in progress",
    text: "The origin has sent some of a response's head. The client has got nothing.",
    setup: [client.sends(GET), origin.receives(GET_FORWARDED), origin.sends(TO_COMPLETE)],
    cells: {
      ...clientCells(OK.slice(TO_COMPLETE.length)),
      ...clientGaps,
      "origin resets": incomplete(origin.resets, "gone peer-reset"),
      "origin half-closes": incomplete(origin.halfCloses, "FIN peer-closed"),
      "origin closes": incomplete(toOrigin.closes, "gone peer-closed"),
      "origin stalls": {
        steps: [waits(60_100), toClient.gets("504 response-stalled", answer(504, "response-stalled"))],
        client: ["persists"],
        origin: ["FIN body-timeout"],
      },
      "origin stops reading": IN_THE_WIRE,
    },
  },
];
