/** Headers of the PROXY protocol, byte by byte: good ones, bad ones, and each however it is cut. */
import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";
import type { Octets } from "./octets.ts";
import { PROXY_V2_BYTES_MAX, ProxyHeaderReader } from "./proxy-header.ts";
import { ownProxyHeader, proxyHeader } from "./proxy-header-writing.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const BEHIND = "GET / HTTP/1.1\r\n";

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");
const v2 = (hex: string) => Buffer.concat([bytesOf(SIGNATURE), bytesOf(hex)]);
const line = (text: string) => Buffer.from(text, "latin1");

/** What is made of bytes that come in these pieces: whose they are and what is behind, or the fault and after how many bytes. */
function read(pieces: readonly Buffer[]): unknown {
  const reader = new ProxyHeaderReader();
  let before = 0;
  for (const [index, piece] of pieces.entries()) {
    const end = reader.read(piece as unknown as Octets);
    if (end >= 0) {
      const rest = Buffer.concat([piece.subarray(end), ...pieces.slice(index + 1)]).toString("latin1");
      const { source, isLocal } = reader;
      return { source: source === undefined ? "" : `${source.address} ${source.port}`, isLocal, rest };
    }
    if (reader.fault !== undefined) return { fault: reader.fault };
    before += piece.length;
  }
  return { more: before };
}

/** The same as a whole, byte by byte, and cut in two anywhere. */
function readInAllWays(bytes: Buffer): unknown {
  const whole = read([bytes]);
  expect(read([...bytes].map((_, at) => bytes.subarray(at, at + 1)))).toStrictEqual(whole);
  for (let at = 1; at < bytes.length; at++)
    expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toStrictEqual(whole);
  return whole;
}

const ipv4 = "c0000201 c6336401 115c 01bb"; // 192.0.2.1:4444 to 198.51.100.1:443
const ipv6 = `20010db8000000000000000000000001 ${"00".repeat(15)}01 115c 01bb`;

function withChecksum(header: Buffer, at: number): Buffer {
  const whole = Buffer.from(header);
  whole.writeUInt32BE(crc32c(whole, at, at + 4), at);
  return whole;
}

const checked = withChecksum(v2(`2111 0013 ${ipv4} 030004 00000000`), 31);

