/**
 * What is known of a product: how long it keeps idle connections on each of its sides, and which setting changes that.
 *
 * Knowledge is data. Every figure says how it came to be known, of which version and when, so that a reader can judge it and a later
 * measurement can replace it. A side that nobody has looked up is absent: it is asked for, never guessed.
 */

/** How a figure came to be known, from the best to the worst. */
export const waysOfKnowing = {
  measured: "measured on loopback",
  documented: "read in the source or the official documentation",
  secondary: "read elsewhere",
  recalled: "from memory, to be checked",
} as const;
export type WayOfKnowing = keyof typeof waysOfKnowing;

export interface Source {
  readonly known: readonly WayOfKnowing[];
  /** What was measured or read, where it matters. */
  readonly of?: string;
  /** Year and month. */
  readonly date: string;
}

/**
 * How long an idle connection lives. `unlimited`: no timer ends it. `no-reuse`: each response is the connection's last.
 * `configured`: there is no default. `purged`: no connection has a limit of its own, some of them are closed at intervals.
 */
export type IdleTime = number | "unlimited" | "no-reuse" | "configured" | "purged";

/** The side that faces clients: how long the product lets their connections idle. */
export interface ClientSide extends Source {
  readonly idle_ms: IdleTime;
  /** It closes so much later than it says. */
  readonly grace_ms?: number;
  /** Requests on one connection; no limit is known: absent. */
  readonly requestsMax?: number;
  /** Age at which a connection ends, idle or not. */
  readonly lifetime_ms?: number;
  /** What its responses say in `Keep-Alive`; unknown: absent. */
  readonly advertises?: "nothing" | "timeout" | "timeout and max";
  readonly note?: string;
}

/** The side that faces origins: how long connections idle in the product's pool. */
export interface OriginSide extends Source {
  readonly idle_ms: IdleTime | "passed-on";
  /** Where `idle_ms` is `no-reuse`: how long connections idle once reuse is turned on. */
  readonly onceOn_ms?: number;
  /** `Keep-Alive: timeout` of a server counts: so much sooner a connection is given up, at `max_ms` anyway. */
  readonly hint?: { readonly margin_ms: number; readonly max_ms?: number; readonly replacesIdle: boolean };
  /** It learns how long each server really waits, and gives connections up before that. */
  readonly isLearning?: boolean;
  readonly requestsMax?: number;
  readonly lifetime_ms?: number;
  readonly note?: string;
}

/** One range of versions. */
export interface Edition {
  /** The first version of it; the first edition has none. */
  readonly since?: string;
  readonly clients?: ClientSide;
  readonly origins?: OriginSide;
}

export interface Setting {
  /** As it is written for a chain, like `keepalive_timeout`. */
  readonly name: string;
  /** `both`: one time for both sides. */
  readonly side: "clients" | "origins" | "both";
  /** `reuse`: whether connections are kept at all. */
  readonly sets: "idle" | "requests" | "reuse";
  /** Of a number without one. */
  readonly unit: "ms" | "s" | "min" | "count" | "switch";
  /** Values that are not amounts, in lowercase. */
  readonly special?: Readonly<Record<string, "unlimited" | "no-reuse" | "on">>;
  /** How it is written: `{s}`, `{ms}`, `{min}` or `{count}` stands for the amount. */
  readonly write: string;
  /** Where it is written, behind "in". */
  readonly where: string;
  /** It counts beside the others: the shorter ends a connection. */
  readonly isCeiling?: true;
  /** The product takes no more. */
  readonly max_ms?: number;
}

/** `library`: a client inside a program. `balancer`: somebody else runs it. `transport`: it passes TCP on, and knows no HTTP. */
export type Role = "server" | "proxy" | "balancer" | "library" | "browser" | "transport";

export interface Product {
  /** As it is written for a chain. */
  readonly name: string;
  readonly title: string;
  readonly aliases?: readonly string[];
  readonly role: Role;
  /** Ordered; a version belongs to the last one that does not begin behind it. */
  readonly editions: readonly Edition[];
  /** Of those with the same side and meaning, the first that is set counts. */
  readonly settings: readonly Setting[];
  /** A side that cannot be changed, and why. */
  readonly fixed?: { readonly clients?: string; readonly origins?: string };
  /** Names by which it is known in `Server` and `Via`: of a product token, or of a pseudonym. */
  readonly signs?: { readonly server?: readonly string[]; readonly via?: readonly string[] };
  /** What became of a request that met the close, as its makers say. */
  readonly whenLost?: string;
}

export function concerns({ side }: Setting, asked: "clients" | "origins"): boolean {
  return side === asked || side === "both";
}

/** Setting that every product has for a chain: what is written counts, whatever the product calls it. */
export const ownSettings = { clients: "idle", origins: "pool" } as const;
