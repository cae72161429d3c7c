/**
 * What options are called elsewhere: in curl, nginx, HAProxy, and what people try first. Deliberately absent: slips of the pen, which
 * are found by their letters.
 */

/** By what hopwise calls it. */
export const calledElsewhere: Readonly<Record<string, readonly string[]>> = {
  to: ["upstream", "backend", "target", "origin", "url", "server", "proxy-pass", "forward-to", "destination"],
  listen: ["port", "bind", "host", "address", "addr", "listen-port", "http-port"],
  "tls-cert": ["cert", "certificate", "crt", "pem", "ssl-cert", "ssl-certificate", "tls-certificate"],
  "tls-key": ["key", "private-key", "ssl-key", "ssl-certificate-key"],
  "client-ca": ["ca", "cacert", "ca-file", "client-cafile"],
  "access-log": ["log", "logs", "log-file", "logfile", "output"],
  "log-format": ["format"],
  admin: ["stats", "metrics", "dashboard", "status", "admin-port"],
  users: ["user", "auth", "basic-auth", "htpasswd"],
  workers: ["threads", "processes", "cluster", "concurrency", "nbthread", "worker-processes"],
  "max-connections": ["maxconn", "max-conn", "max-conns", "worker-connections"],
  "pool-size": ["pool", "max-sockets", "max-upstream-connections"],
  "connect-timeout": ["proxy-connect-timeout", "dial-timeout"],
  "response-timeout": ["timeout", "read-timeout", "proxy-read-timeout", "server-timeout", "proxy-timeout"],
  "keep-alive-timeout": ["keepalive", "keep-alive", "keepalive-timeout", "idle-timeout"],
  "origin-host": ["host-header", "change-origin", "preserve-host"],
  "set-request-fields": ["header", "headers", "request-header", "add-header", "set-header"],
  "set-response-fields": ["response-header", "response-headers"],
  trusted: ["trust-proxy", "trusted-proxies", "real-ip", "set-real-ip-from"],
  quiet: ["silent", "q"],
};

/** What it is called here; nothing here is called so elsewhere: undefined. */
export function calledHere(name: string): string | undefined {
  const found = Object.entries(calledElsewhere).find(([, others]) =>
    others.includes(name.toLowerCase().replace(/_/g, "-")),
  );
  return found?.[0];
}
