/** What a record keeps of the head of its request, since records are kept for a while after their exchanges (ledger/recent.ts). */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { acceptedFacts } from "../connection/connection-record.ts";
import { Life } from "../connection/life.ts";
import { RequestHead } from "../wire/request-head.ts";
import { beginRecord } from "./record-notes.ts";

const COOKIE_BYTES = 1_000_000;
const RECORDS = 30;

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it("is what it tells of it, and nothing of the cookies around that", () => {
  const client = new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 1 }, 0));
  const context = {
    clock: { now: () => 0 },
    observer: { wantsFields: true },
    newExchangeId: () => 1,
  } as unknown as Parameters<typeof beginRecord>[0];
  const limits = { headBytesMax: 2 * COOKIE_BYTES, fieldsMax: 10 };
  const begun = (index: number) => {
    const head = new RequestHead(limits);
    const host = `room-${index}.example.test`;
    const fields = [`Host: ${host}`, "User-Agent: a client of ours/1.0", `Cookie: ${"x".repeat(COOKIE_BYTES)}`];
    head.read(octets(`PROPFIND-ALL-OF-IT /rooms/${index}/general HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`), 0);
    return beginRecord(context, client, head, head.fields.get("host") ?? "");
  };
  const before = heapBytes();
  const records = Array.from({ length: RECORDS }, (_, index) => begun(index));
  expect(heapBytes() - before).toBeLessThan((RECORDS * COOKIE_BYTES) / 10);
  expect(records[7]).toMatchObject({ method: "PROPFIND-ALL-OF-IT", target: "/rooms/7/general" });
  expect(records[7]).toMatchObject({ authority: "room-7.example.test", kept: { userAgent: "a client of ours/1.0" } });
});
