/**
 * What a client is called towards others, by its address.
 *
 * A zone (`fe80::1%eth0`) names an interface of this machine, means nothing on another one, and is in no grammar of a node
 * (RFC 7239 section 6) or an address in a URI (RFC 3986 section 3.2.2), so it is left out.
 */

let latestAddress: string | undefined;
let latestName = "";

/**
 * The name of a client at `address`; for a Unix socket that is empty. Without a zone; an IPv4 address that arrived over an
 * IPv6 socket is told as what it is. Connections from one address in a row share it.
 */
export function clientNameOf(address: string): string {
  if (address !== latestAddress) {
    const [withoutZone = ""] = address.split("%");
    latestAddress = address;
    latestName = address === "" ? "unknown" : withoutZone.replace(/^::ffff:(?=\d+\.)/, "");
  }
  return latestName;
}

let latestForwarded: string | undefined;
let latestLine = "";

/** `X-Forwarded-For`, made anew when it names somebody else than last. */
export function forwardedForLine(clientName: string): string {
  if (clientName !== latestForwarded) {
    latestForwarded = clientName;
    latestLine = `X-Forwarded-For: ${clientName}\r\n`;
  }
  return latestLine;
}
