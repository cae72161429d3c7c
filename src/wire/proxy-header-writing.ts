/**
 * The header of the PROXY protocol that goes in front of everything else on a connection to an origin: whose requests it carries, or
 * that it is our own. As latin1 text, which stands for its bytes.
 *
 * Where one end has an IPv4 address and the other an IPv6 one, both are said as IPv6. An address that is none (a Unix socket's) cannot
 * be said, so the header says that nothing is known. Deliberately absent: additions (TLVs).
 */
import { ipv4Bytes, ipv6Bytes } from "./ip-text.ts";
import { PROXY_V2_SIGNATURE, type ProxiedPeer } from "./proxy-header.ts";

export type ProxyHeaderVersion = "v1" | "v2";

const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
const IPV4_MAPPED = "::ffff:";

/** Of a connection on which we only look whether an origin is well. */
export function ownProxyHeader(version: ProxyHeaderVersion): string {
  return version === "v1" ? "PROXY UNKNOWN\r\n" : v2(LOCAL, UNSPECIFIED, []);
}

/** @param source who the client is; `destination`: where it has connected to */
export function proxyHeader(version: ProxyHeaderVersion, source: ProxiedPeer, destination: ProxiedPeer): string {
  const from = bare(source.address);
  // Not known where that was: no runtime tells all of it.
  const to = bare(destination.address) || (ipv4Bytes(from) === undefined ? "::" : "0.0.0.0");
  const pair = pairOf(from, to);
  if (pair === undefined) return version === "v1" ? "PROXY UNKNOWN\r\n" : v2(PROXY, UNSPECIFIED, []);
  const { isIPv4, texts, bytes } = pair;
  if (version === "v1") return `PROXY TCP${isIPv4 ? 4 : 6} ${texts.join(" ")} ${source.port} ${destination.port}\r\n`;
  const ports = [source.port, destination.port].flatMap((port) => [port >> 8, port & 0xff]);
  return v2(PROXY, isIPv4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6, [...bytes, ...ports]);
}

/** Without a zone, and IPv4 as what it is. */
function bare(address: string): string {
  const [withoutZone = ""] = address.split("%");
  return withoutZone.replace(/^::ffff:(?=\d+\.)/, "");
}

interface Pair {
  readonly isIPv4: boolean;
  readonly texts: readonly [string, string];
  readonly bytes: readonly number[];
}

function pairOf(from: string, to: string): Pair | undefined {
  const [four, otherFour] = [ipv4Bytes(from), ipv4Bytes(to)];
  if (four !== undefined && otherFour !== undefined) {
    return { isIPv4: true, texts: [from, to], bytes: [...four, ...otherFour] };
  }
  const texts = [
    four === undefined ? from : `${IPV4_MAPPED}${from}`,
    otherFour === undefined ? to : `${IPV4_MAPPED}${to}`,
  ] as const;
  const [six, otherSix] = [ipv6Bytes(texts[0]), ipv6Bytes(texts[1])];
  return six === undefined || otherSix === undefined
    ? undefined
    : { isIPv4: false, texts, bytes: [...six, ...otherSix] };
}

function v2(command: number, family: number, content: readonly number[]): string {
  const head = [command, family, content.length >> 8, content.length & 0xff];
  return PROXY_V2_SIGNATURE + String.fromCharCode(...head, ...content);
}
