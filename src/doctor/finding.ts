/**
 * A finding: one claim about a server, what was measured of it, the bytes that show it, what follows, and the remedy.
 *
 * Plain data all through: a report of findings is JSON as it stands (report/report.ts). Every mode of the doctor makes the same:
 * one server, both sides of a proxy, real traffic, or a chain on paper, which has no bytes to show. Deliberately absent: how anything is measured.
 */

/**
 * `pass`: as it should be. `advice`: works, and will hurt somebody in some chain. `fail`: breaks a rule or loses requests.
 * `info`: a fact without a judgement. `not-measurable`: this server, this path or these options gave no way to tell.
 */
export type Verdict = "pass" | "advice" | "fail" | "info" | "not-measurable";

/** From the best to the worst. */
export const grades = ["A", "B", "C", "D", "E", "F"] as const;
export type Grade = (typeof grades)[number];

/** Sections of a report, in its order; each has its own numbers of checks. */
export const sections = {
  reach: { title: "Reaching it", ids: "HW0" },
  persistence: { title: "Persistence", ids: "HW1" },
  time: { title: "Time and number", ids: "HW2" },
  closing: { title: "Closing", ids: "HW3" },
  messages: { title: "Messages", ids: "HW4" },
  errors: { title: "After an error", ids: "HW5" },
  load: { title: "Connection limits", ids: "HW6" },
  strictness: { title: "Framing strictness", ids: "HW7" },
  chain: { title: "The chain", ids: "HW8" },
  between: { title: "Between the neighbours", ids: "HW85" },
  through: { title: "Through the proxy", ids: "HW9" },
} as const;
export type Section = keyof typeof sections;

/** How a connection ended. `cut-off`: over TLS, a FIN without the closure alert. */
export type CloseManner = "fin" | "rst" | "cut-off";

/** One line of a transcript. Secrets, query strings and bodies are not in it; `bytes` counts everything. */
export interface EvidenceLine {
  /** Milliseconds since this connection was asked for. */
  readonly at_ms: number;
  /** `note`: nothing that was sent, like a close or a wait. Directions are the doctor's. */
  readonly direction: "sent" | "received" | "note";
  /** One line of text, escaped so that it is harmless on a terminal. */
  readonly text: string;
  /** Bytes that this line stands for; a note: 0. */
  readonly bytes: number;
}

/** The story of one connection. */
export interface Evidence {
  /** Numbered in the order in which the examination opened them. */
  readonly connection: number;
  /** Where the doctor stands on both sides of a proxy: which side. One server: absent. */
  readonly hop?: "client" | "origin";
  readonly lines: readonly EvidenceLine[];
}

/** What to change, in one product. */
export interface Fix {
  /** Like `nginx`; for everybody: `any`. */
  readonly product: string;
  /** One sentence, an imperative. */
  readonly text: string;
  /** The exact setting, as it stands in a file or in code; there is none: absent. */
  readonly setting?: string;
}

/** The worst that a defect leaves of the grade, and why. */
export interface Cap {
  readonly grade: Grade;
  /** Goes on behind "at most D, because": a sentence without its full stop. */
  readonly because: string;
}

export interface Finding {
  /** Like `HW201`: stable, also when the texts change. */
  readonly id: string;
  readonly section: Section;
  /** What a healthy server does, in one sentence. */
  readonly claim: string;
  readonly verdict: Verdict;
  /** What this one did, in one line, with its figures. */
  readonly measured: string;
  /** The figures, for programs: names with their units last (`idle_timeout_ms`). */
  readonly values: Readonly<Record<string, number | string | boolean>>;
  /** What follows from it for people, in one plain sentence; nothing does: an empty string. */
  readonly consequence: string;
  /** Where the rule stands, like `RFC 9112 section 9.3`; there is none: absent. */
  readonly reference?: string;
  readonly fixes: readonly Fix[];
  readonly cap?: Cap;
  readonly evidence: readonly Evidence[];
}

/** What is to be fixed: a check names one, and the knowledge of products says how each does it. */
export const fixTopics = {
  "certificate-expires": "the certificate is about to expire",
  "idle-timeout-too-short": "clients' pools keep connections for longer than this server does",
  "idle-timeout-too-long": "idle connections are kept for longer than anybody uses them",
  "idle-timeout-not-advertised": "no Keep-Alive field tells clients how long a connection may idle",
  "idle-timeout-promise-broken": "a connection ends before the time that was advertised",
  "requests-per-connection": "connections end after a number of requests",
  "close-not-announced": "connections end behind a response that did not say close",
  "close-not-honoured": "connections stay open behind a response that was to be the last",
  "persistence-off": "connections do not persist",
  "http10-left-open": "an HTTP/1.0 client that did not ask for keep-alive waits for a close that never comes",
  "head-time-unlimited": "a client may take as long as it likes for a request's head",
  "silent-connection-unlimited": "a connection on which nothing was asked may stay",
  "close-with-reset": "connections end with RST, which may destroy a response on its way",
  "half-close-not-served": "a client that closes its sending side gets no response",
  "pipelining-broken": "requests that are sent together are not answered in order",
  "framing-of-responses": "the end of a response is not where its head says",
  "body-left-unread": "a body that nobody read is taken for the next request",
  "early-response-lost": "an early response to an upload does not reach the client",
  "expect-ignored": "a client that waits for 100 Continue waits in vain",
  "error-handling": "an error costs the requests around it",
  "connection-limit": "few connections keep newcomers out",
  "ambiguous-framing-accepted": "a message that two neighbours understand differently is served",
} as const;
export type FixTopic = keyof typeof fixTopics;
