/**
 * The header of the PROXY protocol, version 1 (a line) and 2 (bytes): a balancer that passes TCP through says in it whose connection
 * it is. It comes once, in front of everything else, TLS included. The specification is HAProxy's proxy-protocol.txt.
 *
 * Read strictly, since an address is believed: one space between words, no leading zeros, nothing cut off or left over. The result
 * does not depend on how the bytes were cut, and a byte that cannot belong to a header is noticed when it comes. Deliberately absent:
 * whose header is believed; addresses of the other end (nothing here is decided by them); what the additions (TLVs) say, apart from
 * the checksum.
 */
import { crc32c } from "./crc32c.ts";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "./ip-text.ts";
import { CR, LF, type Octets } from "./octets.ts";

/** The longest line that version 1 can have, with its end: so says the specification, section 2.1. */
export const PROXY_V1_BYTES_MAX = 107;
/** Of version 2, as a whole: addresses take 232 at most, and additions that say something of a client's certificate a few hundred more. */
export const PROXY_V2_BYTES_MAX = 4_096;

export const PROXY_V1_SIGNATURE = "PROXY ";
export const PROXY_V2_SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
/** Signature, version and command, family and transport, length of what follows. */
export const PROXY_V2_HEAD_BYTES = 16;

/** `missing`: it does not begin like one. */
export type ProxyHeaderFault = "missing" | "malformed";

export interface ProxiedPeer {
  readonly address: string;
  readonly port: number;
}

const LOCAL = 0;
const PROXY = 1;
const UNSPECIFIED = 0x00;
/** The high half of a byte; the low one is the transport: a stream, or datagrams (HTTP/3 towards the balancer). */
const families = {
  1: { bytes: 12, address: ipv4Text, portAt: 8 },
  2: { bytes: 36, address: ipv6Text, portAt: 32 },
  // Unix sockets have no address that means anything here.
  3: { bytes: 216, address: undefined, portAt: 0 },
} as const;
const STREAM = 1;
const DATAGRAM = 2;

const TLV_HEAD_BYTES = 3;
const TLV_CRC32C = 0x03;
const CRC_BYTES = 4;

export class ProxyHeaderReader {
  fault: ProxyHeaderFault | undefined;
  /** Whose connection it is; the header is whole and names nobody, so it is the balancer's own: undefined. */
  source: ProxiedPeer | undefined;
  /** The balancer says that the connection is its own: it looks whether somebody is there. */
  isLocal = false;
  private readonly bytes = new Uint8Array(PROXY_V1_BYTES_MAX);
  private longer: Uint8Array | undefined;
  private size = 0;
  /** Of version 2, once it is known. */
  private total = 0;

  get hasBegun(): boolean {
    return this.size > 0;
  }

  /** Reads on. @returns where what follows the header begins; more is needed, or there is a `fault`: -1 */
  read(octets: Octets): number {
    for (let at = 0; at < octets.length; at++) {
      if (this.take(octets[at] ?? 0)) return at + 1;
      if (this.fault !== undefined) return -1;
    }
    return -1;
  }

  /** @returns whether it was the last byte */
  private take(byte: number): boolean {
    const at = this.size++;
    const bytes = this.longer ?? this.bytes;
    bytes[at] = byte;
    return bytes[0] === CR ? this.takeOfV2(bytes, at, byte) : this.takeOfV1(bytes, at, byte);
  }

  private takeOfV1(bytes: Uint8Array, at: number, byte: number): boolean {
    if (at < PROXY_V1_SIGNATURE.length) {
      if (byte !== PROXY_V1_SIGNATURE.charCodeAt(at)) this.fault = "missing";
      return false;
    }
    const isBehindCr = bytes[at - 1] === CR;
    if (isBehindCr && byte === LF) return this.readLine(String.fromCharCode(...bytes.subarray(0, at - 1)));
    if (isBehindCr || byte === LF || this.size === PROXY_V1_BYTES_MAX) this.fault = "malformed";
    return false;
  }

