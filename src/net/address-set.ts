/**
 * A set of IP addresses that knows an IPv4 address again in each form in which IPv6 carries it.
 *
 * What a system, a translator or a relay on the way makes of such a form is the IPv4 address, so a list that holds one must
 * hold all. Deliberately absent: translators whose prefix is the network's own (RFC 6052 section 2.2); it can be any.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** IPv4 in the last 32 bits: mapped (RFC 4291), compatible (deprecated), SIIT (RFC 7915), NAT64 (RFC 6052, RFC 8215). */
const IPV4_PREFIXES = ["::ffff:", "::", "::ffff:0:", "64:ff9b::", "64:ff9b:1::"] as const;

export class AddressSet {
  private readonly list = new BlockList();

  /** @param members addresses, or networks like `10.0.0.0/8` */
  constructor(members: Iterable<string>) {
    for (const member of members) this.add(member);
  }

  /** Whether `address` is in it. A zone (`fe80::1%eth0`) says on which link, not which address. */
  has(address: string): boolean {
    const bare = withoutZone(address);
    return this.list.check(bare, isIPv6(bare) ? "ipv6" : "ipv4");
  }

  private add(member: string): void {
    const [address = "", prefix] = member.split("/");
    // How sockets of both families write an IPv4 address.
    const bare = withoutZone(address).replace(/^::ffff:(?=\d+\.)/, "");
    if (isIPv4(bare)) this.addIPv4(bare, Number(prefix ?? 32));
    else this.list.addSubnet(bare, Number(prefix ?? 128), "ipv6");
  }

  private addIPv4(address: string, prefix: number): void {
    this.list.addSubnet(address, prefix, "ipv4");
    for (const before of IPV4_PREFIXES) this.list.addSubnet(`${before}${address}`, 96 + prefix, "ipv6");
    // 6to4 (RFC 3056) has it in front.
    const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
    const groups = [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16));
    this.list.addSubnet(`2002:${groups.join(":")}::`, 16 + prefix, "ipv6");
  }
}

function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}
