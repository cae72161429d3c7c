/**
 * A reload of several processes in two steps: all have another configuration ready, and only then all go on with it. One that cannot, or
 * says nothing, and nobody does.
 *
 * What was begun for nothing is forgotten by those who have it. Deliberately absent: a way back once all have been told to go on. One
 * that is lost then is replaced by one that has the new configuration.
 */
import { HopwiseError } from "../config/error.ts";
import type { PrepareMessage, Refusal } from "./protocol.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Reading a thousand routes takes less by far; a worker that says nothing for twice as long is taken for hung (watch.ts). */
const PREPARE_MS_MAX = 5_000;
/** Who has it ready needs no time to go on with it. What is waited for is only the word. */
const COMMIT_MS_MAX = 2_000;

/** As far as it is asked here. */
export type ReloadedWorker = Pick<WorkerProcess, "number" | "pid" | "version" | "prepare" | "commit" | "tell">;

/** @throws HopwiseError that says which worker has it not ready, and why; then none goes on with it */
export async function prepareAll(workers: readonly ReloadedWorker[], message: PrepareMessage): Promise<void> {
  const answers = await Promise.all(
    workers.map(async (worker) => ({ worker, refusal: await worker.prepare(message, PREPARE_MS_MAX) })),
  );
  const refused = answers.flatMap(({ worker, refusal }) => (refusal === undefined ? [] : [{ worker, refusal }]));
  if (refused.length === 0) return;
  const lines = refused.map(({ worker, refusal }) => `${nameOf(worker)}: ${problemOf(refusal)}`);
  const code = refused.map(({ refusal }) => (typeof refusal === "string" ? undefined : refusal.code)).find(Boolean);
  throw new HopwiseError(code ?? "worker-unavailable", lines.join("\n"));
}

/** Tells all of them at once. Settled with those that have not said that they did. */
export async function commitAll<Worker extends ReloadedWorker>(
  workers: readonly Worker[],
  reload: number,
  version: number,
): Promise<readonly Worker[]> {
  const said = workers.map(async (worker) => {
    // One that says so late has it all the same.
    const noteDone = () => {
      worker.version = Math.max(worker.version, version);
    };
    const has = await worker.commit(reload, COMMIT_MS_MAX, noteDone);
    if (has) noteDone();
    return has ? [] : [worker];
  });
  return (await Promise.all(said)).flat();
}

function nameOf({ number, pid }: ReloadedWorker): string {
  return `worker ${number} (process ${pid})`;
}

function problemOf(refusal: Refusal | string): string {
  if (typeof refusal === "string") return refusal;
  return refusal.option === undefined ? refusal.problem : `${refusal.option}: ${refusal.problem}`;
}
