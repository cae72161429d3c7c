/** A group of endpoints, for editors and type checkers: what a file says (group-schema.ts, which a test keeps the same). */

import type { CareOptions } from "./public-health.ts";
import type { Duration } from "./public-options.ts";

export type * from "./public-health.ts";

export interface GroupOptions extends CareOptions {
  /** Its endpoints. */
  readonly to: string | readonly (string | EndpointOptions)[];
  /**
   * How the endpoint of a request is chosen, by weight: where least is outstanding, in turn, the better one of two at random, or always
   * the same one for the same client, field or cookie. Default: `least-outstanding`.
   */
  readonly balance?:
    | BalanceKind
    | { readonly hash: "client" | { readonly field: string } | { readonly cookie: string } }
    | undefined;
  /** A cookie of hopwise's own leads each client to the endpoint that served it before. Default: none. */
  readonly sticky?: boolean | { readonly cookie: string } | undefined;
  /**
   * Names are looked up again and again, and each address that one leads to is an endpoint of its own. Default: a name is one endpoint,
   * and each new connection goes where it leads then.
   */
  readonly resolve?: boolean | ResolveOptions | undefined;
  /** How its endpoints with https are reached. Default: their certificates are for the host of their URL, by whom the system trusts. */
  readonly tls?: OriginTlsOptions | undefined;
  /**
   * Connections to its endpoints begin with a header of the PROXY protocol that says who the client is, in front of TLS, too; each then
   * carries that client's requests alone. Default: none.
   */
  readonly proxyProtocol?: "v1" | "v2" | undefined;
}

export interface OriginTlsOptions {
  /** Who must have issued their certificates, instead of those whom the system trusts; a certificate that nobody issued is its own. */
  readonly ca?: string | undefined;
  /** The certificate that they are shown, with those that issued it behind it. Default: none. */
  readonly cert?: string | undefined;
  /** Its private key, without a passphrase. */
  readonly key?: string | undefined;
  /** The name that they are asked for (SNI), and that their certificates must be for. Default: the host of their URL. */
  readonly serverName?: string | undefined;
}

export interface ResolveOptions {
  /** From the end of one look-up to the next, give or take a tenth. Default: `30s`. */
  readonly interval?: Duration | undefined;
  /** Which addresses count. Default: those of the same kind as the first one that the system gives. */
  readonly family?: "ipv4" | "ipv6" | "both" | undefined;
}

export type BalanceKind = "least-outstanding" | "round-robin" | "two-choices";

export interface EndpointOptions {
  readonly url: string;
  /** Its part of the requests, beside those of the others; 0: it gets no new ones, only those that stick to it. Default: 1. */
  readonly weight?: number | undefined;
  /** It is used only while no other endpoint is well. Default: false. */
  readonly backup?: boolean | undefined;
  /** Connections to it at once. Default: as `poolSize` says. */
  readonly maxConnections?: string | number | undefined;
  /** How old a connection to it may become; 0: no limit. Default: as `poolMaxAge` says. */
  readonly poolMaxAge?: Duration | undefined;
  /** With which header of the PROXY protocol connections to it begin. Default: that of the group. */
  readonly proxyProtocol?: "v1" | "v2" | undefined;
}
