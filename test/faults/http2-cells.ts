/**
 * Faults of an origin while its client speaks HTTP/2: the frames of the stream that the client sees, and what is recorded.
 *
 * The connection carries other requests meanwhile, so it persists in all of them. Deliberately absent: playing them (http2.test.ts), and
 * faults of the client, which ends streams and connections as it likes (src/http2-clients.test.ts).
 */
import type { CloseReason } from "../../src/connection/reasons.ts";
import { DATE, head } from "../conformance/case.ts";
import type { SceneSettings } from "../kit/stage.ts";

/** `waits`: until that limit of time has passed. */
export type OriginAct =
  | { readonly sends: string }
  | { readonly does: "closes" | "resets" | "half-closes" }
  | { readonly waits: number };

export interface Http2Cell {
  readonly name: string;
  /** A POST whose body has not ended. Default: a GET. */
  readonly isPost?: true;
  readonly settings?: SceneSettings;
  /** What each connection of the origin does once it has the request, in turn. */
  readonly origins: readonly (readonly OriginAct[])[];
  /** Frames of the stream. */
  readonly sees: readonly string[];
  /** Why each connection to the origin has closed; it persists: undefined. */
  readonly recorded: readonly (CloseReason | undefined)[];
}

const OK = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 5")}hello`;
const LENGTH = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 100")}hello`;
const CHUNKED = `${head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked")}5\r\nhello\r\n`;
const BY_CLOSE = `${head("HTTP/1.1 200 OK", DATE)}hello`;
const TRUNCATED = ["HEADERS 200", "DATA hello", "RST_STREAM INTERNAL_ERROR"];
const own = (status: number) => [`HEADERS ${status}`, "DATA END_STREAM"];
/** The rest of the request is not wanted then. */
const ownEarly = (status: number) => [...own(status), "RST_STREAM NO_ERROR"];

const closes = { does: "closes" } as const;
const resets = { does: "resets" } as const;
const halfCloses = { does: "half-closes" } as const;
const sends = (text: string) => ({ sends: text });

export const http2Cells: readonly Http2Cell[] = [
  {
    name: "answers, and all is well",
    origins: [[sends(OK)]],
    sees: ["HEADERS 200", "DATA hello END_STREAM"],
    recorded: [undefined],
  },
  {
    name: "closes before it answers a GET",
    origins: [[closes]],
    sees: own(502),
    recorded: ["peer-closed"],
  },
  {
    name: "closes before it answers a POST",
    isPost: true,
    origins: [[closes]],
    sees: ownEarly(502),
    recorded: ["peer-closed"],
  },
  {
    name: "resets before it answers a POST",
    isPost: true,
    origins: [[resets]],
    sees: ownEarly(502),
    recorded: ["peer-reset"],
  },
  {
    // Its body goes on to the origin until the client leaves.
    name: "answers a POST in chunks before it is whole",
    isPost: true,
    origins: [[sends(CHUNKED), sends("0\r\n\r\n")]],
    sees: ["HEADERS 200", "DATA hello", "DATA, empty END_STREAM"],
    recorded: ["client-gone"],
  },
  {
    name: "is silent",
    settings: { responseTimeout_ms: 1_000 },
    origins: [[{ waits: 1_100 }]],
    sees: own(504),
    recorded: ["response-timeout"],
  },
  {
    name: "closes within the head of its answer",
    origins: [[sends("HTTP/1.1 200 OK\r\nX-A"), closes]],
    sees: own(502),
    recorded: ["peer-closed"],
  },
  {
    name: "answers what is no response",
    origins: [[sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx")]],
    sees: own(502),
    recorded: ["response-malformed"],
  },
  {
    name: "closes within a body with a length",
    origins: [[sends(LENGTH), closes]],
    sees: TRUNCATED,
    recorded: ["response-truncated"],
  },
  {
    name: "half-closes within a body with a length",
    origins: [[sends(LENGTH), halfCloses]],
    sees: TRUNCATED,
    recorded: ["response-truncated"],
  },
  {
    name: "resets within a body with a length",
    origins: [[sends(LENGTH), resets]],
    sees: TRUNCATED,
    recorded: ["peer-reset"],
  },
  {
    name: "closes within a body in chunks",
    origins: [[sends(CHUNKED), closes]],
    sees: TRUNCATED,
    recorded: ["response-truncated"],
  },
  {
    name: "resets within a body in chunks",
    origins: [[sends(CHUNKED), resets]],
    sees: TRUNCATED,
    recorded: ["peer-reset"],
  },
  {
    name: "breaks the chunks of a body",
    origins: [[sends(CHUNKED), sends("zz\r\n")]],
    sees: TRUNCATED,
    recorded: ["response-malformed"],
  },
  {
    name: "resets within a body that its close ends",
    origins: [[sends(BY_CLOSE), resets]],
    sees: TRUNCATED,
    recorded: ["peer-reset"],
  },
  {
    name: "closes behind a body that its close ends",
    origins: [[sends(BY_CLOSE), closes]],
    sees: ["HEADERS 200", "DATA hello", "DATA, empty END_STREAM"],
    recorded: ["close-delimited"],
  },
  {
    name: "is silent within a body",
    settings: { bodyTimeout_ms: 1_000 },
    origins: [[sends(LENGTH), { waits: 1_100 }]],
    sees: TRUNCATED,
    recorded: ["body-timeout"],
  },
];
