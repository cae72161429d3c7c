/**
 * Hooks: what an application wants to see and change of the exchanges that pass, in its own words.
 *
 * They are called in this order: admission, network rules, authentication and limits come before `onRequest`; choosing a
 * connection and retrying come after it, so it runs once for each request. What they say is validated like everything that is
 * written. Deliberately absent: bodies, framing and connections; those stay the proxy's.
 */
import type { AnswerReason, AnswerSource } from "./answers.ts";

/** Fields as a hook sees and changes them. Names are compared without regard to case. */
export interface HookFields extends Iterable<[name: string, value: string]> {
  /** All values of this name, joined with a comma (RFC 9110 section 5.2); there is none: undefined. Not for `Set-Cookie`. */
  get(name: string): string | undefined;
  /** The values of this name, line by line; there is none: an empty array. */
  getAll(name: string): string[];
  has(name: string): boolean;
  /** Says this instead of all fields of this name; several values become several lines. @throws TypeError, see `append` */
  set(name: string, value: string | number | readonly string[]): void;
  /**
   * Says this beside what is there.
   *
   * @throws TypeError for a name that is no token, a value that no field can carry, and for fields that are the proxy's own:
   * those of framing and of one connection, `Host`, `Via`, `Expect`
   */
  append(name: string, value: string | number): void;
  /** Takes all fields of this name away. @throws TypeError as `append` does */
  delete(name: string): void;
}

/** Who asks. */
export interface HookClient {
  /** The address that the connection comes from; behind a Unix socket: empty. */
  readonly address: string;
  readonly port: number;
  /** The connection is secured by TLS. */
  readonly isSecure: boolean;
}

/**
 * A request on its way to the origin. It can be changed until `onRequest` has returned, or what it returned is settled.
 *
 * A forward proxy's CONNECT is one, too: it asks for a tunnel, and only `origin` can be changed. Nothing else that it says goes
 * anywhere, and what the tunnel carries is nobody's to see.
 */
export interface HookRequest {
  /** Not from or to `HEAD`, `CONNECT` and `TRACE`, which decide about bodies. */
  method: string;
  /** Path and query as the origin is asked for them; `*` for OPTIONS; `host:port` of CONNECT. Not decoded, not normalised. */
  path: string;
  readonly fields: HookFields;
  /**
   * Where it goes instead of the option `to`: `http://host:port`, `https://host:port` or `unix:/path`. It is the application that
   * chooses: a name from a request must not be put here unchecked. Of a forward proxy it goes there instead of where its target leads,
   * if a client might have named that address and port itself: not to `unix:`, and for CONNECT `http://host:port` only.
   * Default: undefined.
   */
  origin: string | undefined;
  /** `host[:port]` that the client asked for; it said none: empty. */
  readonly authority: string;
  /** `2.0` behind somebody else's server (`createHandler`) only. */
  readonly httpVersion: "1.0" | "1.1" | "2.0";
  /** It offers another protocol (`Upgrade`), as WebSocket does. */
  readonly isUpgrade: boolean;
  readonly client: HookClient;
  /** Of a forward proxy or a route with `users`: by which name it let this client in; otherwise undefined. */
  readonly user: string | undefined;
}

/** A final response on its way to the client. */
export interface HookResponse {
  /** From 200 to 599; not from or to 204, 205 and 304, which have no body. */
  status: number;
  readonly fields: HookFields;
}

/** An answer of the application's own. Its length is said by the proxy. */
export interface OwnAnswer {
  /** From 200 to 599; to CONNECT from 300 on, since 2xx says that there is a tunnel (RFC 9110 section 9.3.6). */
  readonly status: number;
  readonly fields?: Readonly<Record<string, string | number | readonly string[]>> | undefined;
  /** Default: none. Text is sent as UTF-8, and as `text/plain` unless the fields say otherwise. */
  readonly body?: string | Uint8Array | undefined;
}

/** Why a client gets an answer that is no origin's. */
export interface HookError {
  /** As in logs, metrics and `Proxy-Status`. */
  readonly reason: AnswerReason;
  /** Whose doing it is. */
  readonly source: AnswerSource;
  /** An origin may have seen (some of) the request: only an idempotent one may be sent again without asking. */
  readonly wasSent: boolean;
  /** The status of the proxy's own page. */
  readonly status: number;
  /** A sentence for people. It tells nothing of addresses and internals. */
  readonly text: string;
  /** The system's error code (`ECONNREFUSED`). It is for the application, not for clients; none: undefined. */
  readonly fault: string | undefined;
  /** As far as it could be read; otherwise empty. */
  readonly method: string;
  /** The request's target as it was received, as far as it could be read; otherwise empty. */
  readonly target: string;
  /** The request's `Accept`; none: undefined. */
  readonly accept: string | undefined;
}

/** The same for a request that offered another protocol. Who asked so shows no page to people. */
export interface HookUpgradeError extends HookError {
  /** What was offered. */
  readonly upgrade: string;
}

/** It, or nothing at all. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook without a `return` has this type
export type Perhaps<Answer> = Answer | undefined | void;

/**
 * What an application wants to see and change. All of them are called with the proxy's own hands full: what takes time belongs into
 * the promise of `onRequest`. One that throws, or returns something else, costs its own exchange only: the client gets 500
 * (`hook-failed`), and the event `hook-failed` tells more.
 */
export interface Hooks {
  /**
   * A request was admitted, and nothing was sent to an origin. Changes go on; an answer that it returns goes to the client instead
   * of an origin's. A promise is waited for as long as `hookTimeout` says (504, `hook-timeout`). WebSocket and other upgrades come
   * here, too, and CONNECT.
   */
  readonly onRequest?: ((request: HookRequest) => Perhaps<OwnAnswer> | Promise<Perhaps<OwnAnswer>>) | undefined;
  /** An origin's final response has begun; not those of switching protocols (101), not a tunnel's (CONNECT), and not answers of one's own. */
  readonly onResponse?: ((response: HookResponse, request: HookRequest) => Perhaps<never>) | undefined;
  /** The proxy is about to answer by itself. A page for it has a status from 400 to 599. If the hook fails, the proxy's own page is sent. */
  readonly onError?: ((error: HookError) => Perhaps<OwnAnswer>) | undefined;
  /** The same for a request that offered another protocol. Default: the proxy's own page, whatever `onError` says. */
  readonly onUpgradeError?: ((error: HookUpgradeError) => Perhaps<OwnAnswer>) | undefined;
}

/** The application's own code, by what calls it. */
export type HookName = keyof Hooks | "rateStore";

/** The hooks, and how long they may take. */
export interface HookSettings extends Hooks {
  /** How long the promise of `onRequest` may take. */
  readonly timeout_ms: number;
}

export const noHooks: HookSettings = { timeout_ms: 0 };