describe("whose connection it is", () => {
  it.each<[name: string, header: Buffer, source: string, isLocal?: boolean]>([
    ["version 1, IPv4", line("PROXY TCP4 192.0.2.1 198.51.100.1 4444 443\r\n"), "192.0.2.1 4444"],
    ["its largest", line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255 65535"],
    ["port 0", line("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0 0"],
    ["IPv6", line("PROXY TCP6 2001:db8::1 ::1 4444 443\r\n"), "2001:db8::1 4444"],
    [
      "the longest line of IPv6",
      line(`PROXY TCP6 ${"ffff:".repeat(7)}ffff ${"ffff:".repeat(7)}ffff 65535 65535\r\n`),
      `${"ffff:".repeat(7)}ffff 65535`,
    ],
    ["one address, one text", line("PROXY TCP6 2001:0DB8:0:0:0::0001 ::1 4444 443\r\n"), "2001:db8::1 4444"],
    ["IPv4 in IPv6", line("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c000:202 4444 443\r\n"), "::ffff:192.0.2.1 4444"],
    ["nobody's", line("PROXY UNKNOWN\r\n"), ""],
    ["nobody's, whatever follows", line("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), ""],
    ["the longest line", line(`PROXY UNKNOWN ${"x".repeat(107 - 16)}\r\n`), ""],
    ["version 2, IPv4", v2(`2111 000c ${ipv4}`), "192.0.2.1 4444"],
    ["IPv6", v2(`2121 0024 ${ipv6}`), "2001:db8::1 4444"],
    ["datagrams in front", v2(`2112 000c ${ipv4}`), "192.0.2.1 4444"],
    ["a Unix socket", v2(`2131 00d8 ${"61".repeat(216)}`), ""],
    ["not known", v2("2100 0000"), ""],
    ["not known, whatever follows", v2("2100 0005 0102030405"), ""],
    ["the balancer's own", v2("2000 0000"), "", true],
    ["the balancer's own, whatever follows", v2("20ff 0003 ffffff"), "", true],
    ["an empty addition", v2(`2111 000f ${ipv4} 040000`), "192.0.2.1 4444"],
    ["additions", v2(`2111 0016 ${ipv4} e0 0003 616263 20 0001 00`), "192.0.2.1 4444"],
    ["a checksum", checked, "192.0.2.1 4444"],
    ["as long as may be", v2(`2111 0ff0 ${ipv4} e0 0fe1 ${"00".repeat(0xfe1)}`), "192.0.2.1 4444"],
  ])("%s", (_name, header, source, isLocal = false) => {
    expect(header.length).toBeLessThanOrEqual(PROXY_V2_BYTES_MAX);
    const all = header.length > 300 ? read : (pieces: readonly Buffer[]) => readInAllWays(Buffer.concat(pieces));
    expect(all([header, line(BEHIND)])).toStrictEqual({ source, isLocal, rest: BEHIND });
    expect(read([header.subarray(0, -1)])).toStrictEqual({ more: header.length - 1 });
  });
});

describe("what is not one", () => {
  it.each<[name: string, bytes: Buffer, fault?: "missing"]>([
    ["a request", line("GET / HTTP/1.1\r\n"), "missing"],
    ["a request that begins alike", line("PROPFIND / HTTP/1.1\r\n"), "missing"],
    ["TLS", bytesOf("160301"), "missing"],
    ["empty lines and a request", line("\r\n\r\nGET"), "missing"],
    ["lowercase", line("proxy TCP4"), "missing"],
    ["two spaces", line("PROXY  TCP4 1.1.1.1 1.1.1.1 1 1\r\n")],
    ["a space behind", line("PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n")],
    ["a tab", line("PROXY TCP4 1.1.1.1\t1.1.1.1 1 1\r\n")],
    ["another family", line("PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n")],
    ["UDP", line("PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n")],
    ["UNKNOWN with more in the word", line("PROXY UNKNOWNS\r\n")],
    ["IPv6 as TCP4", line("PROXY TCP4 ::1 ::1 1 1\r\n")],
    ["IPv4 as TCP6", line("PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n")],
    ["zeros in front", line("PROXY TCP4 1.1.1.01 1.1.1.1 1 1\r\n")],
    ["a zero in front of a port", line("PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n")],
    ["three numbers", line("PROXY TCP4 1.1.1 1.1.1.1 1 1\r\n")],
    ["a number too large", line("PROXY TCP4 1.1.1.256 1.1.1.1 1 1\r\n")],
    ["a port too large", line("PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n")],
    ["a sign", line("PROXY TCP4 1.1.1.1 1.1.1.1 +1 1\r\n")],
    ["no port", line("PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n")],
    ["the other end's address is none", line("PROXY TCP4 1.1.1.1 1.1.1 1 1\r\n")],
    ["the other end's port is none", line("PROXY TCP4 1.1.1.1 1.1.1.1 1 x\r\n")],
    ["a zone", line("PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n")],
    ["two gaps", line("PROXY TCP6 1::2::3 ::1 1 1\r\n")],
    ["nine groups", line("PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 1\r\n")],
    ["a gap for nothing", line("PROXY TCP6 1:2:3:4::5:6:7:8 ::1 1 1\r\n")],
    ["LF alone", line("PROXY UNKNOWN\n")],
    ["CR alone", line("PROXY UNKNOWN\rx")],
    ["a line too long by one byte", line(`PROXY UNKNOWN ${"x".repeat(107 - 15)}\r\n`)],
    ["version 3", v2("3111 000c")],
    ["version 1 in bytes", v2("1111 000c")],
    ["another command", v2("2211 000c")],
    ["another family", v2("2141 0000")],
    ["a family without a transport", v2(`2110 000c ${ipv4}`)],
    ["a transport without a family", v2(`2101 000c ${ipv4}`)],
    ["another transport", v2(`2113 000c ${ipv4}`)],
    ["shorter than its addresses", v2(`2111 000b ${ipv4.slice(0, -2)}`)],
    ["IPv6 shorter than its addresses", v2(`2121 000c ${ipv4}`)],
    ["an addition without an end", v2(`2111 0010 ${ipv4} e0 0002 61`)],
    ["half an addition's head", v2(`2111 000e ${ipv4} e000`)],
    ["a checksum too short", v2(`2111 0012 ${ipv4} 030003 000000`)],
    ["longer than may be", v2("2111 0ff1")],
    ["longest of all", v2("2111 ffff")],
  ])("%s", (_name, bytes, fault = "malformed" as never) => {
    expect(readInAllWays(bytes)).toStrictEqual({ fault });
  });

  it("each bit of a header with a checksum that is another", () => {
    const typeAt = 28 * 8;
    for (let bit = 12 * 8; bit < checked.length * 8; bit++) {
      // What is not called a checksum is none.
      if (bit >= typeAt && bit < typeAt + 8) continue;
      const changed = Buffer.from(checked);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = read([changed]) as { source?: string; more?: number; isLocal?: boolean };
      // A longer one is not whole; what is a balancer's own, or of an unknown family, is skipped unread.
      const isSkipped = result.isLocal === true;
      if (!isSkipped) expect([bit, result.source]).toStrictEqual([bit, undefined]);
    }
  });
});

describe("written", () => {
  const at = (address: string, port: number) => ({ address, port });
  it.each([
    ["192.0.2.1", "198.51.100.1", "PROXY TCP4 192.0.2.1 198.51.100.1 4444 443\r\n", `2111 000c ${ipv4}`],
    ["2001:db8::1", "::1", "PROXY TCP6 2001:db8::1 ::1 4444 443\r\n", `2121 0024 ${ipv6}`],
    ["::ffff:192.0.2.1", "198.51.100.1", "PROXY TCP4 192.0.2.1 198.51.100.1 4444 443\r\n", `2111 000c ${ipv4}`],
    [
      "192.0.2.1",
      "::1",
      "PROXY TCP6 ::ffff:192.0.2.1 ::1 4444 443\r\n",
      `2121 0024 00000000000000000000ffffc0000201 ${"00".repeat(15)}01 115c 01bb`,
    ],
    ["2001:db8::1%eth0", "::1", "PROXY TCP6 2001:db8::1 ::1 4444 443\r\n", `2121 0024 ${ipv6}`],
    ["192.0.2.1", "", "PROXY TCP4 192.0.2.1 0.0.0.0 4444 443\r\n", "2111 000c c0000201 00000000 115c 01bb"],
    ["", "", "PROXY UNKNOWN\r\n", "2100 0000"],
  ])("%s to %s", (source, destination, one, two) => {
    const header = (version: "v1" | "v2") =>
      Buffer.from(proxyHeader(version, at(source, 4444), at(destination, 443)), "latin1");
    expect(header("v1").toString("latin1")).toBe(one);
    expect(header("v2").toString("hex")).toBe(v2(two).toString("hex"));
  });

  it("our own", () => {
    expect(ownProxyHeader("v1")).toBe("PROXY UNKNOWN\r\n");
    expect(Buffer.from(ownProxyHeader("v2"), "latin1").toString("hex")).toBe(v2("2000 0000").toString("hex"));
  });
});

it("the checksum of RFC 9260's algorithm", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});
