/** What a tunnel keeps for as long as it stands. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { TunnelEnd } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import type { TimeLimits } from "./policy.ts";
import type { OwnRecord } from "./record-notes.ts";
import { Tunnel } from "./tunnel.ts";

const HEAD_BYTES = 1_000_000;
const TUNNELS = 50;

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it("is the target of its request, and nothing of the head around it", () => {
  const context = {
    deadlines: { set() {} },
    clock: { now: () => 0 },
    settings: { bodyTimeout_ms: 1, tunnelTimeout_ms: 1 },
  } as unknown as ProxyContext;
  const downstream = { peerHasClosed: false, beginTunnel: () => Buffer.alloc(0) } as unknown as TunnelEnd;
  const upstream = { clearDeadline() {}, beginTunnel() {} } as unknown as PooledConnection;
  const before = heapBytes();
  const records = Array.from({ length: TUNNELS }, (_, index) => {
    const head = Buffer.alloc(HEAD_BYTES, `${index} /rooms/general/socket `).toString("latin1");
    const start = head.indexOf("/");
    const record = { target: head.slice(start, start + 21), authority: head.slice(start, start + 13) } as OwnRecord;
    new Tunnel({ context, downstream, upstream, record, client: "" }).begin();
    return record;
  });
  expect(heapBytes() - before).toBeLessThan((TUNNELS * HEAD_BYTES) / 10);
  expect(new Set(records.map(({ target }) => target))).toEqual(new Set(["/rooms/general/socket"]));
});

it("says what of its client's bytes the origin has not taken, where it is counted", () => {
  const upstream = { socket: { unsentBytes: 7_000 } } as unknown as PooledConnection;
  const [context, downstream, record] = [{} as ProxyContext, {} as TunnelEnd, {} as OwnRecord];
  const times = { bodyTimeout_ms: 1, tunnelTimeout_ms: 1 } as TimeLimits;
  expect(new Tunnel({ context, downstream, upstream, record, client: "", times }).untakenBytes).toBe(7_000);
});
