/** Which addresses are one client. */
import { describe, expect, it } from "vitest";
import { clientKeyOf } from "./client-key.ts";

describe("an address's client", () => {
  it.each<[string, readonly string[], string]>([
    [
      "IPv4, however it is written",
      ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:207", "0:0:0:0:0:ffff:192.0.2.7", "64:ff9b::192.0.2.7"],
      "192.0.2.7",
    ],
    [
      "IPv6: all of a /64",
      ["2001:db8:0:1::1", "2001:db8:0:1:ffff::", "2001:0DB8:0000:0001:1:2:3:4", "2001:db8:0:1:a:b:192.0.2.7"],
      "2001:db8:0:1::/64",
    ],
    ["IPv6, loopback", ["::1", "0:0:0:0:0:0:0:1"], "0:0:0:0::/64"],
    ["link-local, on one link", ["fe80::1%eth0", "fe80::2%eth0"], "fe80:0:0:0::/64%eth0"],
    ["a Unix socket's, which has none", [""], ""],
    ["none at all", ["unknown"], "unknown"],
  ])("%s", (_what, addresses, key) => {
    expect(addresses.map(clientKeyOf)).toEqual(addresses.map(() => key));
  });

  it.each([
    ["192.0.2.7", "192.0.2.8"],
    ["2001:db8:0:1::1", "2001:db8:0:2::1"],
    ["fe80::1%eth0", "fe80::1%eth1"],
    ["::ffff:192.0.2.7", "::192.0.2.7"],
  ])("%s and %s are two", (one, other) => {
    expect(clientKeyOf(one)).not.toBe(clientKeyOf(other));
  });

  it.each([
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "g::",
    "::12345",
    ":",
    ":::",
  ])("%s, which is not an address, is a client of that name", (text) => {
    expect(clientKeyOf(text)).toBe(text);
  });
});
