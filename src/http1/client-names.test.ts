/** What a client is called towards others: always a node of RFC 7239 section 6, without what only this machine understands. */
import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { clientNameOf, forwardedForLine } from "./client-names.ts";
import { forwardedNode } from "./request-writing.ts";

const rows: readonly (readonly [address: string, clientName: string, node: string])[] = [
  ["192.0.2.1", "192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:db8::1", '"[2001:db8::1]"'],
  ["fe80::1%eth0", "fe80::1", '"[fe80::1]"'],
  ["fe80::1%2", "fe80::1", '"[fe80::1]"'],
  ['fe80::1%a b";c', "fe80::1", '"[fe80::1]"'],
  ["::ffff:192.0.2.1%eth0", "192.0.2.1", "192.0.2.1"],
  ["", "unknown", "unknown"],
];

describe("the name of a client at", () => {
  for (const [address, clientName, node] of rows) {
    it(address === "" ? "a Unix socket" : address, () => {
      expect(clientNameOf(address)).toBe(clientName);
      expect(forwardedForLine(clientName)).toBe(`X-Forwarded-For: ${clientName}\r\n`);
      expect(forwardedNode(clientName)).toBe(node);
      if (address !== "") expect(isIP(clientName)).toBeGreaterThan(0);
    });
  }
});
