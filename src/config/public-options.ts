/** The options as those write them who use the library. What they mean is in schema.ts and forward-options.ts. */

import type { Hooks } from "../exchange/hooks.ts";
import type { ClientClose } from "../exchange/settings.ts";

/** A duration: `500ms`, `5s`, `2m`, `1h`, or a number of milliseconds. */
export type Duration = string | number;
/** A size: `16k`, `1m`, or a number of bytes. */
export type Size = string | number;

/** Fields to be said, by name: `{ "X-Env": "test", "X-Secret": null }`, or texts like `X-Env: test`. */
export type FieldSettings =
  | string
  | readonly string[]
  | Readonly<Record<string, string | number | readonly string[] | null>>;

/** Options of a reverse proxy. Every one but `to` has a default. */
export interface ProxyOptions extends Hooks {
  /** Where requests go: `http://host:port`, `https://host:port` or `unix:/path`; several share the load. */
  readonly to: string | readonly string[];
  /**
   * Where clients connect, as `port`, `host:port`, `http://host:port` or `https://host:port`, one place or several; port 0 takes any
   * free one. Without a scheme it is https where there are certificates and no other place says so. Default: `127.0.0.1:8080`.
   */
  readonly listen?: string | number | readonly (string | number)[] | undefined;
  /** The host of `listen`, apart. Default: that of `listen`. */
  readonly host?: string | undefined;
  /** The port of `listen`, apart; 0 takes any free one. Default: that of `listen`. */
  readonly port?: string | number | undefined;
  /**
   * Where clients connect in the clear to be sent to the same resource over https (308), as `port` or `host:port`. Default: `none`.
   */
  readonly redirect?: string | number | readonly (string | number)[] | undefined;
  /** The port of https that `redirect` sends clients to. Default: `443`. */
  readonly redirectPort?: string | number | undefined;
  /**
   * Certificates in PEM, each with those that issued it behind it: paths of files. Clients are shown the one for the name that they
   * ask for, otherwise the first. Default: `none`.
   */
  readonly tlsCert?: string | readonly string[] | undefined;
  /** Their private keys in PEM, in the same order: paths of files. Default: `none`. */
  readonly tlsKey?: string | readonly string[] | undefined;
  /**
   * Clients show a certificate that one of these authorities has issued (paths of files in PEM), and origins get it in `Client-Cert`:
   * one for all names, or one for each of `tlsCert` in the same order, `none` where nothing is asked for. Default: `none: clients are
   * asked for no certificate`.
   */
  readonly clientCa?: string | readonly string[] | undefined;
  /** With `clientCa`: `optional` serves clients without a certificate, too, without `Client-Cert`. Default: `required`. */
  readonly clientCert?: "required" | "optional" | undefined;
  /**
   * `self-signed`: instead of files a certificate that is made at the start, for development. Default: `the files of --tls-cert and
   * --tls-key, if there are any`.
   */
  readonly tls?: "self-signed" | undefined;
  /**
   * Balancers (addresses, CIDR ranges) whose connections begin with a header of the PROXY protocol, version 1 or 2, which says who the
   * client is. Default: `none`.
   */
  readonly proxyProtocol?: string | readonly string[] | undefined;
  /** A client's connection may idle this long; clients are told a little less. Default: `75s`. */
  readonly keepAliveTimeout?: Duration | undefined;
  /** Requests on one client connection; 0: no limit. Default: `0`. */
  readonly maxRequests?: string | number | undefined;
  /**
   * Client connections at once; beyond, the longest idle one gives way to the newcomer.
   * Default: `10000, or half of the file descriptors`.
   */
  readonly maxConnections?: string | number | undefined;
  /** A whole request head arrives within this, from its first byte (or from connecting) on. Default: `30s`. */
  readonly headTimeout?: Duration | undefined;
  /** Between bytes of a body, either way; also how long a peer may take nothing of what it is sent. Default: `60s`. */
  readonly bodyTimeout?: Duration | undefined;
  /**
   * Bytes per second that a client must move, over 10 seconds and after 10 seconds of grace, while only it can go on.
   * Default: `0`, no such limit.
   */
  readonly minRate?: Size | undefined;
  /** Clients may speak HTTP/2: over TLS by agreement (ALPN), in the clear if they begin with it. Default: `true`. */
  readonly http2?: boolean | undefined;
  /**
   * Bytes of bodies that all HTTP/2 connections together hold for peers that do not take them; beyond, the client that holds most loses its
   * connection that holds most. Default: `256m`.
   */
  readonly http2Memory?: Size | undefined;
  /**
   * What it means that a client closes its side behind its request: `probe` finds out whether it still reads, `cancel` takes
   * it for gone, `finish` answers it. Default: `probe`.
   */
  readonly clientClose?: ClientClose | undefined;
  /** Bytes of a whole head, of requests and responses. Default: `64k`. */
  readonly maxHeadSize?: Size | undefined;
  /** An origin's connection is open within this; also how long a request waits for room in the pool. Default: `5s`. */
  readonly connectTimeout?: Duration | undefined;
  /** From the end of a request to the first byte of its response. Default: `60s`. */
  readonly responseTimeout?: Duration | undefined;
  /** An origin's connection may idle this long, before hints and learning shorten it. Default: `60s`. */
  readonly poolIdleTimeout?: Duration | undefined;
  /**
   * An origin's connection closes behind its exchange at this age, or up to a tenth sooner, and the next one goes where the
   * origin's name leads by then; 0: no limit. Default: `1h`.
   */
  readonly poolMaxAge?: Duration | undefined;
  /** Connections to each origin at once; beyond, requests wait in line. Default: `1024`. */
  readonly poolSize?: string | number | undefined;
  /**
   * Begin each connection to an origin with a header of the PROXY protocol that says who the client is; it then carries that client's
   * requests alone. Default: `none`.
   */
  readonly sendProxyProtocol?: "v1" | "v2" | undefined;
  /** Faults in heads of responses that are mended instead of answered 502: `bare-lf`, `control-characters`. Default: `none`. */
  readonly tolerate?: string | readonly string[] | undefined;
  /** The Host that origins get: `keep` (the client's), `origin` (that of `to`), or a name. Default: `keep`. */
  readonly originHost?: string | undefined;
  /** A tunnel (WebSocket, CONNECT) may carry nothing for this long. Default: `1h`. */
  readonly tunnelTimeout?: Duration | undefined;
  /** Neighbours (addresses, CIDR ranges) whose forwarding fields are believed and passed on. Default: `none`. */
  readonly trusted?: string | readonly string[] | undefined;
  /**
   * Beginnings of paths, up to the end of a segment, and what the origin is asked for instead: `{ "/api": "/" }`, or `/api=/`. The
   * first that fits counts. Default: `none`.
   */
  readonly rewritePath?: string | readonly string[] | Readonly<Record<string, string>> | undefined;
  /**
   * Fields of each request, instead of what the client sent: `{ "X-Env": "test" }`, or `X-Env: test`; `null`, or nothing behind the
   * colon, takes a field away; `{client}`, `{scheme}`, `{host}`, `{uri}`, `{method}` and `{user}` are those of the request. Default: `none`.
   */
  readonly setRequestFields?: FieldSettings | undefined;
  /** The same of each response of an origin. Default: `none`. */
  readonly setResponseFields?: FieldSettings | undefined;
  /** The promise of `onRequest` may take this long; then the client gets 504 (`hook-timeout`). Default: `5s`. */
  readonly hookTimeout?: Duration | undefined;
  /** Send `Forwarded` (RFC 7239) beside `X-Forwarded-*`. Default: `false`. */
  readonly forwarded?: boolean | undefined;
  /** This proxy's name in `Via`, which also detects loops; `off`: no `Via`. Default: `hopwise- and 6 random characters`. */
  readonly via?: string | undefined;
  /** How long `close()` lets what is in flight finish. Default: `30s`. */
  readonly drainTimeout?: Duration | undefined;
  /**
   * How long `close()` goes on listening and serving as before once `/readyz` has turned false.
   * Default: `250ms, or --drain-timeout where that is shorter`.
   */
  readonly drainDelay?: Duration | undefined;
  /** Let other processes listen at the same port (SO_REUSEPORT; Linux, Node 23.1 or Bun). Default: `false`. */
  readonly reusePort?: boolean | undefined;
  /**
   * Where the dashboard, `/stats`, `/metrics`, `/healthz`, `/readyz` and `/api` are served; `true`: `127.0.0.1:9901; where that is
   * taken, any free port`. Default: `false`; the command line's is `true`.
   */
  readonly admin?: string | number | boolean | undefined;
  /**
   * A file with the token that everything on the admin port but `/healthz` and `/readyz` asks for. It is made, with a token that nobody
   * can guess, where there is none. Default: `none`: anyone may read who reaches the port.
   */
  readonly adminReadTokenFile?: string | undefined;
  /** Show queries of targets, and fields like `Referer` as far as they are kept, on the admin port. Default: `false`. */
  readonly adminShowQueries?: boolean | undefined;
  /** A file for one line per exchange; `-`: the standard output. Default: `none`. */
  readonly accessLog?: string | undefined;
  /**
   * What a line of the access log looks like. `pretty`: for people; `common`, `combined`: as Apache has them; `json`: with everything.
   * Default: `pretty where the log goes to a terminal, otherwise json`.
   */
  readonly logFormat?: "pretty" | "common" | "combined" | "json" | undefined;
  /**
   * A file for Chrome trace events, a lane for each connection, for ui.perfetto.dev; written from its beginning, up to 128 MiB. Default: `none`.
   */
  readonly trace?: string | undefined;
  /** A line for each connection, too, when it is gone: why it was opened, and why it closed. Default: `false`. */
  readonly logConnections?: boolean | undefined;
}

