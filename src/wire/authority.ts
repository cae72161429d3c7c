/**
 * Authorities: a host, and a port perhaps, as URLs and `Host` name them (RFC 3986 section 3.2).
 *
 * Deliberately absent: where one leads, see target.ts; userinfo, which no authority here may have.
 */

/** uri-host [ ":" port ]: a registered name or an IPv4 address (RFC 3986 section 3.2.2). A port has at most five digits. */
const AUTHORITY = /^(?:[a-z0-9\-._~!$&'()*+,;=]|%[0-9a-f]{2})+(?::([0-9]{0,5}))?$/i;
const IP_LITERAL_AUTHORITY = /^\[([0-9a-f:.]+)\](?::([0-9]{0,5}))?$/i;
/** An address of an IP version that is yet to come (RFC 3986 section 3.2.2): valid, and nobody knows the way. */
const IPVFUTURE_AUTHORITY = /^\[v[0-9a-f]+\.[a-z0-9\-._~!$&'()*+,;=:]+\](?::([0-9]{0,5}))?$/i;
export const PORT_MAX = 65_535;
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;

/** Whether `text` is a valid `Host` value; the empty value is one (RFC 9110 section 7.2). */
export function isAuthority(text: string): boolean {
  if (text === "") return true;
  if (text.charCodeAt(0) !== 91) return isPort(AUTHORITY.exec(text), 1);
  if (isFutureAddress(text)) return isPort(IPVFUTURE_AUTHORITY.exec(text), 1);
  const literal = IP_LITERAL_AUTHORITY.exec(text);
  return isPort(literal, 2) && isIpv6(literal?.[1] ?? "");
}

/** Whether a valid authority names an address of an unknown IP version, as `[v1.a]` does. */
export function isFutureAddress(authority: string): boolean {
  return /^\[v/i.test(authority);
}

/** Whether it matched, with a port that there is in group `index`, or none. */
function isPort(match: RegExpExecArray | null, index: number): boolean {
  return match !== null && Number(match[index] ?? "") <= PORT_MAX;
}

/** Eight groups of four digits, the last two as the longest IPv4 address. */
const IPV6_LENGTH_MAX = 45;

/** Eight groups of up to four hexadecimal digits; `::` once for one group or more of zeros; the last two as IPv4. */
function isIpv6(text: string): boolean {
  if (text.length > IPV6_LENGTH_MAX) return false;
  const [left = "", right, ...more] = text.split("::");
  if (more.length > 0) return false;
  const before = left === "" ? [] : left.split(":");
  const behind = right === undefined || right === "" ? [] : right.split(":");
  const groups = [...before, ...behind];
  let count = groups.length;
  if (IPV4.test(groups.at(-1) ?? "") && right !== "") {
    groups.pop();
    count++;
  }
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return right === undefined ? count === 8 : count <= 7;
}
