/** Tunnels, and connections on which everything was said. */
import { ADDED, client, GET_FORWARDED, head, OK, OK_CLOSE, origin, type Step, waits } from "../../conformance/case.ts";
import { LARGE, type State, toClient, toOrigin } from "../cell.ts";

const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"];
const SWITCH = head("HTTP/1.1 101 Switching Protocols", ...UPGRADE);

const tunnel: readonly Step[] = [
  client.sends(head("GET / HTTP/1.1", "Host: a", ...UPGRADE)),
  origin.receives(head("GET / HTTP/1.1", "Host: a", ...UPGRADE, ...ADDED)),
  origin.sends(SWITCH),
  client.receives(SWITCH),
];

const ALREADY = "the origin's connection serves others already";

export const ending: readonly State[] = [
  {
    name: "Tunnel",
    text: "The connections were upgraded; bytes pass both ways.",
    setup: tunnel,
    cells: {
      "client resets": { steps: [client.resets], client: ["gone peer-reset"], origin: ["RST client-gone"] },
      "client half-closes": {
        steps: [
          client.halfCloses,
          origin.sees("FIN"),
          origin.sends("still here"),
          toClient.gets("what the origin still says", "still here"),
          origin.halfCloses,
        ],
        client: ["FIN tunnel-ended"],
        origin: ["FIN tunnel-ended"],
      },
      "client closes": {
        steps: [toClient.closes, origin.sees("FIN"), toOrigin.sendsUntilCut("still here")],
        client: ["gone peer-reset"],
        origin: ["closed client-gone"],
      },
      "client stalls": {
        steps: [waits(3_600_100)],
        client: ["RST tunnel-timeout"],
        origin: ["closed tunnel-timeout"],
      },
      "client stops reading": {
        steps: [client.stopsReading, origin.sends(LARGE), client.isFull, waits(3_600_100)],
        client: ["unheard tunnel-timeout"],
        origin: ["closed tunnel-timeout"],
      },
      "origin resets": { steps: [origin.resets], client: ["RST upstream-failed"], origin: ["gone peer-reset"] },
      "origin half-closes": {
        steps: [
          origin.halfCloses,
          client.sees("FIN"),
          client.sends("still here"),
          toOrigin.gets("what the client still says", "still here"),
          client.halfCloses,
        ],
        client: ["FIN tunnel-ended"],
        origin: ["FIN tunnel-ended"],
      },
      "origin closes": {
        steps: [toOrigin.closes, client.sees("FIN"), toClient.sendsUntilCut("still here")],
        client: ["closed upstream-failed"],
        origin: ["gone peer-reset"],
      },
      "origin stalls": {
        steps: [waits(3_600_100)],
        client: ["RST tunnel-timeout"],
        origin: ["closed tunnel-timeout"],
      },
      "origin stops reading": {
        steps: [origin.stopsReading, client.sends(LARGE), origin.isFull, waits(3_600_100)],
        client: ["closed tunnel-timeout"],
        origin: ["unheard tunnel-timeout"],
      },
    },
  },
  {
    name: "Lingering",
    text: "The last response has left, and FIN behind it; hopwise reads on until the client closes, too.",
    setup: [
      client.sends(head("GET / HTTP/1.1", "Host: a", "Connection: close")),
      origin.receives(GET_FORWARDED),
      origin.sends(OK),
      client.receives(OK_CLOSE),
      client.sees("FIN"),
    ],
    cells: {
      "client resets": { steps: [client.resets], client: ["gone close-received"], origin: ["persists"] },
      "client half-closes": { steps: [client.halfCloses], client: ["FIN close-received"], origin: ["persists"] },
      "client closes": { steps: [toClient.closes], client: ["gone close-received"], origin: ["persists"] },
      "client stalls": { steps: [waits(5_100)], client: ["FIN close-received"], origin: ["persists"] },
      "client stops reading": "everything has left already",
      "origin resets": ALREADY,
      "origin half-closes": ALREADY,
      "origin closes": ALREADY,
      "origin stalls": ALREADY,
      "origin stops reading": ALREADY,
    },
  },
];
