/**
 * What a route asks of its requests before they go on, and what it lets them take: plain data, as an operator has decided it.
 *
 * The order in which all of it is judged stands in judging.ts. Deliberately absent: which requests, and what is done to
 * messages on their way (route-plan.ts).
 */
import type { Authentication } from "./authentication.ts";

export interface RoutePolicy {
  /** The same for people, in the order in which it is judged. */
  readonly words: readonly string[];
  /** Whether a client with this address may come; anybody may: absent. */
  readonly mayCome?: ((address: string) => boolean) | undefined;
  readonly credentials?: CredentialsRule | undefined;
  readonly rate?: RateLimit | undefined;
  /** Bytes of a request's body; as many as come: absent. */
  readonly bodyBytesMax?: number | undefined;
  readonly concurrency?: ConcurrencyLimit | undefined;
  /** The origin is asked once the whole body is here, or more than this of it; at once: absent. */
  readonly bufferBytes?: number | undefined;
  /** Instead of those of the settings; the same: absent. */
  readonly times?: TimeLimits | undefined;
}

/** Basic authentication (RFC 7617) by the gateway itself. */
export interface CredentialsRule {
  readonly authentication: Authentication;
  /** What clients call the place that they log in to. */
  readonly realm: string;
}

/** Whose requests are counted together. A client is an IPv4 address, or an IPv6 /64. */
export type RateKey = "client" | "route" | { readonly field: string };

/** A bucket of tokens for each key: full at first, each request takes one. */
export interface RateLimit {
  /** By which its buckets are told from those of other limits. */
  readonly name: string;
  readonly by: RateKey;
  /** A token comes back after each such time. */
  readonly interval_ms: number;
  /** Tokens in a full bucket. */
  readonly burst: number;
  /** The same for people. */
  readonly words: string;
}

/** Requests at once, tunnels among them for as long as they last. */
export interface ConcurrencyLimit {
  readonly max: number;
  /** So many more may wait. */
  readonly line: number;
  readonly wait_ms: number;
}

/** The limits of time that can be an exchange's own. */
export interface TimeLimits {
  /** To find a connection: to open one, or to wait for room. What opens is for this exchange until it does, so its time is its own. */
  readonly connectTimeout_ms: number;
  readonly bodyTimeout_ms: number;
  readonly responseTimeout_ms: number;
  readonly tunnelTimeout_ms: number;
}
