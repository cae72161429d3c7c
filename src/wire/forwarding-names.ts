/**
 * The names of fields in which a proxy tells an origin about a client: its address, the scheme, host, port and path it used,
 * the certificate it showed; and one that names a proxy to programs. The list is closed; only neighbours that are trusted may use these names.
 *
 * Each name is one that servers, frameworks or CDNs are known to believe. Deliberately absent: names of users
 * (`Remote-User`), which say who someone is, not where a request comes from; the proxy that authenticates must clear them.
 */

/** Names in lowercase. `X-Forwarded-For`, `-Proto`, `-Host` and `Forwarded` have kinds of their own, see fields.ts. */
export const FORWARDING_NAMES: readonly string[] = [
  // The client's address.
  "client-ip",
  "true-client-ip",
  "cluster-client-ip",
  "proxy-client-ip",
  "wl-proxy-client-ip",
  "x-client-ip",
  "x-client-port",
  "x-cluster-client-ip",
  "x-originating-ip",
  "x-proxyuser-ip",
  "x-remote-addr",
  "x-remote-ip",
  "x-remote-port",
  "remote-addr",
  "forwarded-for",
  "x-forward-for",
  // The scheme, host and path.
  "front-end-https",
  "x-front-end-https",
  "wl-proxy-ssl",
  "x-arr-ssl",
  "x-host",
  "x-http-host-override",
  "x-rewrite-url",
  "x-scheme",
  "x-url-scheme",
  // What content delivery networks and platforms call them.
  "ali-cdn-real-ip",
  "cdn-src-ip",
  "cf-visitor",
  "do-connecting-ip",
  "fastly-client-ip",
  "fastly-ssl",
  "fly-client-ip",
  "x-appengine-user-ip",
  "x-azure-clientip",
  "x-azure-socketip",
  "x-envoy-external-address",
  // The client's certificate.
  "x-arr-clientcert",
  "x-client-dn",
  "x-client-verify",
  // No claim about the client, and as dangerous from strangers: CGI makes HTTP_PROXY of it (CVE-2016-5385).
  "proxy",
];

/** Every name that begins so, whatever follows. */
export const FORWARDING_PREFIXES: readonly string[] = [
  "x-forwarded",
  "x-original-",
  "x-real-",
  "client-cert",
  "x-client-cert",
  "ssl-client-",
  "x-ssl",
  "x-tls-client-",
  "x-amzn-mtls-",
  "cf-connecting-",
  "fly-forwarded-",
];
