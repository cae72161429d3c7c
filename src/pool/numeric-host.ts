/**
 * Hosts that look like a number or a shortened address, and what the system takes them for: `3000` is 0.0.11.184, `127.1` is
 * 127.0.0.1, `0x7f.1` and `0177.1` are, too.
 *
 * Operators that write one mean something else, mostly a port. Deliberately absent: hosts that clients name; what those
 * mean is judged when it is resolved (net/dial-guard.ts).
 */
const DECIMAL_IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
const PORT_MAX = 65_535;

/** Whether `host` is an IPv4 address in four decimal numbers. */
export function isDecimalIPv4(host: string): boolean {
  return DECIMAL_IPV4.test(host);
}

/** Whether the system would read `host` as an IPv4 address although it is not one in four decimal numbers (WHATWG URL, inet_aton). */
export function isNumericHost(host: string): boolean {
  const last = host.replace(/\.$/, "").split(".").at(-1) ?? "";
  return /^(?:[0-9]+|0x[0-9a-f]*)$/i.test(last) && !isDecimalIPv4(host);
}

/** The address that the system takes such a host for; none: undefined. */
export function addressMeant(host: string): string | undefined {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined;
}

/** The port that may be meant by a host that is a number alone; none: undefined. */
export function portMeant(host: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(host) ? Number(host) : 0;
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}
