/** Requests whose body is on its way. */
import {
  ADDED,
  answer,
  client,
  head,
  inChunksSoFar,
  OK,
  origin,
  refusal,
  type Step,
  waits,
} from "../../conformance/case.ts";
import { type Cell, type Fault, type FaultStep, LARGE, LARGE_BYTES, type State, toClient, toOrigin } from "../cell.ts";

const NOTHING_SENT = "nothing is being sent to it";

/** A body in the middle: how it begins, and how it would go on. */
interface Body {
  readonly begins: readonly Step[];
  /** The client goes on and the origin gets all of it. */
  readonly goesOn: readonly Step[];
  /** The beginning of a body so large that no buffer holds it. */
  readonly beginsLarge: readonly Step[];
}

function posted(framing: string): string {
  return head("POST / HTTP/1.1", "Host: a", framing);
}

function forwarded(framing: string): string {
  return head("POST / HTTP/1.1", "Host: a", framing, ...ADDED);
}

const LENGTH = "Content-Length: 10";
const LENGTH_LARGE = `Content-Length: ${LARGE_BYTES}`;
const CHUNKED = "Transfer-Encoding: chunked";

const byLength: Body = {
  begins: [client.sends(`${posted(LENGTH)}hello`), origin.receives(`${forwarded(LENGTH)}hello`)],
  goesOn: [client.sends("world"), origin.receives("world")],
  // Nothing of the body has come, so the origin is asked a moment later.
  beginsLarge: [client.sends(posted(LENGTH_LARGE)), waits(300), origin.receives(forwarded(LENGTH_LARGE))],
};

const inChunks: Body = {
  begins: [
    client.sends(`${posted(CHUNKED)}5\r\nhello\r\n`),
    origin.receives(inChunksSoFar(forwarded(CHUNKED), "hello")),
  ],
  goesOn: [client.sends("5\r\nworld\r\n0\r\n\r\n"), origin.receives("5\r\nworld\r\n0\r\n\r\n")],
  beginsLarge: [
    client.sends(`${posted(CHUNKED)}${LARGE_BYTES.toString(16)}\r\n`),
    waits(300),
    origin.receives(forwarded(CHUNKED)),
  ],
};

/** The origin is lost before it answered: 502, and since the request never ended, neither can the connection go on. */
function originLost(fault: FaultStep, ending: Cell["origin"][number]): Cell {
  return {
    steps: [fault, toClient.gets("502 upstream-closed", refusal(502, "upstream-closed"))],
    client: ["FIN request-unfinished"],
    origin: [ending],
  };
}

/** A request that stays incomplete: whatever the origin has of it must not look whole. */
const clientLeaves = {
  "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: ["FIN client-gone"] },
  "client half-closes": {
    steps: [client.halfCloses, toClient.gets("400 request-incomplete", refusal(400, "request-incomplete"))],
    client: ["FIN request-incomplete"],
    origin: ["FIN request-incomplete"],
  },
  "client closes": {
    steps: [toClient.closes],
    client: ["gone request-incomplete"],
    origin: ["FIN request-incomplete"],
  },
} as const satisfies Partial<Record<Fault, Cell>>;

function cells({ goesOn, beginsLarge }: Body): Record<Fault, Cell | string> {
  return {
    ...clientLeaves,
    "client stalls": {
      steps: [waits(60_100), toClient.gets("408 body-timeout", refusal(408, "body-timeout"))],
      client: ["FIN request-incomplete"],
      origin: ["FIN request-incomplete"],
    },
    "client stops reading": NOTHING_SENT,
    "origin resets": originLost(origin.resets, "gone peer-reset"),
    "origin half-closes": originLost(origin.halfCloses, "FIN peer-closed"),
    "origin closes": originLost(toOrigin.closes, "gone peer-closed"),
    "origin stalls": {
      steps: [...goesOn, waits(60_100), toClient.gets("504 response-timeout", answer(504, "response-timeout"))],
      client: ["persists"],
      origin: ["FIN response-timeout"],
    },
    "origin stops reading": {
      setup: beginsLarge,
      steps: [
        origin.stopsReading,
        client.sends(LARGE),
        origin.isFull,
        waits(60_100),
        toClient.gets("504 upstream-write-timeout", refusal(504, "upstream-write-timeout")),
      ],
      client: ["FIN request-unfinished"],
      origin: ["unheard write-timeout"],
    },
  };
}

const EXPECTING = head("PUT / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5");
const EXPECTING_FORWARDED = head("PUT / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5", ...ADDED);

export const requesting: readonly State[] = [
  {
    name: "Request body in progress (length)",
    text: "The origin has half of a body of known length.",
    setup: byLength.begins,
    cells: cells(byLength),
  },
  {
    name: "Request body in progress (chunked)",
    text: "The origin has the first of a body's chunks.",
    setup: inChunks.begins,
    cells: cells(inChunks),
  },
  {
    name: "Waiting for 100 (Continue)",
    text: "The client sends no body before the origin has said that it wants it.",
    setup: [client.sends(EXPECTING), origin.receives(EXPECTING_FORWARDED)],
    cells: {
      ...clientLeaves,
      "client stalls": "it waits, as it may: the origin is to speak",
      "client stops reading": NOTHING_SENT,
      "origin resets": originLost(origin.resets, "gone peer-reset"),
      "origin half-closes": originLost(origin.halfCloses, "FIN peer-closed"),
      "origin closes": originLost(toOrigin.closes, "gone peer-closed"),
      "origin stalls": {
        steps: [waits(60_100), toClient.gets("504 response-timeout", refusal(504, "response-timeout"))],
        client: ["FIN request-unfinished"],
        origin: ["FIN response-timeout"],
      },
      "origin stops reading": NOTHING_SENT,
    },
  },
  {
    name: "Answered before the body's end",
    text: "The whole response has gone out while the body was still on its way; both connections would persist.",
    setup: [...byLength.begins, origin.sends(OK), client.receives(OK)],
    cells: {
      "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: ["FIN client-gone"] },
      "client half-closes": {
        steps: [client.halfCloses],
        client: ["FIN request-incomplete"],
        origin: ["FIN request-incomplete"],
      },
      "client closes": {
        steps: [toClient.closes],
        client: ["gone request-incomplete"],
        origin: ["FIN request-incomplete"],
      },
      "client stalls": {
        steps: [waits(60_100)],
        client: ["FIN request-incomplete"],
        origin: ["FIN request-incomplete"],
      },
      "client stops reading": NOTHING_SENT,
      "origin resets": { steps: [origin.resets], client: ["FIN request-unfinished"], origin: ["gone peer-reset"] },
      "origin half-closes": {
        steps: [origin.halfCloses],
        client: ["FIN request-unfinished"],
        origin: ["FIN request-unfinished"],
      },
      "origin closes": {
        steps: [toOrigin.closes],
        client: ["FIN request-unfinished"],
        origin: ["gone request-unfinished"],
      },
      "origin stalls": "it owes nothing any more",
      "origin stops reading": {
        setup: [...byLength.beginsLarge, origin.sends(OK), client.receives(OK)],
        steps: [origin.stopsReading, client.sends(LARGE), origin.isFull, waits(60_100)],
        client: ["FIN upstream-failed"],
        origin: ["unheard write-timeout"],
      },
    },
  },
];
