/** Examinations in a simulated network under virtual time: two minutes of waiting, or for ever, take no time at all. */
import type { Finding } from "../../src/doctor/finding.ts";
import type { Report } from "../../src/doctor/report/report.ts";
import { SimulatedNetwork } from "../../src/net/simulated/network.ts";
import { Schedule } from "../../src/net/simulated/schedule.ts";

const WINDOW_BYTES = 64 * 1024;
/** No examination takes an hour. */
const VIRTUAL_MS_MAX = 3_600_000;

/** A network in which nothing is lost or late, and time passes as an examination needs it. */
export async function virtually(examine: (network: SimulatedNetwork) => Promise<Report>): Promise<Report> {
  const schedule = new Schedule();
  const network = new SimulatedNetwork(schedule, {
    latency_ms: 1,
    jitter_ms: 0,
    windowBytes: WINDOW_BYTES,
    highWaterBytes: WINDOW_BYTES,
    readBytesMax: WINDOW_BYTES,
    segmentation: "whole",
    rstHarm: 0,
  });
  let isOver = false;
  const report = examine(network).finally(() => {
    isOver = true;
  });
  report.catch(() => {});
  await promisesRun();
  while (!isOver) {
    if (!schedule.step(VIRTUAL_MS_MAX)) throw new Error("the examination waits for something that never happens");
    await promisesRun();
  }
  return await report;
}

export function findingOf({ findings }: Report, id: string): Finding {
  const found = findings.find((finding) => finding.id === id);
  if (found === undefined) throw new Error(`there is no ${id} among ${findings.map((one) => one.id).join(", ")}`);
  return found;
}

/** Resolves when every promise that can go on has gone on. */
function promisesRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
