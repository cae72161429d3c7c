/** All workers go on with another configuration, or none does; without processes. */
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../config/error.ts";
import type { PrepareMessage, Refusal, ToSupervisor } from "./protocol.ts";
import { commitAll, prepareAll, type ReloadedWorker } from "./reloading.ts";
import { WorkerReloads } from "./worker-reloads.ts";

const message: PrepareMessage = { type: "prepare", reload: 7, options: {}, certificate: undefined, opened: [] };

function worker(number: number, answer: Refusal | string | undefined, goesOn = true): ReloadedWorker {
  return {
    ...{ number, pid: 100 + number, version: 1 },
    prepare: async () => answer,
    commit: async () => goesOn,
    tell() {},
  };
}

describe("preparing", () => {
  it("is well where all workers can", async () => {
    await expect(prepareAll([worker(1, undefined), worker(2, undefined)], message)).resolves.toBeUndefined();
  });

  it("says which workers cannot, and why", async () => {
    const refusal: Refusal = { code: "address-in-use", problem: "127.0.0.1:80 is taken", option: "listen" };
    const workers = [worker(1, undefined), worker(2, refusal), worker(3, "it ended (SIGKILL)")];
    const fault = await prepareAll(workers, message).catch((error) => error);
    expect(fault).toBeInstanceOf(HopwiseError);
    expect([fault.code, fault.message]).toEqual([
      "address-in-use",
      "worker 2 (process 102): listen: 127.0.0.1:80 is taken\nworker 3 (process 103): it ended (SIGKILL)",
    ]);
  });
});

it("those that have not said that they go on are told, and keep the version that they had", async () => {
  const workers = [worker(1, undefined), worker(2, undefined, false)];
  expect(await commitAll(workers, 7, 2)).toEqual([workers[1]]);
  expect(workers.map(({ version }) => version)).toEqual([2, 1]);
});

it("one that says so late has it from then on", async () => {
  let say = () => {};
  const late: ReloadedWorker = {
    ...worker(1, undefined),
    commit: async (_reload, _limit_ms, onDone = () => {}) => {
      say = onDone;
      return false;
    },
  };
  expect(await commitAll([late], 7, 2)).toEqual([late]);
  say();
  expect(late.version).toBe(2);
});

describe("a worker", () => {
  /** What it did, in order. */
  function reloads(prepare: () => Promise<void> = async () => {}, started = Promise.resolve()) {
    const did: string[] = [];
    const proxy = {
      async prepareReload(options: object) {
        const name = JSON.stringify(options);
        did.push(`prepares ${name}`);
        await prepare();
        return { commit: () => did.push(`goes on with ${name}`), abandon: () => did.push(`forgets ${name}`) };
      },
    };
    const channel = {
      tell: (said: ToSupervisor) => did.push(`${said.type}${"refusal" in said && said.refusal ? " not" : ""}`),
      expect: () => {},
      forget: () => {},
    };
    return { did, reloads: new WorkerReloads(proxy, channel, started) };
  }
  const asked = (reload: number): PrepareMessage => ({ ...message, reload, options: { reload } });
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it("goes on with what it has ready, before the next word on its channel is heard", async () => {
    const { did, reloads: its } = reloads();
    its.prepare(asked(1));
    await turn();
    its.commit(1);
    expect(did).toEqual(['prepares {"reload":1}', "reload-prepared", 'goes on with {"reload":1}', "reload-committed"]);
  });

  it("forgets what was called off, though it was not ready by then, before it prepares another", async () => {
    let ready: () => void = () => {};
    const { did, reloads: its } = reloads(
      () =>
        new Promise((resolve) => {
          ready = resolve;
        }),
    );
    its.prepare(asked(1));
    await turn();
    its.abandon(1);
    its.prepare(asked(2));
    await turn();
    expect(did).toEqual(['prepares {"reload":1}']);
    ready();
    await turn();
    expect(did.slice(1)).toEqual(["reload-prepared", 'forgets {"reload":1}', 'prepares {"reload":2}']);
  });

  it("does nothing at a word about another reload", async () => {
    const { did, reloads: its } = reloads();
    its.prepare(asked(2));
    await turn();
    its.commit(1);
    its.abandon(1);
    expect(did).toEqual(['prepares {"reload":2}', "reload-prepared"]);
  });

  it("that is still starting prepares nothing before it has started", async () => {
    let start: () => void = () => {};
    const { did, reloads: its } = reloads(undefined, new Promise((resolve) => (start = resolve)));
    its.prepare(asked(1));
    await turn();
    expect(did).toEqual([]);
    start();
    await turn();
    expect(did).toEqual(['prepares {"reload":1}', "reload-prepared"]);
  });

  it("says why it cannot, and does not go on then", async () => {
    const { did, reloads: its } = reloads(async () => {
      throw new HopwiseError("address-in-use", "taken", "listen");
    });
    its.prepare(asked(1));
    await turn();
    its.commit(1);
    expect(did).toEqual(['prepares {"reload":1}', "reload-prepared not"]);
  });
});
