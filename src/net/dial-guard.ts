/**
 * Which addresses may be dialed on behalf of strangers: public ones, never this machine's own.
 *
 * A forward proxy stands inside and dials where others say. Without this it would reach for them what only it can reach:
 * services of its own machine and network, and the metadata servers of clouds. A service that is bound to a public address of
 * this machine may trust it for the same reason (a firewall lets it pass), so those are refused, too. The guard judges
 * addresses, never names: what a name means is known when it is resolved, and only then. Deliberately absent: resolving and
 * dialing, see dialing.ts; and a list of names.
 */
import { isIP } from "node:net";
import { AddressSet } from "./address-set.ts";
import { OwnAddresses } from "./own-addresses.ts";
import type { DialRefusal } from "./ports.ts";

/** IPv4 networks that are not public (IANA's special-purpose registry), and what they are. */
const notPublicIPv4 = {
  "0.0.0.0/8": "this network; the unspecified address reaches this machine",
  "10.0.0.0/8": "private",
  "100.64.0.0/10": "shared, behind carriers' translators",
  "127.0.0.0/8": "loopback",
  "168.63.129.16/32": "the platform of Azure, which answers each machine as itself",
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

/**
 * Servers that give a machine its identity and its secrets, and believe whoever asks from its address: clouds' metadata. Where
 * private addresses may be dialed these still may not: an inside network is one thing, this machine's credentials another.
 */
const metadataServers = {
  "169.254.169.254": "AWS, Azure, Google, OpenStack, and most others",
  "169.254.170.2": "AWS, for containers (ECS)",
  "169.254.170.23": "AWS, for pods (EKS)",
  "169.254.42.42": "Scaleway",
  "169.254.0.23": "Tencent",
  "168.63.129.16": "Azure's platform, at a public address",
  "100.100.100.200": "Alibaba",
  "192.0.0.192": "Oracle",
  "fd00:ec2::254": "AWS",
  "fd00:ec2::23": "AWS, for pods",
  "fd00:42::42": "Scaleway",
  "fd20:ce::254": "Google",
  "fe80::a9fe:a9fe": "OpenStack",
} as const;

const metadata = new AddressSet(Object.keys(metadataServers));
const notPublic = new AddressSet([...Object.keys(notPublicIPv4), ...Object.keys(notPublicIPv6)]);

/** Whether an address (never a name) is one that everybody can reach. What is no address at all is not. */
export function isPublic(address: string): boolean {
  return isIP(address) !== 0 && !notPublic.has(address);
}

export interface DialGuardOptions {
  /** Whether addresses that are not public may be dialed, too. */
  readonly allowsPrivate: boolean;
  /** This machine's addresses. Default: as its interfaces have them. */
  readonly own?: Pick<OwnAddresses, "has">;
}

/** Listeners of the proxy's own: for its clients, and for its operator. */
export type OwnListener = "proxy" | "admin";

/** Listening on one of these is listening on all addresses; dialing one of them means this machine. */
const UNSPECIFIED = ["0.0.0.0", "::"];

export class DialGuard {
  private readonly allowsPrivate: boolean;
  private readonly own: Pick<OwnAddresses, "has">;
  private readonly listeners = new Map<OwnListener, { readonly leadsThere: AddressTest; readonly port: number }>();

  constructor({ allowsPrivate, own = new OwnAddresses() }: DialGuardOptions) {
    this.allowsPrivate = allowsPrivate;
    this.own = own;
  }

  /**
   * Where the proxy itself listens: that is never dialed, whatever else is allowed. For clients it would be a loop, and what
   * the operator's window shows is not for them.
   */
  noteOwn(listener: OwnListener, host: string, port: number): void {
    const leadsThere = UNSPECIFIED.includes(host) ? this.own : new AddressSet([host, ...UNSPECIFIED]);
    this.listeners.set(listener, { leadsThere, port });
  }

  /** Why this address is not dialed; undefined: it may be. */
  refusal(address: string, port: number): DialRefusal | undefined {
    if (isIP(address) === 0) return this.allowsPrivate ? undefined : "address-not-public";
    if (this.isOwn("proxy", address, port)) return "loop-detected";
    if (!this.allowsPrivate) return isPublic(address) && !this.own.has(address) ? undefined : "address-not-public";
    return metadata.has(address) || this.isOwn("admin", address, port) ? "address-protected" : undefined;
  }

  private isOwn(listener: OwnListener, address: string, port: number): boolean {
    const it = this.listeners.get(listener);
    return it?.port === port && it.leadsThere.has(address);
  }
}

type AddressTest = Pick<AddressSet, "has">;
