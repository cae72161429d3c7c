/**
 * The lab's network under virtual time: the same play twice, octet for octet, and no waiting.
 *
 * Scenarios are asynchronous functions; between two events all of their promises run on. Deliberately absent: programs that
 * bring sockets of their own, like `node:http` and real proxies.
 */
import { SimulatedNetwork } from "../../net/simulated/network.ts";
import { Schedule } from "../../net/simulated/schedule.ts";
import type { LabNetwork } from "./lab-network.ts";

/** What systems hold between two programs; Linux begins with about as much. */
const WINDOW_BYTES = 64 * 1024;
/** A play that is longer has lost its end. */
const PLAY_MS_MAX = 3_600_000;

export function simulatedNetwork(rtt_ms: number): LabNetwork {
  const schedule = new Schedule();
  const network = new SimulatedNetwork(schedule, {
    latency_ms: rtt_ms / 2,
    jitter_ms: 0,
    windowBytes: WINDOW_BYTES,
    highWaterBytes: WINDOW_BYTES,
    readBytesMax: WINDOW_BYTES,
    segmentation: "whole",
    rstHarm: 0,
  });
  return {
    kind: "simulated",
    rtt_ms,
    clock: network.clock,
    listen: (_neighbour, onSocket) => Promise.resolve(network.listen(onSocket)),
    dial: (_neighbour, address, handler) => network.dialer.dial(address, handler),
    async run(body) {
      let isOver = false;
      const result = body().finally(() => {
        isOver = true;
      });
      // Whoever awaits the result hears of a failure; here it only ends the loop.
      result.catch(() => {});
      await promisesRun();
      while (!isOver) {
        if (!schedule.step(PLAY_MS_MAX)) throw new Error("the play waits for something that never happens");
        await promisesRun();
      }
      return await result;
    },
  };
}

/** Resolves when every promise that can go on has gone on. */
function promisesRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
