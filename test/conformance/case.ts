/**
 * A conformance case as data: what passes on the wire, step by step, and how each connection ends.
 *
 * Cases are data so that they can be run in several ways, counted and printed. The words here read as a specification:
 * `client.sends(…)`, `origin.receives(…)`. Deliberately absent: running them, see run-case.ts.
 */
import type { CloseReason } from "../../src/connection/reasons.ts";
import type { AnswerReason } from "../../src/exchange/answers.ts";
import type { Expected } from "../kit/messages.ts";
import type { WireEnd } from "../kit/peer.ts";
import type { SceneSettings } from "../kit/stage.ts";

export type Role = "client" | "origin";

/** One thing that happens on connection `number` of a role. A client connects when it is first mentioned. */
export type Step =
  | { readonly does: "sends"; readonly role: Role; readonly number: number; readonly octets: string }
  | { readonly does: "receives"; readonly role: Role; readonly number: number; readonly expected: Expected }
  /** It arrives while the process of the proxy stands still for a time, and is not read before. */
  | {
      readonly does: "sends-meanwhile";
      readonly role: Role;
      readonly number: number;
      readonly octets: string;
      readonly ms: number;
    }
  /** Closes its side with FIN. */
  | { readonly does: "half-closes"; readonly role: Role; readonly number: number }
  | { readonly does: "resets"; readonly role: Role; readonly number: number }
  /** Takes nothing more from the wire, so that the proxy cannot send for ever. */
  | { readonly does: "stops-reading"; readonly role: Role; readonly number: number }
  | { readonly does: "reads-on"; readonly role: Role; readonly number: number }
  /** Waits until the proxy has more for this neighbour than the wire takes. */
  | { readonly does: "is-full"; readonly role: Role; readonly number: number }
  /** From now on answers every `request` with `response`, `count` times, while the other steps go on. */
  | {
      readonly does: "answers-all";
      readonly role: Role;
      readonly number: number;
      readonly count: number;
      readonly request: string;
      readonly response: string;
    }
  /** Sees the proxy close its side. */
  | { readonly does: "sees"; readonly role: Role; readonly number: number; readonly end: WireEnd | "either" }
  /** Time passes. */
  | { readonly does: "waits"; readonly ms: number }
  /** The operator drains the proxy. */
  | { readonly does: "drains" };

/**
 * How a connection ends. `persists`: it is still open when the steps are over, and is shown to be usable by one exchange
 * more. Otherwise how the proxy closes it (`closed`: FIN or RST, whichever the system makes of it; `unheard`: behind octets
 * that this neighbour never reads), and the reason.
 */
export type End = "persists" | `${WireEnd | "closed" | "unheard"} ${CloseReason}`;

/**
 * What reaches the origin of a request that is refused in its body: nothing when it is refused in time; otherwise a
 * request that is visibly incomplete, on a connection that the proxy then closes.
 */
export const NOTHING_WHOLE = "nothing whole";

export interface Case {
  /** Rows of the checklist that this case shows. */
  readonly rows: readonly number[];
  readonly section: string;
  /** A sentence of the specification. */
  readonly title: string;
  readonly settings?: SceneSettings;
  readonly steps: readonly Step[];
  /** Ends of the clients' connections, in the order they were opened. */
  readonly client: readonly End[];
  /** Ends of the origin's connections, in the order they were opened; none: nothing reaches the origin. */
  readonly origin: readonly End[] | typeof NOTHING_WHOLE;
  /** Why the case can only be run whole: its meaning depends on what arrives together. */
  readonly onlyWhole?: string;
}

