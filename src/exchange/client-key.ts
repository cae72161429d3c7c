/**
 * Which client an address belongs to, where clients get equal shares.
 *
 * One IPv6 host has a /64 of its own and may use a new address for each connection (RFC 6177, RFC 8981), so a /64 is one
 * client. An IPv4 client is the same one however its address is written in IPv6. A user is one client, from wherever, and
 * several users behind one address are several: the caller prefers a user's name where it knows one.
 */

/** A user who has logged in. No address has a space. */
export function userKeyOf(name: string): string {
  return `user ${name}`;
}

const GROUPS = 8;
/** IPv4 in IPv6: mapped (RFC 4291 section 2.5.5.2), and translated for servers that have IPv6 alone (RFC 6052, RFC 7755). */
const IPV4_PREFIXES: readonly string[] = ["0:0:0:0:0:ffff", "64:ff9b:0:0:0:0"];

/**
 * `192.0.2.1` of an IPv4 client, `2001:db8:0:1::/64` of an IPv6 client. Anything that is not an address (a Unix socket's is
 * empty) is a client of its own, by its own name.
 */
export function clientKeyOf(address: string): string {
  if (!address.includes(":")) return address;
  const [bare = "", zone] = address.split("%", 2);
  const groups = groupsOf(bare);
  if (groups === undefined) return address;
  if (IPV4_PREFIXES.includes(textOf(groups.slice(0, 6)))) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join(".");
  }
  // The same link-local prefix is on every link.
  return `${textOf(groups.slice(0, 4))}::/64${zone === undefined ? "" : `%${zone}`}`;
}

function textOf(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

/** The eight numbers of an IPv6 address; not an address: undefined. */
function groupsOf(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map(halfOf);
  if (left === undefined) return undefined;
  if (halves.length === 1) return left.length === GROUPS ? left : undefined;
  if (right === undefined || left.length + right.length >= GROUPS) return undefined;
  return [...left, ...Array<number>(GROUPS - left.length - right.length).fill(0), ...right];
}

function halfOf(text: string): readonly number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  for (const part of text.split(":")) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else if (/^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$/.test(part)) groups.push(...ipv4GroupsOf(part));
    else return undefined;
  }
  return groups;
}

function ipv4GroupsOf(text: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d];
}
