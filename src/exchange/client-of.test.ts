/** Whose a request is: behind trusted proxies the address that the last of them in a row tells. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { RequestHead } from "../wire/request-head.ts";
import { clientOf } from "./client-of.ts";
import type { ProxyContext } from "./context.ts";

const context = {
  settings: { isTrusted: (address: string) => address.startsWith("10.") },
} as unknown as ProxyContext;

/** The client of a request that comes from `from` with these values of X-Forwarded-For. */
function client(from: string, ...forwardedFor: string[]): string {
  const head = new RequestHead(defaultHeadLimits);
  const lines = forwardedFor.map((value) => `X-Forwarded-For: ${value}\r\n`).join("");
  head.read(octets(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  const downstream = { record: { peer: from }, isTrusted: from.startsWith("10.") };
  return clientOf(context, downstream, head);
}

describe("behind a trusted proxy", () => {
  const rows: readonly (readonly [string, ...string[]])[] = [
    ["192.0.2.1", "192.0.2.1"],
    // What stands before it, strangers may have written.
    ["192.0.2.1", "198.51.100.7, 192.0.2.1"],
    ["192.0.2.1", "192.0.2.1, 10.0.0.2, 10.0.0.3"],
    ["192.0.2.1", "192.0.2.1", "10.0.0.2"],
    ["192.0.2.1", " 192.0.2.1:4711\t"],
    ["2001:db8:0:1::/64", "[2001:db8:0:1::9]:4711"],
    ["2001:db8:0:1::/64", "2001:db8:0:1::9"],
    ["10.0.0.2", "10.0.0.2"],
    // The proxy tells nothing, or nothing that could be an address.
    ["10.0.0.1"],
    ["10.0.0.1", ""],
    ["10.0.0.1", "192.0.2.1,"],
    ["10.0.0.1", "x".repeat(81)],
    ["10.0.0.2", `${"x".repeat(81)}, 10.0.0.2`],
  ];
  it.each(rows)("it is %s: %j", (expected, ...values) => {
    expect(client("10.0.0.1", ...values)).toBe(expected);
  });

  it("so many members are looked at, and no more", () => {
    const proxies = Array.from({ length: 16 }, () => "10.0.0.9").join(",");
    expect(client("10.0.0.1", `192.0.2.1,${proxies}`)).toBe("10.0.0.9");
  });
});

it("a stranger is its own address, whatever it says", () => {
  expect(client("192.0.2.5", "192.0.2.1")).toBe("192.0.2.5");
});
