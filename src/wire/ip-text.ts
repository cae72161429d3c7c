/**
 * IP addresses as text and as numbers, for headers that carry them in either form.
 *
 * Strict: what a system's functions would guess about (`010.1`, zones, ports) is not an address here. IPv6 is written as RFC 5952 has
 * it, so that one address has one text. Deliberately absent: networks, and what an address is good for.
 */

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;

/** Its four bytes; not an IPv4 address: undefined. */
export function ipv4Bytes(text: string): readonly number[] | undefined {
  return IPV4.test(text) && !text.endsWith(".") ? text.split(".").map(Number) : undefined;
}

/** Its sixteen bytes; not an IPv6 address: undefined. */
export function ipv6Bytes(text: string): readonly number[] | undefined {
  const [before = "", behind, ...others] = text.split("::");
  if (others.length > 0) return undefined;
  const first = groupsIn(before, behind === undefined);
  const last = behind === undefined ? [] : groupsIn(behind, true);
  if (first === undefined || last === undefined) return undefined;
  const missing = GROUPS - first.length - last.length;
  // `::` stands for one group at least.
  if (behind === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...first, ...Array<number>(missing).fill(0), ...last];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** @param isEnd it is the end of the address, where IPv4 may stand in place of two groups */
function groupsIn(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const dotted = isEnd ? ipv4Bytes(parts.at(-1) ?? "") : undefined;
  if (dotted !== undefined) parts.pop();
  if (!parts.every((part) => GROUP.test(part))) return undefined;
  const groups = parts.map((part) => Number.parseInt(part, 16));
  if (dotted === undefined) return groups;
  const [a = 0, b = 0, c = 0, d = 0] = dotted;
  return [...groups, (a << 8) | b, (c << 8) | d];
}

export function ipv4Text(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join(".");
}

/** As RFC 5952 has it: lowercase, and the longest run of zeros (two groups or more, the first of equals) as `::`. */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const groups = Array.from(
    { length: GROUPS },
    (_, group) => ((bytes[at + 2 * group] ?? 0) << 8) | (bytes[at + 2 * group + 1] ?? 0),
  );
  // An IPv4 address that a socket of both families has seen (RFC 4291 section 2.5.5.2).
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${ipv4Text(bytes, at + 12)}`;
  }
  let [from, length] = [0, 1];
  for (let start = 0; start < GROUPS; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > length) [from, length] = [start, end - start];
    start = Math.max(start, end - 1);
  }
  const written = groups.map((group) => group.toString(16));
  if (length === 1) return written.join(":");
  return `${written.slice(0, from).join(":")}::${written.slice(from + length).join(":")}`;
}
