/** What becomes of workers that are lost while configurations follow each other; with processes that only say so. */
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SupervisorEvents } from "./supervising.ts";
import { Supervisor } from "./supervisor.ts";

const program = fileURLToPath(new URL("../../test/kit/slow-worker.mjs", import.meta.url));
const plan = { options: {}, listen: [{ host: "127.0.0.1", port: 0 }], drainDelay_ms: 0, drainTimeout_ms: 0 };
const LONG = { timeout: 30_000, interval: 10 };

let supervisor: Supervisor | undefined;

afterEach(async () => {
  await supervisor?.cut();
});

async function start() {
  const restarted: number[] = [];
  const lost = vi.fn();
  const events = {
    onLost: lost,
    onRestarted: (worker: number) => restarted.push(worker),
    onSilent: () => {},
    onHeard: () => {},
  } as unknown as SupervisorEvents;
  const it = new Supervisor({ count: 1, program, kind: "proxy", plan }, events);
  supervisor = it;
  await it.listen();
  const running = (worker: number) => vi.waitFor(() => expect(it.versions).toMatchObject([{ worker }]), LONG);
  const reload = async () => await (await it.prepare(plan)).commit();
  return { it, restarted, lost, running, reload };
}

describe("a worker that starts in place of one that was lost", () => {
  it("has the configuration of now, though others follow each other faster than it starts", async () => {
    const { it, restarted, running, reload } = await start();
    process.kill(it.versions[0]?.pid as number, "SIGKILL");
    await running(2);
    await reload();
    // It was overtaken: another one takes its place, and what is read meanwhile waits for that one.
    it.reread();
    await running(3);
    let isApplied = false;
    const applied = reload().then(() => {
      isApplied = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isApplied).toBe(false);
    it.reread();
    await applied;
    await vi.waitFor(() => expect(restarted).toEqual([3]), LONG);
    expect(it.versions).toMatchObject([{ worker: 3, version: 3 }]);
  });

  it("holds up nothing when it is lost as well", async () => {
    const { it, lost, running, reload } = await start();
    process.kill(it.versions[0]?.pid as number, "SIGKILL");
    await running(2);
    await reload();
    it.reread();
    await running(3);
    const applied = reload();
    process.kill(it.versions[0]?.pid as number, "SIGKILL");
    await applied;
    expect(it.version).toBe(3);
    expect(lost).toHaveBeenCalledTimes(2);
  });
});
