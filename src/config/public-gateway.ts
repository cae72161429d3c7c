/**
 * The configuration of a gateway with listeners, groups and routes, for editors and type checkers: what a file says
 * (gateway-schema.ts, which a test keeps the same), and `createGateway` takes.
 */
import type { GroupOptions } from "./public-group.ts";
import type { ProxyOptions, Size } from "./public-options.ts";
import type { RateLimitOptions, RouteOptions } from "./public-route.ts";

export interface GatewayConfig extends Omit<ProxyOptions, "to"> {
  /** Where all requests go, as for `createProxy`; with `routes`: leave it out. Default: none. */
  readonly to?: string | readonly string[] | undefined;
  /** How often clients may ask, whatever for; what a listener redirects to https is not counted. Default: no limit. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /**
   * How much of requests' bodies all routes with `bufferRequest` hold together; one client at most as much as it leaves for others. Beyond
   * that: 503. Default: `256m`.
   */
  readonly requestBuffers?: Size | undefined;
  /**
   * Pages (`.html`, `.txt`) for what hopwise answers by itself, by status or for all of a class. Programs that ask for JSON get JSON.
   * Default: two lines of text.
   */
  readonly errorPages?: Readonly<Record<string, string>> | undefined;
  /**
   * Fields of whatever hopwise answers by itself: errors, redirects and fixed answers of routes, unless those say them. Not where a listener
   * redirects to https. Default: none.
   */
  readonly answerFields?: Readonly<Record<string, string | number>> | undefined;
  /** Where clients connect. Default: as `listen` says. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
  /**
   * `hopwise run`: the file with the token that `POST /reload` on the admin port asks for. It is made, with a token that nobody can
   * guess, where there is none. Default: a new one at each start, in a file that is named then.
   */
  readonly adminTokenFile?: string | undefined;
  /** Endpoints that serve the same, by the name by which routes call them. Default: none. */
  readonly groups?: Readonly<Record<string, GroupOptions>> | undefined;
  /** Which requests go where, and what is done to them: the one that says most about a request takes it. Default: none. */
  readonly routes?: readonly RouteOptions[] | undefined;
}

export interface ListenerOptions {
  /** By which a socket finds it that a service manager hands over (`FileDescriptorName=` of systemd). Default: sockets come in the order of listeners. */
  readonly name?: string | undefined;
  /** `port` or `host:port`, in the clear. */
  readonly http?: string | number | undefined;
  /** `port` or `host:port`, for TLS. */
  readonly https?: string | number | undefined;
  /** Of `https`: clients are shown the one for the name that they ask for, otherwise the first. */
  readonly certificates?: readonly CertificateOptions[] | undefined;
  /** Of `https`, for development: a certificate that nobody trusts. */
  readonly tls?: "self-signed" | undefined;
  /** Of `http`: everybody is sent to https, at port 443 unless another is said. */
  readonly redirect?: "https" | { readonly to: "https"; readonly port?: number | undefined } | undefined;
  /**
   * Balancers (addresses, CIDR ranges) whose connections begin with a header of the PROXY protocol, in front of TLS, too. Default: none.
   */
  readonly proxyProtocol?: string | readonly string[] | undefined;
}

/** Paths of files in PEM. */
export interface CertificateOptions {
  readonly cert: string;
  readonly key: string;
  /** Who may have issued the certificates that clients show. Default: clients are asked for none. */
  readonly clientCa?: string | undefined;
  /** Default: `required`. */
  readonly clientCert?: "required" | "optional" | undefined;
}

/** Says what a configuration file exports, for editors: `export default defineConfig({ … })`. */
export function defineConfig(config: GatewayConfig): GatewayConfig {
  return config;
}
