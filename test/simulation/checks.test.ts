/** The checks of the simulation can fail. */
import { expect, it } from "vitest";
import { DownstreamConnection } from "../../src/gateway/downstream.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { Pipelined } from "../../src/gateway/pipelined.ts";
import type { VirtualClock } from "../../src/net/simulated/schedule.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { Checks } from "./checks.ts";

it("more than a client may have waiting is noticed, where the proxy keeps it", () => {
  const pipelined = new Pipelined();
  const connection = Object.assign(Object.create(DownstreamConnection.prototype), { exchange: undefined, pipelined });
  const gateway = { clients: { connections: [connection] } } as unknown as Gateway;
  const checks = new Checks(gateway, {} as never, {} as VirtualClock, {} as never);
  const keep = (bytes: number) => pipelined.keep(Buffer.alloc(bytes) as unknown as Octets, 0);
  keep(128 * 1024);
  expect(() => checks.buffers()).not.toThrow();
  keep(1);
  expect(() => checks.buffers()).toThrow("131073 of pipelined requests are held");
});
