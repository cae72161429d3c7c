/**
 * Which addresses may be dialed on behalf of strangers: public ones, and never the proxy's own.
 *
 * A forward proxy stands inside and dials where others say. Without this it would reach for them what only it can reach:
 * services of its own machine and network, and the metadata servers of clouds (169.254.169.254). The guard judges
 * addresses, never names: what a name means is known when it is resolved, and only then. Deliberately absent: resolving and
 * dialing, see node-dialer.ts; and a list of names.
 */
import { BlockList, isIP, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import type { DialRefusal } from "./ports.ts";

/** IPv4 networks that are not public (IANA's special-purpose registry), and what they are. */
const notPublicIPv4 = {
  "0.0.0.0/8": "this network; the unspecified address reaches this machine",
  "10.0.0.0/8": "private",
  "100.64.0.0/10": "shared, behind carriers' translators",
  "127.0.0.0/8": "loopback",
  "169.254.0.0/16": "link-local; the metadata servers of clouds",
  "172.16.0.0/12": "private",
  "192.0.0.0/24": "protocol assignments",
  "192.0.2.0/24": "documentation",
  "192.168.0.0/16": "private",
  "198.18.0.0/15": "benchmarks of inside networks",
  "198.51.100.0/24": "documentation",
  "203.0.113.0/24": "documentation",
  "224.0.0.0/4": "multicast",
  "240.0.0.0/4": "reserved, and broadcast",
} as const;

const notPublicIPv6 = {
  "::/96": "unspecified, loopback, and IPv4 in its deprecated compatible form",
  "64:ff9b:1::/48": "translation (NAT64) with a prefix of local use",
  "::ffff:0:0:0/96": "IPv4 in the form of stateless translation",
  "100::/64": "discard only",
  "100:0:0:1::/64": "a prefix that leads nowhere (RFC 9780)",
  "2001::/23": "protocol assignments, benchmarks, and Teredo, which holds an IPv4 address in disguise",
  "2001:db8::/32": "documentation",
  "3fff::/20": "documentation",
  "5f00::/16": "segment routing",
  "fc00::/7": "private (unique local)",
  "fe80::/10": "link-local",
  "fec0::/10": "site-local, deprecated",
  "ff00::/8": "multicast",
} as const;

/** Addresses that a listener on a loopback address is also reached by. */
const unspecified = ["0.0.0.0", "::"];

function partsOf(network: string): [string, number] {
  const [address = "", prefix = ""] = network.split("/");
  return [address, Number(prefix)];
}

/** Adds an IPv4 network in every form in which IPv6 carries it: mapped, translated (NAT64), and 6to4. */
function addIPv4(list: BlockList, address: string, prefix: number): void {
  list.addSubnet(address, prefix, "ipv4");
  list.addSubnet(`::ffff:${address}`, 96 + prefix, "ipv6");
  list.addSubnet(`64:ff9b::${address}`, 96 + prefix, "ipv6");
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const groups = [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16));
  list.addSubnet(`2002:${groups.join(":")}::`, 16 + prefix, "ipv6");
}

function addAddress(list: BlockList, address: string): void {
  if (isIPv6(address)) list.addAddress(address, "ipv6");
  else addIPv4(list, address, 32);
}

const notPublic = new BlockList();
for (const network of Object.keys(notPublicIPv4)) addIPv4(notPublic, ...partsOf(network));
for (const network of Object.keys(notPublicIPv6)) notPublic.addSubnet(...partsOf(network), "ipv6");

/** Whether an address (never a name) is one that everybody can reach. What is no address at all is not. */
export function isPublic(address: string): boolean {
  return isIP(address) !== 0 && !isIn(notPublic, address);
}

function isIn(list: BlockList, address: string): boolean {
  // A zone (`fe80::1%eth0`) says on which link, not which address.
  const bare = address.replace(/%.*$/, "");
  return list.check(bare, isIPv6(bare) ? "ipv6" : "ipv4");
}

export interface DialGuardOptions {
  /** Whether addresses that are not public may be dialed, too. */
  readonly allowsPrivate: boolean;
}

export class DialGuard {
  private readonly allowsPrivate: boolean;
  private own: { readonly addresses: BlockList; readonly port: number } | undefined;

  constructor({ allowsPrivate }: DialGuardOptions) {
    this.allowsPrivate = allowsPrivate;
  }

  /** Where the proxy itself listens: dialing that would be a loop, whatever else is allowed. */
  noteOwn(host: string, port: number): void {
    const addresses = new BlockList();
    const isEverywhere = unspecified.includes(host);
    const hosts = isEverywhere
      ? Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
      : [host];
    for (const address of hosts) addAddress(addresses, address.replace(/^::ffff:(?=\d+\.)/, ""));
    if (isEverywhere || !isPublic(host)) for (const address of unspecified) addAddress(addresses, address);
    if (isEverywhere) addIPv4(addresses, "127.0.0.0", 8);
    this.own = { addresses, port };
  }

  /** Why this address is not dialed; undefined: it may be. */
  refusal(address: string, port: number): DialRefusal | undefined {
    if (this.own?.port === port && isIP(address) !== 0 && isIn(this.own.addresses, address)) return "loop-detected";
    return this.allowsPrivate || isPublic(address) ? undefined : "address-not-public";
  }
}
