/** Connections that carry nothing, or the beginning of a request. */
import { client, ordinaryExchange, origin, refusal, waits } from "../../conformance/case.ts";
import { type State, toClient, toOrigin } from "../cell.ts";

const NOTHING_SENT = "nothing is being sent to it";
const NO_ORIGIN = "no connection to the origin is involved";
const noOrigin = {
  "origin resets": NO_ORIGIN,
  "origin half-closes": NO_ORIGIN,
  "origin closes": NO_ORIGIN,
  "origin stalls": NO_ORIGIN,
  "origin stops reading": NO_ORIGIN,
} as const;

export const resting: readonly State[] = [
  {
    name: "Connected",
    text: "The client has connected and has sent nothing.",
    setup: [client.sends("")],
    cells: {
      "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: [] },
      "client half-closes": { steps: [client.halfCloses], client: ["FIN peer-closed-idle"], origin: [] },
      "client closes": { steps: [toClient.closes], client: ["gone peer-closed-idle"], origin: [] },
      "client stalls": { steps: [waits(30_100)], client: ["FIN head-timeout"], origin: [] },
      "client stops reading": NOTHING_SENT,
      ...noOrigin,
    },
  },
  {
    name: "Idle",
    text: "One exchange is over; both connections persist and carry nothing.",
    setup: ordinaryExchange,
    cells: {
      "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: ["persists"] },
      "client half-closes": { steps: [client.halfCloses], client: ["FIN peer-closed-idle"], origin: ["persists"] },
      "client closes": { steps: [toClient.closes], client: ["gone peer-closed-idle"], origin: ["persists"] },
      "client stalls": { steps: [waits(75_100)], client: ["FIN idle-timeout"], origin: ["FIN idle-timeout"] },
      "client stops reading": NOTHING_SENT,
      "origin resets": { steps: [origin.resets], client: ["persists"], origin: ["gone peer-reset"] },
      "origin half-closes": { steps: [origin.halfCloses], client: ["persists"], origin: ["FIN peer-closed-idle"] },
      "origin closes": { steps: [toOrigin.closes], client: ["persists"], origin: ["gone peer-closed-idle"] },
      "origin stalls": { steps: [waits(60_100)], client: ["persists"], origin: ["FIN idle-timeout"] },
      "origin stops reading": NOTHING_SENT,
    },
  },
  {
    name: "Request head in progress",
    text: "The client has sent some of a request's head.",
    setup: [client.sends("GET / HTTP/1.1\r\nHost: a\r\nX-Unfin")],
    cells: {
      "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: [] },
      "client half-closes": {
        steps: [client.halfCloses, toClient.gets("400 request-incomplete", refusal(400, "request-incomplete"))],
        client: ["FIN request-incomplete"],
        origin: [],
      },
      "client closes": { steps: [toClient.closes], client: ["gone request-incomplete"], origin: [] },
      "client stalls": {
        steps: [waits(30_100), toClient.gets("408 head-timeout", refusal(408, "head-timeout"))],
        client: ["FIN head-timeout"],
        origin: [],
      },
      "client stops reading": "the answer is smaller than what the wire holds",
      ...noOrigin,
    },
  },
];
