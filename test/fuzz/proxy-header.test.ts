/** Headers of the PROXY protocol, written and read: whatever they say, and however they are cut or spoilt. */
import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Octets } from "../../src/wire/octets.ts";
import { PROXY_V2_BYTES_MAX, ProxyHeaderReader } from "../../src/wire/proxy-header.ts";
import { proxyHeader } from "../../src/wire/proxy-header-writing.ts";
import { runs, seed } from "./kit/settings.ts";

const given = { seed, numRuns: runs };

const peer = (address: fc.Arbitrary<string>) => fc.record({ address, port: fc.integer({ min: 0, max: 65_535 }) });
const pair = fc.oneof(fc.tuple(peer(fc.ipV4()), peer(fc.ipV4())), fc.tuple(peer(fc.ipV6()), peer(fc.ipV6())));
const version = fc.constantFrom("v1" as const, "v2" as const);
const rest = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 6 }).map((places) => places.toSorted((a, b) => a - b));

interface Outcome {
  readonly fault: string | undefined;
  readonly source: unknown;
  /** How many bytes were the header's; it was not whole, or refused: -1 */
  readonly length: number;
}

function outcome(bytes: Buffer, places: readonly number[]): Outcome {
  const reader = new ProxyHeaderReader();
  let from = 0;
  for (const to of [...places.filter((place) => place < bytes.length), bytes.length]) {
    const end = reader.read(bytes.subarray(from, to) as unknown as Octets);
    if (end >= 0) return { fault: undefined, source: reader.source, length: from + end };
    if (reader.fault !== undefined) break;
    from = to;
  }
  return { fault: reader.fault, source: undefined, length: -1 };
}

/** By the runtime's own understanding of addresses. */
function isSame(one: string, other: string): boolean {
  const list = new BlockList();
  const family = (address: string) => (address.includes(":") ? "ipv6" : "ipv4");
  list.addAddress(one, family(one));
  return list.check(other, family(other));
}

describe("a header", () => {
  it("says whose connection it is, and ends where it ends, however it is cut", () => {
    fc.assert(
      fc.property(version, pair, rest, cuts, (kind, [source, destination], behind, places) => {
        const header = Buffer.from(proxyHeader(kind, source, destination), "latin1");
        const read = outcome(Buffer.concat([header, behind]), places);
        expect(read.length).toBe(header.length);
        const { address, port } = read.source as { address: string; port: number };
        expect(port).toBe(source.port);
        expect([address, source.address, isSame(address, source.address)]).toStrictEqual([
          address,
          source.address,
          true,
        ]);
      }),
      given,
    );
  });

  it("spoilt anywhere is read alike however it is cut, and never beyond its limit", () => {
    const change = fc.tuple(fc.nat({ max: 60 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        version,
        pair,
        fc.array(change, { maxLength: 3 }),
        rest,
        cuts,
        (kind, ends, changes, behind, places) => {
          const bytes = Buffer.concat([Buffer.from(proxyHeader(kind, ...ends), "latin1"), behind]);
          for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
          const whole = outcome(bytes, []);
          expect(outcome(bytes, places)).toStrictEqual(whole);
          expect(whole.length).toBeLessThanOrEqual(PROXY_V2_BYTES_MAX);
        },
      ),
      given,
    );
  });

  it("of any bytes behind a signature is read or refused, and nothing is waited for beyond its limit", () => {
    const begins = fc.constantFrom(
      "PROXY ",
      "PROXY TCP4 ",
      "PROXY TCP6 ",
      "\r\n\r\n\0\r\nQUIT\n",
      "\r\n\r\n\0\r\nQUIT\n\x21\x11",
    );
    fc.assert(
      fc.property(begins, fc.uint8Array({ minLength: 200, maxLength: 400 }), (begin, bytes) => {
        const all = Buffer.concat([Buffer.from(begin, "latin1"), bytes, Buffer.alloc(PROXY_V2_BYTES_MAX)]);
        const { fault, length } = outcome(all, []);
        expect(fault === undefined).toBe(length > 0);
      }),
      given,
    );
  });
});
