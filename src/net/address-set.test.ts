/** One address in every form in which systems, translators and relays know it. */
import { expect, it } from "vitest";
import { AddressSet } from "./address-set.ts";

it.each([
  ["as it is", "192.0.2.1"],
  ["mapped into IPv6", "::ffff:192.0.2.1"],
  ["mapped, in hexadecimal", "::FFFF:c000:201"],
  ["mapped, in full", "0:0:0:0:0:ffff:c000:0201"],
  ["compatible (deprecated)", "::192.0.2.1"],
  ["of stateless translation (SIIT)", "::ffff:0:192.0.2.1"],
  ["translated (NAT64)", "64:ff9b::192.0.2.1"],
  ["translated, with the prefix of local use", "64:ff9b:1::c000:201"],
  ["in 6to4", "2002:c000:201::1"],
  ["with a zone", "::ffff:192.0.2.1%eth0"],
])("an IPv4 address is known again %s: %s", (_form, address) => {
  expect(new AddressSet(["192.0.2.1"]).has(address)).toBe(true);
  expect(new AddressSet(["::ffff:192.0.2.1"]).has(address)).toBe(true);
  expect(new AddressSet(["192.0.2.2"]).has(address)).toBe(false);
});

it("networks hold what lies in them, addresses themselves alone", () => {
  const set = new AddressSet(["10.0.0.0/8", "2001:db8::/32", "fe80::1%eth0"]);
  const inside = ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "2001:db8:ffff::1", "fe80::1", "fe80::1%eth1"];
  const outside = ["9.255.255.255", "11.0.0.0", "2001:db9::1", "fe80::2", "::ffff:11.0.0.0"];
  expect([inside.filter((it) => !set.has(it)), outside.filter((it) => set.has(it))]).toEqual([[], []]);
});
