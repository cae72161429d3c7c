/**
 * Why an exchange failed, and what to do about it, in plain sentences: for `hopwise top`, for logs that people read, and for the
 * dashboard, in the same words.
 *
 * Logs, metrics and events keep the reason's word alone. Deliberately absent: how it is shown.
 */
import { type AnswerReason, type AnswerSource, answerMeaning } from "../exchange/answers.ts";
import { isAlert } from "../http1/dial-faults.ts";
import type { ExchangeEntry } from "./entries.ts";
import { faultSentence } from "./fault-words.ts";

export interface Explained {
  /** One word for it: the reason, or what there is instead of one: `origin-status`, `client-gone`. */
  readonly word: string;
  readonly fault: string | undefined;
  /** Whose doing it is. */
  readonly source: AnswerSource;
  /** One sentence. */
  readonly cause: string;
  /** What the system's word means, one sentence; there is none: empty. */
  readonly detail: string;
  /** Another sentence. */
  readonly todo: string;
  /** Where it was to go, or went; nowhere: undefined. */
  readonly endpoint: string | undefined;
}

/** Where it went last, or where a connection was looked for in vain; nowhere: undefined. */
export function endpointOf({
  endpoint,
  upstream,
  lost,
}: Pick<ExchangeEntry, "endpoint" | "upstream" | "lost">): string | undefined {
  return endpoint ?? upstream?.endpoint ?? lost?.at(-1)?.endpoint;
}

/** @returns undefined: nothing has failed */
export function explained(entry: ExchangeEntry): Explained | undefined {
  const { reason, fault, outcome, status } = entry;
  const endpoint = endpointOf(entry);
  if (reason !== undefined) {
    const { source, text } = answerMeaning(reason);
    const cause =
      outcome === "truncated" ? `The client got an incomplete response. ${truncatedBy[reason] ?? text}` : text;
    const detail = faultSentence(fault, reason === "response-malformed");
    return { word: reason, fault, source, cause, detail, todo: todoOf(reason, entry), endpoint };
  }
  const others = { fault, detail: faultSentence(fault), endpoint };
  if (outcome === "client-gone") {
    const cause = "The client did not wait for the answer.";
    const todo =
      "If many leave, their timeout is shorter than the answer takes: compare it with the time to the first byte.";
    return { ...others, word: "client-gone", source: "client", cause, todo };
  }
  if (outcome === "truncated") {
    const cause = "The client got an incomplete response.";
    const todo = "Look into the origin's log at that time: its connection ended in the middle.";
    return { ...others, word: "truncated", source: "origin", cause, todo };
  }
  if (status < 400) return undefined;
  const cause = `The origin itself answered ${status}.`;
  const todo = "hopwise passed the answer on as it came: look into the origin's log.";
  return { ...others, word: "origin-status", source: "origin", cause, todo };
}

/** The same for the same cause. */
export function causeKey({ word, fault }: Explained, { status }: Pick<ExchangeEntry, "status">): string {
  return [word, fault, word === "origin-status" ? status : undefined].filter((part) => part !== undefined).join(" ");
}

/**
 * Endpoints whose last request came to nothing because of them, and why: nothing may be known against one that is alone, and it is not well.
 *
 * @param exchanges the latest first
 */
export function failingEndpoints(exchanges: readonly ExchangeEntry[]): ReadonlyMap<string, Explained> {
  const seen = new Set<string>();
  const failing = new Map<string, Explained>();
  for (const entry of exchanges) {
    const endpoint = endpointOf(entry);
    // That a client leaves says nothing of the origin.
    if (endpoint === undefined || seen.has(endpoint) || entry.outcome === "client-gone") continue;
    seen.add(endpoint);
    const about = entry.reason === undefined ? undefined : explained(entry);
    if (about?.source === "origin") failing.set(endpoint, about);
  }
  return failing;
}

/** Reasons that mean something else once the answer has begun. */
const truncatedBy: Partial<Readonly<Record<AnswerReason, string>>> = {
  "response-incomplete": "The origin closed the connection in the middle of its answer's body.",
  "gave-way": "All places are taken, and it gave its own up for another client that holds fewer.",
  "drain-deadline": "The proxy was ending, and the rest did not come in the time that was left.",
};

