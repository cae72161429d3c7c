/** This machine's addresses, which come and go while the proxy runs. */
import { expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { OwnAddresses } from "./own-addresses.ts";

it("interfaces are looked at again after a second, and no more often", () => {
  const clock = new ManualClock();
  let present: readonly string[] = ["8.8.4.4"];
  let looks = 0;
  const own = new OwnAddresses(() => {
    looks++;
    return present;
  }, clock);
  expect([own.has("8.8.4.4"), own.has("2606:4700::7")]).toEqual([true, false]);
  present = ["2606:4700::7"];
  clock.advance(999);
  expect([own.has("8.8.4.4"), looks]).toEqual([true, 1]);
  clock.advance(1);
  expect([own.has("8.8.4.4"), own.has("2606:4700::7"), looks]).toEqual([false, true, 2]);
});

it("the loopback network and the unspecified addresses lead here on every machine", () => {
  const own = new OwnAddresses(() => []);
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "::ffff:0.0.0.0", "64:ff9b::7f00:1"]) {
    expect([address, own.has(address)]).toEqual([address, true]);
  }
});

it("the system is asked by default", () => {
  expect([new OwnAddresses().has("127.0.0.1"), new OwnAddresses().has("8.8.8.8")]).toEqual([true, false]);
});
