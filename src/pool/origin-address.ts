/**
 * Where an origin is: reads the URLs that operators write.
 *
 * `http://host[:port]`, `https://host[:port]` and `unix:/path`. Deliberately absent: paths; a gateway sends the path on
 * as it came.
 */
import type { Address, TlsTarget } from "../net/ports.ts";
import type { ProxyHeaderVersion } from "../wire/proxy-header-writing.ts";
import { withoutUserinfo } from "../wire/userinfo.ts";
import { meantElsewhere } from "./foreign-origins.ts";
import { isDecimalIPv4, portMeant } from "./numeric-host.ts";

export interface OriginAddress {
  readonly address: Address;
  /** How logs and metrics name it: `http://127.0.0.1:3000`. */
  readonly name: string;
  /** `Host` for clients that send none. */
  readonly authority: string;
  /** Not an operator but a client has named it: there may be as many as clients like. */
  readonly isNamedByClients?: true;
  /** Connections to it begin with a header of the PROXY protocol, so each is one client's alone; they do not: absent. */
  readonly proxyHeader?: ProxyHeaderVersion;
}

export const proxyHeaderVersions = ["v1", "v2"] as const satisfies readonly ProxyHeaderVersion[];

export class OriginAddressError extends Error {
  override readonly name = "OriginAddressError";
  readonly code = "origin-address-invalid";
}

/** The same origin, to which connections begin with this header; with none: undefined. */
export function withProxyHeader(origin: OriginAddress, proxyHeader: ProxyHeaderVersion | undefined): OriginAddress {
  return proxyHeader === undefined ? origin : { ...origin, proxyHeader };
}

/** What an operator says of TLS to an origin, beside its URL. */
export type OriginTls = Partial<Pick<TlsTarget, "serverName" | "ca" | "identity">>;

export function isOverTls({ address }: Pick<OriginAddress, "address">): boolean {
  return address.kind === "tcp" && address.tls !== undefined;
}

/** The same origin, if it is reached over TLS, by these terms. */
export function withTls(origin: OriginAddress, tls: OriginTls | undefined): OriginAddress {
  const { address } = origin;
  if (tls === undefined || address.kind !== "tcp" || address.tls === undefined) return origin;
  return { ...origin, address: { ...address, tls: { ...address.tls, ...tls } } };
}

/** @throws OriginAddressError with a sentence that says what to write instead. */
export function parseOriginAddress(text: string): OriginAddress {
  const elsewhere = meantElsewhere(text);
  if (elsewhere !== undefined) throw new OriginAddressError(elsewhere);
  if (text.startsWith("unix:")) return unixAddress(text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new OriginAddressError(
      `"${withoutUserinfo(text)}" is not an origin: write http://HOST:PORT, https://HOST:PORT or unix:/path/to/socket`,
    );
  }
  refuseNumericHost(text, url);
  if (url.username !== "" || url.password !== "") {
    throw new OriginAddressError(
      `an origin has no user name and no password here: clients send their own, so write ${url.protocol}//${url.host}`,
    );
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new OriginAddressError(
      `"${withoutUserinfo(text)}" has more than an origin: paths are forwarded as they come, so write ${url.protocol}//${url.host}`,
    );
  }
  const isTls = url.protocol === "https:";
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  if (port === 0)
    throw new OriginAddressError(`"${withoutUserinfo(text)}" has port 0: write the port the origin listens on`);
  const tls = isTls ? { tls: { serverName: host, rejectUnauthorized: true } } : {};
  return { address: { kind: "tcp", host, port, ...tls }, name: `${url.protocol}//${url.host}`, authority: url.host };
}

/** A host that is spelled as an address in no usual way is one by accident: `http://3000` would be 0.0.11.184. */
function refuseNumericHost(text: string, { hostname, protocol, port }: URL): void {
  const written = /^[a-z]+:[\\/]*(?:[^@/?#\\]*@)?([^:/?#\\]*)/i.exec(text)?.[1] ?? "";
  // The URL's host is an address where the written one is read as a number, in whatever digits.
  if (!isDecimalIPv4(hostname) || written === hostname) return;
  const meant = portMeant(written);
  const suffix = port === "" ? "" : `:${port}`;
  const hint =
    meant === undefined || port !== "" ? "" : `${protocol}//127.0.0.1:${meant} for a port of this machine, or `;
  throw new OriginAddressError(
    `"${withoutUserinfo(text)}" is the address ${hostname}: write ${hint}${protocol}//${hostname}${suffix}`,
  );
}

function unixAddress(text: string): OriginAddress {
  const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
  if (!path.startsWith("/")) {
    throw new OriginAddressError(
      `"${withoutUserinfo(text)}" is not the path of a socket: write unix:/absolute/path/to/socket`,
    );
  }
  return { address: { kind: "unix", path }, name: `unix:${path}`, authority: "localhost" };
}