  private readLine(line: string): boolean {
    if (line === "PROXY UNKNOWN" || line.startsWith("PROXY UNKNOWN ")) return true;
    const [, family, source = "", destination = "", sourcePort = "", destinationPort = ""] =
      /^PROXY TCP([46]) (\S+) (\S+) (\d+) (\d+)$/.exec(line) ?? [];
    const bytesOf = family === "4" ? ipv4Bytes : ipv6Bytes;
    const address = bytesOf(source);
    const port = portIn(sourcePort);
    if (address === undefined || bytesOf(destination) === undefined) return this.refuse();
    if (port === undefined || portIn(destinationPort) === undefined) return this.refuse();
    const textOf = family === "4" ? ipv4Text : ipv6Text;
    this.source = { address: textOf(Uint8Array.from(address), 0), port };
    return true;
  }

  private takeOfV2(bytes: Uint8Array, at: number, byte: number): boolean {
    if (at < PROXY_V2_SIGNATURE.length) {
      if (byte !== PROXY_V2_SIGNATURE.charCodeAt(at)) this.fault = "missing";
      return false;
    }
    if (at < PROXY_V2_HEAD_BYTES - 1) {
      if (at === 12 && byte !== (0x20 | LOCAL) && byte !== (0x20 | PROXY)) this.fault = "malformed";
      return false;
    }
    if (at === PROXY_V2_HEAD_BYTES - 1) {
      this.total = PROXY_V2_HEAD_BYTES + (((bytes[at - 1] ?? 0) << 8) | byte);
      if (this.total > PROXY_V2_BYTES_MAX) return this.refuse();
      if (this.total > bytes.length) {
        this.longer = new Uint8Array(this.total);
        this.longer.set(bytes.subarray(0, this.size));
      }
    }
    return this.size === this.total && this.readBytes(bytes.subarray(0, this.total));
  }

  private readBytes(bytes: Uint8Array): boolean {
    this.isLocal = bytes[12] === (0x20 | LOCAL);
    const kind = bytes[13] ?? 0;
    // What a balancer says of itself, or does not know, is skipped whatever it is (section 2.2).
    if (this.isLocal || kind === UNSPECIFIED) return true;
    const family = families[(kind >> 4) as keyof typeof families] as (typeof families)[1 | 2 | 3] | undefined;
    const transport = kind & 0x0f;
    if (family === undefined || (transport !== STREAM && transport !== DATAGRAM)) return this.refuse();
    const tlvsAt = PROXY_V2_HEAD_BYTES + family.bytes;
    if (tlvsAt > bytes.length || !areWhole(bytes, tlvsAt)) return this.refuse();
    if (family.address === undefined) return true;
    const portAt = PROXY_V2_HEAD_BYTES + family.portAt;
    const port = ((bytes[portAt] ?? 0) << 8) | (bytes[portAt + 1] ?? 0);
    this.source = { address: family.address(bytes, PROXY_V2_HEAD_BYTES), port };
    return true;
  }

  private refuse(): false {
    this.fault = "malformed";
    return false;
  }
}

/** As decimal digits without zeros in front; not a port: undefined. */
function portIn(digits: string): number | undefined {
  const port = Number(digits);
  return /^(?:0|[1-9]\d{0,4})$/.test(digits) && port <= 0xffff ? port : undefined;
}

/** Whether additions end where the header does, and a checksum among them is right. */
function areWhole(bytes: Uint8Array, from: number): boolean {
  let at = from;
  while (at < bytes.length) {
    const valueAt = at + TLV_HEAD_BYTES;
    if (valueAt > bytes.length) return false;
    const end = valueAt + (((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0));
    if (end > bytes.length) return false;
    if (bytes[at] === TLV_CRC32C) {
      if (end - valueAt !== CRC_BYTES) return false;
      const said = bytes.subarray(valueAt, end).reduce((value, byte) => value * 256 + byte, 0);
      if (said !== crc32c(bytes, valueAt, end)) return false;
    }
    at = end;
  }
  return true;
}