export interface Group {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** What a neighbour of the proxy does on one of its connections. */
export interface Actor {
  sends(octets: string): Step;
  /** While the process of the proxy stands still for `ms`. */
  sendsMeanwhile(octets: string, ms: number): Step;
  receives(expected: Expected): Step;
  readonly halfCloses: Step;
  readonly resets: Step;
  readonly stopsReading: Step;
  readonly readsOn: Step;
  readonly isFull: Step;
  answersAll(count: number, request: string, response: string): Step;
  sees(end: WireEnd | "either"): Step;
}

function actor(role: Role, number: number): Actor {
  return {
    sends: (octets) => ({ does: "sends", role, number, octets }),
    sendsMeanwhile: (octets, ms) => ({ does: "sends-meanwhile", role, number, octets, ms }),
    receives: (expected) => ({ does: "receives", role, number, expected }),
    halfCloses: { does: "half-closes", role, number },
    resets: { does: "resets", role, number },
    stopsReading: { does: "stops-reading", role, number },
    readsOn: { does: "reads-on", role, number },
    isFull: { does: "is-full", role, number },
    answersAll: (count, request, response) => ({ does: "answers-all", role, number, count, request, response }),
    sees: (end) => ({ does: "sees", role, number, end }),
  };
}

export const client = actor("client", 1);
export const client2 = actor("client", 2);
export const origin = actor("origin", 1);
export const origin2 = actor("origin", 2);
export const origin3 = actor("origin", 3);
export const origin4 = actor("origin", 4);

/** Lets time pass: the proxy's clock moves only so. */
export function waits(ms: number): Step {
  return { does: "waits", ms };
}

export const drains: Step = { does: "drains" };

// What is said.

/** Lines of a head, each with its CRLF, and the empty line. */
export function head(...lines: string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** What the proxy adds to a request of an untrusted HTTP/1.1 client for `Host: a`, as lines of a head. */
export const ADDED = addedFor("a", "1.1");

export function addedFor(host: string, version: "1.0" | "1.1"): readonly string[] {
  const via = [`Via: ${version} hopwise-test`, "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http"];
  return host === "" ? via : [...via, `X-Forwarded-Host: ${host}`];
}

/** What this proxy adds of itself to an HTTP/1.1 message. */
export const VIA = "Via: 1.1 hopwise-test";

/** Whom the forward proxies of scenes know, where they ask. */
export const USER = { name: "alice", password: "secret: word" };
export const CREDENTIALS = [
  `Proxy-Authorization: Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString("base64")}`,
];

/** Stands for the origin's own `host:port` in what it is to receive; every run has a port of its own. */
export const ORIGIN_AUTHORITY = "{origin}";
/** Stands for the origin's URL: it may be reached over TLS. */
export const ORIGIN_URL = `http://${ORIGIN_AUTHORITY}`;

/** The date by the proxy's clock. */
export const DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

/** A message whose body goes on in chunks, wherever they are cut. */
export function inChunks(head: string, content: string, ...trailers: string[]): Expected {
  return { head, content, trailers: trailers.map((line) => `${line}\r\n`).join(""), isUnfinished: false };
}

/** The beginning of a message in chunks: all of `content`, and no last chunk. */
export function inChunksSoFar(head: string, content: string): Expected {
  return { head, content, trailers: "", isUnfinished: true };
}

/** An answer of the proxy's own after which it closes. */
export function refusal(status: number, reason: AnswerReason): Expected {
  return { status, reason, connectionLines: "Connection: close\r\n", isHead: false };
}

/** An answer of the proxy's own on a connection that persists. */
export function answer(status: number, reason: AnswerReason): Expected {
  return { status, reason, connectionLines: "", isHead: false };
}

/** The commonest request and its answer. */
export const GET = head("GET / HTTP/1.1", "Host: a");
export const GET_FORWARDED = head("GET / HTTP/1.1", "Host: a", ...ADDED);
export const OK = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2")}ok`;
/** `OK` as a client gets it on a connection that closes. */
export const OK_CLOSE = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`;

/** The steps of the commonest exchange. */
export const ordinaryExchange: readonly Step[] = [
  client.sends(GET),
  origin.receives(GET_FORWARDED),
  origin.sends(OK),
  client.receives(OK),
];

// Whole cases of a common shape.

/** A request that is refused from its head alone: nothing reaches the origin, and the connection closes in order. */
export function refused(
  rows: readonly number[],
  section: string,
  title: string,
  request: string,
  status: number,
  reason: AnswerReason,
): Case {
  return {
    rows,
    section,
    title,
    steps: [client.sends(request), client.receives(refusal(status, reason))],
    client: ["FIN request-refused"],
    origin: [],
  };
}

/** A request that is refused in its body: nothing whole reaches the origin. */
export function refusedInBody(
  rows: readonly number[],
  section: string,
  title: string,
  request: string,
  status: number,
  reason: AnswerReason,
): Case {
  return { ...refused(rows, section, title, request, status, reason), origin: NOTHING_WHOLE };
}

/** An exchange in which both connections persist. */
export function exchanged(
  rows: readonly number[],
  section: string,
  title: string,
  wire: { request: string; forwarded: Expected; response: string; returned: Expected },
): Case {
  return {
    rows,
    section,
    title,
    steps: [
      client.sends(wire.request),
      origin.receives(wire.forwarded),
      origin.sends(wire.response),
      client.receives(wire.returned),
    ],
    client: ["persists"],
    origin: ["persists"],
  };
}

/** An exchange under settings that change what goes on, after which the client and then the origin close. */
export function exchangedOnce(
  rows: readonly number[],
  section: string,
  title: string,
  wire: { settings: SceneSettings; request: string; forwarded: Expected; response: string; returned: Expected },
): Case {
  const { steps, ...rest } = exchanged(rows, section, title, wire);
  return {
    ...rest,
    settings: wire.settings,
    steps: [...steps, client.halfCloses, client.sees("FIN"), origin.halfCloses],
    client: ["FIN peer-closed-idle"],
    origin: ["FIN peer-closed-idle"],
  };
}

/** A response that cannot be trusted: the client gets 502, its connection persists, the origin's is closed. */
export function badResponse(
  rows: readonly number[],
  section: string,
  title: string,
  response: string,
  settings?: SceneSettings,
): Case {
  return {
    rows,
    section,
    title,
    ...(settings === undefined ? {} : { settings }),
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      origin.sends(response),
      client.receives(answer(502, "response-malformed")),
    ],
    client: ["persists"],
    origin: ["closed response-malformed"],
  };
}