type GatewayOnly =
  | "to"
  | "originHost"
  | "trusted"
  | "forwarded"
  | "rewritePath"
  | "redirect"
  | "redirectPort"
  | "tlsCert"
  | "tlsKey"
  | "tls"
  | "clientCa"
  | "clientCert"
  | "sendProxyProtocol";

/** Options of a forward proxy. Every one has a default. */
export interface ForwardOptions extends Omit<ProxyOptions, GatewayOnly | "listen"> {
  /** Where clients connect, as `port` or `host:port`; port 0 takes any free one. Default: `127.0.0.1:3128`. */
  readonly listen?: string | number | undefined;
  /** Ports that CONNECT may lead to: numbers and ranges, separated by commas. Default: `443,8443`. */
  readonly connectPorts?: string | number | undefined;
  /** Ports that other requests may lead to, in the same way. Default: `80,443,1024-65535; all with --allow-private`. */
  readonly httpPorts?: string | number | undefined;
  /** Reach addresses that are not public (loopback, private, link-local, ...) for clients, too; never metadata servers of clouds, nor the admin port. Default: `false`. */
  readonly allowPrivate?: boolean | undefined;
  /** A file with a line `name:hash` for each who may use the proxy. Default: `anyone who can reach it`. */
  readonly users?: string | undefined;
}
