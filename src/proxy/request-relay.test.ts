/** What a held body costs does not depend on how its client cut it. */
import { expect, it } from "vitest";
import { Outbox } from "../net/outbox.ts";
import type { Octets } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import type { ProxyContext } from "./context.ts";
import { RequestRelay } from "./request-relay.ts";

const octets = (text: string) => Buffer.from(text, "latin1") as unknown as Octets;

it.each([
  ["in one read", 30_000],
  ["chunk by chunk", 6],
  ["octet by octet", 1],
])("30,000 octets in 5,000 chunks of one octet, %s, go on in few chunks", (_how, readBytes) => {
  const outbox = new Outbox();
  const context = { outbox, settings: { headLimits: { headBytesMax: 65_536, fieldsMax: 1_000 } } };
  const admission = { framing: { kind: "chunked", length: -1 }, options: { nominated: new Set() } };
  const relay = new RequestRelay(context as unknown as ProxyContext, admission as unknown as Admission);
  const body = octets(`${"1\r\nx\r\n".repeat(5_000)}0\r\n\r\n`);
  for (let at = 0; at < body.length; at += readBytes) relay.read(body.subarray(at, at + readBytes), 0);
  expect(relay.isWhollyHeld).toBe(true);

  let sent = "";
  const write = (data: string | Octets) => {
    sent += typeof data === "string" ? data : data.latin1Slice();
    return true;
  };
  relay.stream(true);
  outbox.flush({ write, cork() {}, uncork() {} } as unknown as Parameters<Outbox["flush"]>[0]);
  const chunks = sent.split(/[0-9a-f]+\r\n(?=x)/).slice(1);
  expect(chunks.join("").replace(/\r\n(?:0\r\n\r\n)?/g, "")).toBe("x".repeat(5_000));
  expect(chunks.length).toBeLessThanOrEqual(2);
});
