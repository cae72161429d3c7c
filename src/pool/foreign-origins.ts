/**
 * Origins as other programs spell them, and what is written here instead: sockets of nginx, Apache, Caddy and Docker, schemes that name
 * a protocol.
 *
 * Deliberately absent: taking them. Each means a little more than it does here.
 */
import { withoutUserinfo } from "../wire/userinfo.ts";

/** Sockets: `http://unix:/run/app.sock:/`, `unix:/run/app.sock|http://app`, `unix//run/app.sock`; with `%2F` for each slash. */
const SOCKETS: readonly RegExp[] = [
  /^https?:\/\/unix:(\/[^:]*)/i,
  /^unix:(?:\/\/)?(\/[^|]*)\|/i,
  /^unix\/(\/.*)$/i,
  /^https?\+unix:\/\/(%2f[^/?#]*)/i,
];
const URL_OF = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/?#]*@)?([^/?#]+)/i;
const ZONE = /^https?:\/\/(?:[^@/?#]*@)?\[[0-9a-f:.]+%/i;

/** What is spoken instead of HTTP/1.1, by scheme: the scheme here, and why. */
const schemes: Readonly<Record<string, readonly [scheme: string, why: string]>> = {
  ws: ["http", "a WebSocket begins as a request of HTTP"],
  wss: ["https", "a WebSocket begins as a request of HTTP"],
  h2c: ["http", "HTTP/1.1 is spoken with origins, not HTTP/2"],
  h2: ["https", "HTTP/1.1 is spoken with origins, not HTTP/2"],
  grpc: ["http", "HTTP/1.1 is spoken with origins, not HTTP/2, which gRPC needs"],
  grpcs: ["https", "HTTP/1.1 is spoken with origins, not HTTP/2, which gRPC needs"],
  ...Object.fromEntries(
    ["fastcgi", "fcgi", "scgi", "uwsgi", "ajp", "tcp", "tls"].map((scheme) => [
      scheme,
      [scheme === "tls" ? "https" : "http", "HTTP is spoken with origins"] as const,
    ]),
  ),
};

/** What is wrong with it, and what to write; it is not known as another program's: undefined. */
export function meantElsewhere(text: string): string | undefined {
  const shown = withoutUserinfo(text);
  for (const socket of SOCKETS) {
    const path = socket.exec(text)?.[1];
    if (path !== undefined)
      return `"${shown}" is not how a socket is written here: write unix:${path.replace(/%2f/gi, "/")}`;
  }
  if (ZONE.test(text))
    return `"${shown}" has a zone, by which no origin is reached: write an address without one, or a name`;
  const [, scheme = "", place = ""] = URL_OF.exec(text) ?? [];
  const [ours, why] = Object.hasOwn(schemes, scheme.toLowerCase()) ? (schemes[scheme.toLowerCase()] ?? []) : [];
  if (ours === undefined) return undefined;
  return `"${shown}" is not an origin: ${why}, so write ${ours}://${place} if that is spoken there`;
}
