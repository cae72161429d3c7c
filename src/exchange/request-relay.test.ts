/** What a held body costs does not depend on how its client cut it, and one that need not be held is not copied. */
import { expect, it } from "vitest";
import { FakeOrigin } from "../../test/kit/fake-origin.ts";
import type { Framing } from "../wire/framing.ts";
import type { Octets } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import type { BufferedRequest } from "./body-buffers.ts";
import type { ProxyContext } from "./context.ts";
import { RequestRelay } from "./request-relay.ts";

const octets = (text: string) => Buffer.from(text, "latin1") as unknown as Octets;

/** Nothing of it is buffered by a route. */
const nobodys = { admission: { framing: {} } } as unknown as BufferedRequest;

function relayOf(framing: Framing): RequestRelay {
  const context = { settings: { headLimits: { headBytesMax: 65_536, fieldsMax: 1_000 } } };
  const admission = { framing, options: { nominated: new Set() } };
  return new RequestRelay(context as unknown as ProxyContext, admission as unknown as Admission);
}

it.each([
  ["in one read", 30_000],
  ["chunk by chunk", 6],
  ["octet by octet", 1],
])("30,000 octets in 5,000 chunks of one octet, %s, go on in few pieces", (_how, readBytes) => {
  const relay = relayOf({ kind: "chunked", length: -1 });
  const body = octets(`${"1\r\nx\r\n".repeat(5_000)}0\r\n\r\n`);
  for (let at = 0; at < body.length; at += readBytes) {
    relay.read(body.subarray(at, at + readBytes), 0);
    relay.settle(nobodys, {} as ProxyContext);
    relay.keep();
  }
  expect(relay.isWhollyHeld).toBe(true);

  const origin = new FakeOrigin();
  relay.stream(origin);
  expect(origin.told).toStrictEqual([`body ${"x".repeat(5_000)}`, "end of body"]);
  expect(origin.pieces).toBeLessThanOrEqual(2);
});

it.each([
  ["goes to an origin that is at hand as it came", true],
  ["is copied when there is none: its event ends", false],
])("what comes behind its head %s", (_what, isAtHand) => {
  const relay = relayOf({ kind: "length", length: 70_000 });
  relay.settle(nobodys, {} as ProxyContext);
  const piece = octets("x".repeat(65_536));
  relay.read(piece, 0);
  const sent: Octets[] = [];
  const origin = Object.assign(new FakeOrigin(), { body: (bytes: Octets) => void sent.push(bytes) });
  if (isAtHand) relay.stream(origin);
  relay.keep();
  if (!isAtHand) relay.stream(origin);
  expect(sent.map(({ length }) => length)).toStrictEqual([65_536]);
  expect(sent[0]?.buffer === piece.buffer).toBe(isAtHand);
});

it("takes memory until the origin has taken it, and what is kept for a retry counts once", () => {
  const relay = relayOf({ kind: "length", length: 20_000 });
  relay.settle(nobodys, {} as ProxyContext);
  relay.read(octets("x".repeat(10_000)), 0);
  relay.keep();
  expect(relay.untakenBytes).toBe(10_000);
  relay.read(octets("x".repeat(10_000)), 0);
  relay.keep();
  const origin = new FakeOrigin();
  relay.stream(origin);
  origin.unsentBytes = 25_000;
  expect([relay.isWhollyHeld, relay.untakenBytes]).toEqual([true, 25_000]);
  origin.unsentBytes = 0;
  expect(relay.untakenBytes).toBe(20_000);
  relay.letGo();
  expect(relay.untakenBytes).toBe(0);
});