/** What to do, by reason; for the others it is the client's request that is to be changed, see `bySource`. */
const todos: Partial<Readonly<Record<AnswerReason, string>>> = {
  "connect-timeout":
    "Try it from this machine, with curl -v and the origin's address; if it is only far away, see --connect-timeout.",
  "pool-line-full": "Give the pool more connections (--pool-size), or the origin more to answer with.",
  "pool-line-timeout":
    "Give the pool more connections (--pool-size), let requests wait longer (--connect-timeout), or find out what the origin's slow answers wait for.",
  "retry-budget-spent": "Look into the origin's log: it closes many connections without an answer.",
  "response-timeout": "Look into the origin at that time; if it does need this long, allow more (--response-timeout).",
  "response-stalled":
    "Find out what the origin waits for in the middle of its answer, or allow it more time (--body-timeout).",
  "upstream-write-timeout":
    "The origin does not read: check whether it hangs, or is out of threads; if it pauses on purpose, allow it (--body-timeout).",
  "head-too-large":
    "See what makes it so large, mostly cookies; if clients do need heads of this size, allow them (--max-head-size).",
  "response-incomplete": "Look into the origin's log at that time: it ended while it answered.",
  "upgrade-unexpected": "Fix the origin: it must not send 101 unless the request asks for it.",
  "protocol-not-supported": "Nothing: other versions of HTTP are not spoken inside a connection.",
  "upgrade-not-agreed":
    "See what the origin says to a WebSocket over HTTP/1.1: it must be 101 with Sec-WebSocket-Accept.",
  "too-many-interim-responses": "Fix the origin: it sends 1xx responses without end.",
  overloaded: "Allow more connections (--max-connections), or let idle ones end sooner (--keep-alive-timeout).",
  "gave-way": "Allow more connections (--max-connections), or see which client holds most of them.",
  "drain-deadline": "Allow the drain more time (--drain-timeout), or find out why the request took so long.",
  "head-timeout":
    "Nothing, where the client is stalled; if honest ones need longer for a head, allow it (--head-timeout).",
  "body-timeout":
    "Nothing, where the client is stalled (is its Content-Length right?); if honest ones pause for longer, allow it (--body-timeout).",
  "hook-timeout": "Find out what the application's hook waits for, or allow it more time (hookTimeout).",
  "internal-error": "Please report it, with what the log says at that time.",
  "loop-detected": "Check where the route leads (--to): the request came back to this proxy.",
  "https-misdirected":
    "If a neighbour ends TLS in front of hopwise, name it (--trusted); otherwise the client should use https://.",
  "connect-port-forbidden":
    "If tunnels to this port are meant, allow them (--connect-ports); for ws:// browsers ask for one to port 80.",
  "port-forbidden": "If requests to this port are meant, allow them (--http-ports).",
  "address-not-public": "If clients are meant to reach what is not public, allow it (--allow-private).",
  "proxy-authentication-required": "Give the client a name and a password of the file of users (--users).",
  "too-many-lookups": "Check the name server: lookups take too long.",
  "too-many-origins":
    "Allow more connections, or see which client uses so many origins; people who share an address can have names (--users).",
  "authentication-busy": "Check what takes the passwords so long, or slow down who tries many.",
  "proxy-authentication-unexpected": "Check the origin's address: it behaves as a proxy.",
  "body-consumed": "Let hopwise's handler run before whatever reads the body.",
  "rate-limited": "Tell whose client it is; if it may ask this often, allow more (rateLimit, at the top of the file).",
  "route-rate-limited": "Tell whose client it is; if it may ask this often, allow more (rateLimit of the route).",
  "network-forbidden":
    "Nothing, unless the client should be served: the route's allow and deny say which networks are.",
  "authentication-required":
    "Nothing, unless the client should be served: give it a name and a password of the route's users.",
  "buffers-full": "Let more of bodies be held in all (requestBuffers), or less of each (bufferRequest).",
  "content-too-large": "If bodies of this size are meant to come, allow them (maxBody of the route).",
  "too-slow": "Nothing, where the client is stalled; if honest clients are this slow, allow it (--min-rate).",
  "route-refused": "Nothing, if it should be refused; hopwise route METHOD URL says which route does that.",
  "no-route": "Add a route for it, or correct the client's URL; hopwise route METHOD URL says what takes a request.",
  "route-line-full":
    "Allow more requests of this kind at once (concurrency of the route), or find out what makes them slow.",
  "route-line-timeout":
    "Allow more requests of this kind at once (concurrency of the route), or find out what makes them slow.",
};

const bySource: Readonly<Record<AnswerSource, string>> = {
  client: "The request is what to change: tell whose client it is. Nothing is wrong here or at the origin.",
  origin: "Look into the origin's log at that time.",
  proxy: "Look into hopwise's log at that time.",
  application: "Look into the application's log at that time: its own code decides about this request.",
};

function todoOf(reason: AnswerReason, { fault, upstream }: ExchangeEntry): string {
  if (reason === "connect-failed") return connectTodo(fault);
  if (reason === "response-malformed") return malformedTodo(fault);
  if (reason === "upstream-closed" && fault !== undefined && isAlert(fault)) return connectTodo(fault);
  if (reason === "upstream-closed") {
    if (upstream?.reused === true) {
      return "The connection had carried others before. If the origin closes those that idle, let it keep them longer or say its timeout in Keep-Alive; if not, look into its log at that time.";
    }
    return "The connection was new, so this is no keep-alive timeout: look into the origin's log for a crash, or a limit that it enforces by closing.";
  }
  return todos[reason] ?? bySource[answerMeaning(reason).source];
}

function malformedTodo(fault: string | undefined): string {
  switch (fault) {
    case "head-too-large":
      return "Let the origin send fewer or shorter fields, or allow larger heads (--max-head-size).";
    case "tls-on-plain-port":
      return "Write https:// in the origin's address.";
    case "http2-on-http1-port":
      return "Lead to a port of the origin that speaks HTTP/1.1: hopwise speaks HTTP/2 with clients alone, so no gRPC.";
    default:
      return "Fix the origin's answer; hopwise doctor URL shows the bytes that are wrong.";
  }
}

function connectTodo(fault: string | undefined): string {
  switch (fault) {
    case "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED":
      return "Name the certificate that the origin asks for, in the file's group (tls: cert, key).";
    case "ECONNREFUSED":
      return "Start the origin, or correct its port.";
    case "ENOTFOUND":
      return "Check the spelling of the origin's name, and that this machine can resolve it.";
    case "EAI_AGAIN":
    case "ETIMEOUT":
      return "Check this machine's name server.";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "Check the origin's address, and this machine's routes.";
    case "ENOENT":
    case "EACCES":
      return "Check the path of the origin's socket, and who may use it.";
    case "EMFILE":
    case "EADDRNOTAVAIL":
      return "This machine has run out of something: let more connections be reused, or raise its limit.";
    default:
      if (fault !== undefined && isAlert(fault)) {
        return "Check which versions, names and certificates the origin accepts: its log says why it broke off.";
      }
      if (fault !== undefined && /CERT|SSL|TLS|SIGNED|SIGNATURE/.test(fault)) {
        return "Check the origin's certificate, and whether its address begins with https:// rightly.";
      }
      return "Check that the origin runs, and its address.";
  }
}
