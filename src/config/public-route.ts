/** A route, for editors and type checkers: what a file says (route-schema.ts, which a test keeps the same). */
import type { Duration, ProxyOptions, Size } from "./public-options.ts";

export interface RouteOptions {
  /** What it is called towards people. Default: its place, like `routes[2]`. */
  readonly name?: string | undefined;
  /** Which requests it takes. Default: all. */
  readonly match?: MatchOptions | undefined;
  /** The group, or the one origin, that they go to. */
  readonly to?: string | undefined;
  /** Where clients are sent instead: a path or a URL; `/*` at its end stands for what `match.path` has there. Status 308 by default. */
  readonly redirect?:
    | string
    | {
        readonly to: string;
        readonly status?: 301 | 302 | 303 | 307 | 308 | undefined;
        /** What they are told beside `Location`. */
        readonly fields?: Readonly<Record<string, string | number>> | undefined;
      }
    | undefined;
  /** What they are answered. */
  readonly respond?:
    | {
        readonly status?: number | undefined;
        readonly fields?: Readonly<Record<string, string | number>> | undefined;
        readonly body?: string | undefined;
      }
    | undefined;
  /** They are answered 403. */
  readonly refuse?: true | undefined;
  /** What is taken away from the beginning of the path; a path in `Location` gets it back. */
  readonly stripPrefix?: string | undefined;
  /** What is put in front of the path then. */
  readonly addPrefix?: string | undefined;
  /** Fields of the request, instead of what the client sent, also with `{client}` and other variables; null takes one away. */
  readonly setRequestFields?: ProxyOptions["setRequestFields"];
  /** The same of the response. */
  readonly setResponseFields?: ProxyOptions["setResponseFields"];
  /** Networks from which alone requests may come (403, `network-forbidden`). Default: all. */
  readonly allow?: string | readonly string[] | undefined;
  /** Networks from which none may come, also where `allow` has them. */
  readonly deny?: string | readonly string[] | undefined;
  /** Basic authentication (401) by a file with a line NAME:HASH each, made with `hopwise forward --hash-password`. */
  readonly users?: string | UsersOptions | undefined;
  /** How often clients may ask (429). Default: no limit. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** The largest body of a request (413). Default: no limit. */
  readonly maxBody?: Size | undefined;
  /** Requests and tunnels at once (503). Default: no limit. */
  readonly concurrency?: ConcurrencyOptions | undefined;
  /** The origin is asked when the whole body of a request is here, or more than this of it. Default: it is asked at once. */
  readonly bufferRequest?: Size | undefined;
  /** Instead of the gateway's, for these requests: to open a connection, or to wait for room. */
  readonly connectTimeout?: Duration | undefined;
  /** Instead of the gateway's, for these requests. */
  readonly responseTimeout?: Duration | undefined;
  /** Instead of the gateway's, for these requests. */
  readonly bodyTimeout?: Duration | undefined;
  /** Instead of the gateway's, for these requests. */
  readonly tunnelTimeout?: Duration | undefined;
  /** What clients hear instead of a `Domain` of `Set-Cookie`; null: none. `*` is any. */
  readonly cookieDomain?: Readonly<Record<string, string | null>> | undefined;
  /**
   * WebDAV: `Destination` of COPY and MOVE names the origin as it is asked, for origins that are asked over http by clients that came over
   * TLS, and do not look at `X-Forwarded-Proto` (Apache, Subversion). Default: false.
   */
  readonly localDestination?: boolean | undefined;
}

export interface UsersOptions {
  readonly file: string;
  /** What clients call the place that they log in to. Default: `hopwise`. */
  readonly realm?: string | undefined;
  /** The origin gets `Authorization`, too. Default: false. */
  readonly keepAuthorization?: boolean | undefined;
}

/** A bucket of tokens, full at first; each request takes one. */
export interface RateLimitOptions {
  /** So many tokens come back in each `per`. */
  readonly requests: number | string;
  /** Default: `1s`. */
  readonly per?: Duration | undefined;
  /** Tokens in a full bucket. Default: `requests`. */
  readonly burst?: number | string | undefined;
  /** Who shares a bucket: a client (an IPv4 address, an IPv6 /64), all of the route, or all with the same value of a field. Default: `client`. */
  readonly by?: "client" | "route" | { readonly field: string } | undefined;
}

export interface ConcurrencyOptions {
  readonly max: number | string;
  /** So many more may wait. Default: 100. */
  readonly line?: number | string | undefined;
  /** For so long. Default: `1s`. */
  readonly wait?: Duration | undefined;
}

export interface MatchOptions {
  /** `app.example.com`, or `*.example.com` for all names below it. */
  readonly host?: string | readonly string[] | undefined;
  /** `/login`, `/users/:id`, or `/api/*`, which is also `/api`. */
  readonly path?: string | readonly string[] | undefined;
  /** `GET` is not `HEAD`. */
  readonly method?: string | readonly string[] | undefined;
  /** With this value, or with any: true. */
  readonly fields?: Readonly<Record<string, string | true>> | undefined;
}
