/** What a held body costs does not depend on how its client cut it. */
import { expect, it } from "vitest";
import { FakeOrigin } from "../../test/kit/fake-origin.ts";
import type { Octets } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import type { ProxyContext } from "./context.ts";
import { RequestRelay } from "./request-relay.ts";

const octets = (text: string) => Buffer.from(text, "latin1") as unknown as Octets;

it.each([
  ["in one read", 30_000],
  ["chunk by chunk", 6],
  ["octet by octet", 1],
])("30,000 octets in 5,000 chunks of one octet, %s, go on in few pieces", (_how, readBytes) => {
  const context = { settings: { headLimits: { headBytesMax: 65_536, fieldsMax: 1_000 } } };
  const admission = { framing: { kind: "chunked", length: -1 }, options: { nominated: new Set() } };
  const relay = new RequestRelay(context as unknown as ProxyContext, admission as unknown as Admission);
  const body = octets(`${"1\r\nx\r\n".repeat(5_000)}0\r\n\r\n`);
  for (let at = 0; at < body.length; at += readBytes) relay.read(body.subarray(at, at + readBytes), 0);
  expect(relay.isWhollyHeld).toBe(true);

  const origin = new FakeOrigin();
  relay.stream(origin);
  expect(origin.told).toStrictEqual([`body ${"x".repeat(5_000)}`, "end of body"]);
  expect(origin.pieces).toBeLessThanOrEqual(2);
});
