/** Responses whose body is on its way, in every framing. */
import {
  client,
  DATE,
  GET,
  GET_FORWARDED,
  head,
  inChunksSoFar,
  origin,
  type Step,
  waits,
} from "../../conformance/case.ts";
import type { Expected } from "../../kit/messages.ts";
import {
  type Cell,
  type Ending,
  type Fault,
  type FaultStep,
  LARGE,
  LARGE_BYTES,
  type State,
  toClient,
  toOrigin,
} from "../cell.ts";

/** A response in the middle, and how it could end. */
interface Response {
  readonly request: string;
  readonly forwarded: string;
  readonly begins: string;
  readonly beginsAtClient: Expected;
  /** The same head for a body that no buffer holds. */
  readonly beginsLarge: string;
  /** A piece more. */
  readonly piece: string;
  /** The rest, as the origin sends it and as the client gets it. */
  readonly rest: string;
  readonly restAtClient: string;
  readonly ofTruncated: Ending;
  /** How the client's connection ends when all is well but the client has closed its side. */
  readonly afterHalfClose: Ending;
  readonly isEndedByClose: boolean;
}

const HEAD = head("HTTP/1.1 200 OK", DATE);
const BEGUN_IN_CHUNKS = inChunksSoFar(head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked"), "hello");
/** So long that pieces can be sent for as long as it takes to notice. */
const BODY_BYTES = 1_000_000;
const REST = "x".repeat(BODY_BYTES - 5);
const HEX = REST.length.toString(16);

const byLength: Response = {
  request: GET,
  forwarded: GET_FORWARDED,
  begins: `${head("HTTP/1.1 200 OK", DATE, `Content-Length: ${BODY_BYTES}`)}hello`,
  beginsAtClient: `${head("HTTP/1.1 200 OK", DATE, `Content-Length: ${BODY_BYTES}`)}hello`,
  beginsLarge: head("HTTP/1.1 200 OK", DATE, `Content-Length: ${LARGE_BYTES}`),
  piece: "x",
  rest: REST,
  restAtClient: REST,
  ofTruncated: "FIN upstream-failed",
  afterHalfClose: "FIN peer-half-closed",
  isEndedByClose: false,
};

const inChunks: Response = {
  ...byLength,
  begins: `${head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked")}5\r\nhello\r\n`,
  beginsAtClient: BEGUN_IN_CHUNKS,
  beginsLarge: `${head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked")}${LARGE_BYTES.toString(16)}\r\n`,
  piece: "1\r\nx\r\n",
  rest: `${HEX}\r\n${REST}\r\n0\r\n\r\n`,
  restAtClient: REST,
};

const byClose: Response = {
  ...byLength,
  begins: `${HEAD}hello`,
  beginsAtClient: BEGUN_IN_CHUNKS,
  beginsLarge: HEAD,
  isEndedByClose: true,
};

const HEAD_CLOSE = head("HTTP/1.1 200 OK", DATE, "Connection: close");
const byCloseTo10: Response = {
  ...byClose,
  request: head("GET / HTTP/1.0", "Host: a"),
  forwarded: GET_FORWARDED.replace("Via: 1.1", "Via: 1.0"),
  beginsAtClient: `${HEAD_CLOSE}hello`,
  ofTruncated: "RST upstream-failed",
  afterHalfClose: "FIN http10-not-kept",
};

/** Every octet that is still to come, wherever it is cut into chunks. */
function restArrives({ restAtClient, beginsAtClient }: Response): FaultStep {
  const isInChunks = typeof beginsAtClient !== "string";
  return toClient.gets(
    "the rest",
    isInChunks ? { head: "", content: restAtClient, trailers: "", isUnfinished: false } : restAtClient,
  );
}

function reached({ request, forwarded, begins, beginsAtClient }: Response): readonly Step[] {
  return [client.sends(request), origin.receives(forwarded), origin.sends(begins), client.receives(beginsAtClient)];
}

function cells(response: Response): Record<Fault, Cell | string> {
  const { ofTruncated, isEndedByClose, piece, rest, afterHalfClose } = response;
  const truncated = (fault: FaultStep, ending: Ending): Cell => ({
    // RST comes half a second behind the last octet.
    steps: ofTruncated.startsWith("RST") ? [fault, waits(600)] : [fault],
    client: [ofTruncated],
    origin: [ending],
  });
  const finished = (fault: FaultStep, ending: Ending): Cell => ({
    steps: [fault, restlessEnd(response)],
    client: [afterHalfClose === "FIN http10-not-kept" ? afterHalfClose : "persists"],
    origin: [ending],
  });
  const ends = isEndedByClose ? finished : truncated;
  const reason = isEndedByClose ? "close-delimited" : "response-truncated";
  return {
    "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: ["FIN client-gone"] },
    "client half-closes": {
      steps: [
        client.halfCloses,
        origin.sends(rest),
        ...(isEndedByClose ? [origin.halfCloses] : []),
        restArrives(response),
      ],
      client: [afterHalfClose],
      origin: [isEndedByClose ? "FIN close-delimited" : "persists"],
    },
    "client closes": {
      steps: [toClient.closes, toOrigin.sendsUntilCut(piece)],
      client: ["gone peer-reset"],
      origin: ["closed client-gone"],
    },
    "client stalls": "it owes nothing",
    "client stops reading": {
      setup: [client.sends(response.request), origin.receives(response.forwarded)],
      steps: [client.stopsReading, origin.sends(`${response.beginsLarge}${LARGE}`), client.isFull, waits(60_100)],
      client: ["unheard write-timeout"],
      origin: ["closed client-gone"],
    },
    "origin resets": truncated(origin.resets, "gone peer-reset"),
    "origin half-closes": ends(origin.halfCloses, `FIN ${reason}`),
    "origin closes": ends(toOrigin.closes, `gone ${reason}`),
    "origin stalls": truncated(waits(60_100), "FIN body-timeout"),
    "origin stops reading": "the whole request is in the wire",
  };
}

/** The close is the end: what the client has is whole. */
function restlessEnd({ beginsAtClient }: Response): FaultStep {
  return typeof beginsAtClient === "string" ? client.sends("") : toClient.gets("the last chunk", "0\r\n\r\n");
}

const state = (name: string, text: string, response: Response): State => ({
  name: `Response body in progress (${name})`,
  text,
  setup: reached(response),
  cells: cells(response),
});

export const responding: readonly State[] = [
  state("length", "The client has some of a body of known length.", byLength),
  state("chunked", "The client has the first of a body's chunks.", inChunks),
  state(
    "until close",
    "The origin will show the body's end by closing. The client gets it in chunks, so that truncation shows.",
    byClose,
  ),
  state(
    "until close, to HTTP/1.0",
    "The origin will show the body's end by closing, and so will hopwise: truncation can only be shown by RST.",
    byCloseTo10,
  ),
];
