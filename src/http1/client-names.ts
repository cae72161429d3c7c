/**
 * What a client is called towards others, by its address.
 *
 * A zone (`fe80::1%eth0`) names an interface of this machine, means nothing on another one, and is in no grammar of a node
 * (RFC 7239 section 6) or an address in a URI (RFC 3986 section 3.2.2), so it is left out.
 */

export interface ClientNames {
  /** Without a zone; an IPv4 address that arrived over an IPv6 socket is told as what it is. */
  readonly clientName: string;
  readonly forwardedForLine: string;
}

let latestAddress: string | undefined;
let latestNames: ClientNames;

/** The names of a client at `address`; for a Unix socket that is empty. Connections from one address in a row share them. */
export function namesOf(address: string): ClientNames {
  if (address !== latestAddress) {
    const [withoutZone = ""] = address.split("%");
    const clientName = address === "" ? "unknown" : withoutZone.replace(/^::ffff:(?=\d+\.)/, "");
    latestAddress = address;
    latestNames = { clientName, forwardedForLine: `X-Forwarded-For: ${clientName}\r\n` };
  }
  return latestNames;
}
