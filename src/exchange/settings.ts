/**
 * What the operator decides about a gateway, with every limit by its name. The defaults and their reasons stand in the
 * config room, next to the flags.
 */
import type { OriginAddress } from "../pool/origin-address.ts";
import type { HeadLimits } from "../wire/head-reader.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import type { Authentication } from "./authentication.ts";
import type { OriginHost } from "./origin-references.ts";
import type { RateLimit } from "./policy.ts";
import type { RoutePlan } from "./route-plan.ts";

/**
 * What a client's FIN means. `probe`: it is found out. `cancel`: the client is gone, as nginx and Node have it. `finish`: it
 * still reads, as HAProxy has it.
 */
export type ClientClose = "probe" | "cancel" | "finish";

/** What a forward proxy has and a gateway has not. */
export interface ForwardSettings {
  /** Whether CONNECT may lead to this port. */
  readonly mayConnectTo: (port: number) => boolean;
  /** Whether other requests may lead to this port. */
  readonly mayRequestFrom: (port: number) => boolean;
  /** Who may use the proxy; undefined: anyone who can reach it. */
  readonly authentication: Authentication | undefined;
  /** Origins with a pool at once. */
  readonly originsMax: number;
  /** Idle connections to all origins together. */
  readonly idleMax: number;
}

export interface GatewaySettings {
  /** Of a gateway; a forward proxy has none. */
  readonly origins: readonly OriginAddress[];
  /** Which requests go where; all of them to `origins`, which a gateway with routes has all together: absent. */
  readonly routes?: RoutePlan;
  /** Of all requests of a gateway together, whichever route takes them; no limit: absent. */
  readonly rateLimit?: RateLimit;
  /** Bytes of bodies that routes have buffered, of all requests together; as many as body-buffers.ts says: absent. */
  readonly bufferedBytesMax?: number;
  /** Field lines in whatever it answers because something is wrong, each with its CRLF; none: absent. */
  readonly answerLines?: string;
  /** Which Host the origin gets; a forward proxy keeps what its client sent. */
  readonly originHost: OriginHost;
  /** A forward proxy instead of a gateway. */
  readonly forward?: ForwardSettings;
  /** How long a client's connection may idle, enforced; what is advertised is shorter. */
  readonly keepAliveTimeout_ms: number;
  /** Requests per client connection; 0: no limit. */
  readonly maxRequests: number;
  /** Client connections at once. */
  readonly maxConnections: number;
  /** From the first octet of a head (or from the start of a connection) to its last. */
  readonly headTimeout_ms: number;
  /** Between octets of a body, in either direction; also how long a peer may take nothing of what it is sent. */
  readonly bodyTimeout_ms: number;
  /** Bytes per second that a client must move while only it can go on; 0: no such limit. */
  readonly minRate: number;
  /** Clients may speak HTTP/2. */
  readonly http2: boolean;
  /** Octets of bodies that all HTTP/2 connections together hold. */
  readonly http2BytesMax: number;
  /** What the FIN of a client means whose request is complete. */
  readonly clientClose: ClientClose;
  readonly connectTimeout_ms: number;
  /** From the end of the request to the first octet of a response. */
  readonly responseTimeout_ms: number;
  /** How long a tunnel may carry nothing. */
  readonly tunnelTimeout_ms: number;
  readonly poolIdleTimeout_ms: number;
  /** How old a connection to an origin may become; 0: no limit. */
  readonly poolMaxAge_ms: number;
  /** Connections per endpoint. */
  readonly poolSize: number;
  readonly headLimits: HeadLimits;
  /** Faults in heads of responses that are mended instead of refused. */
  readonly tolerates: ReadonlySet<ToleranceKind>;
  /** Neighbours whose forwarding fields are believed and passed on. */
  readonly isTrusted: (address: string) => boolean;
  /** Whether `Forwarded` (RFC 7239) is sent beside `X-Forwarded-*`. */
  readonly sendsForwarded: boolean;
  /** The pseudonym in `Via` and `Proxy-Status`. In `Via` it also detects loops, so it must be this proxy's alone. */
  readonly viaName: string;
  /** Whether `Via` is sent; a forward proxy always does. */
  readonly sendsVia: boolean;
}
