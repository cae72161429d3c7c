/** What a client is called towards others, by its address. */

export interface ClientNames {
  /** An IPv4 address that arrived over an IPv6 socket is told as what it is. */
  readonly clientName: string;
  readonly forwardedForLine: string;
}

let latestAddress: string | undefined;
let latestNames: ClientNames;

/** The names of a client at `address`; for a Unix socket that is empty. Connections from one address in a row share them. */
export function namesOf(address: string): ClientNames {
  if (address !== latestAddress) {
    const clientName = address === "" ? "unknown" : address.replace(/^::ffff:(?=\d+\.)/, "");
    latestAddress = address;
    latestNames = { clientName, forwardedForLine: `X-Forwarded-For: ${clientName}\r\n` };
  }
  return latestNames;
}
