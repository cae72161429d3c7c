/** `hopwise proxy --workers`: several processes that look like one from outside. */
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ProxyStats, WorkerStats } from "../../src/index.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { hopwise, origin, proxy, type Running, run } from "./running.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
/** For a process to be gone, or to be there. */
const SOON = { timeout: 30_000, interval: 20 };

const opened: RawClient[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

async function clients(url: string, count: number): Promise<RawClient[]> {
  const some = await Promise.all(Array.from({ length: count }, () => RawClient.open(Number(new URL(url).port))));
  opened.push(...some);
  return some;
}

/** Two workers in front of an origin that answers at once, or when it is told to. */
async function workers(...args: readonly string[]) {
  const told = new EventEmitter();
  let asked = 0;
  const { url: to } = await origin((request, response) => {
    asked++;
    if (request.url === "/wait") told.once("answer", () => response.end("at last"));
    else response.end("hello");
  });
  const started = await proxy("--to", to, "--workers", "2", ...args);
  const stats = async (): Promise<ProxyStats & { readonly workers: WorkerStats }> =>
    JSON.parse(await (await fetch(`${started.admin}/stats`)).text());
  const { processes } = (await stats()).workers;
  return {
    ...started,
    stats,
    pids: processes.map(({ pid }) => pid),
    asked: (count: number) => vi.waitFor(() => expect(asked).toBe(count), SOON),
    answer: () => told.emit("answer"),
  };
}

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const gone = (pids: readonly number[]) => vi.waitFor(() => expect(pids.filter(isThere)).toEqual([]), SOON);
const lastDrain = (running: Running) => JSON.parse(running.outLines.at(-1) ?? "");

describe("two workers", () => {
  it("share the connections evenly, and are told as one", async () => {
    const directory = mkdtempSync(join(tmpdir(), "hopwise-"));
    const file = join(directory, "access.log");
    const lines = (name = file) =>
      readFileSync(name, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    try {
      const { running, url, admin, stats, pids } = await workers("--access-log", file);
      expect(new Set(pids).size).toBe(2);
      const some = await clients(url, 40);
      for (let i = 0; i < 5; i++) {
        expect((await Promise.all(some.map((client) => client.exchange(GET)))).map(({ status }) => status)).toEqual(
          some.map(() => 200),
        );
      }
      const { exchanges, connections, workers: told, endpoints } = await stats();
      expect(exchanges).toMatchObject({
        total: 200,
        inProgress: 0,
        statuses: { "2xx": 200 },
        duration: { count: 200 },
      });
      expect([connections.downstream.open, connections.downstream.opened.accepted]).toEqual([40, 40]);
      expect(endpoints).toHaveLength(1);
      expect(told).toMatchObject({ running: 2, lost: 0, restarted: 0, lostBy: {} });
      // In turn where connections are handed over; where the system divides them by address, within four deviations.
      const [least = 0, most = 0] = told.processes.map((one) => one.connections).sort((a, b) => a - b);
      expect([least + most, most - least <= 26]).toEqual([40, true]);
      expect(await (await fetch(`${admin}/metrics`)).text()).toContain('\nhopwise_responses_total{class="2xx"} 200\n');

      await vi.waitFor(() => expect(lines()).toHaveLength(200), SOON);
      renameSync(file, `${file}.1`);
      running.child.kill("SIGHUP");
      await vi.waitFor(() => expect(lines()).toEqual([]), SOON);
      await Promise.all(some.map((client) => client.exchange(GET)));
      running.child.kill("SIGTERM");
      await once(running.child, "exit");
      const all = [...lines(`${file}.1`), ...lines()];
      expect(all).toHaveLength(240);
      // Numbers tell the worker, and no connection has another's.
      const ids = all.flatMap(({ downstream, upstream }) => [`down ${downstream.id}`, `up ${upstream.id}`]);
      expect(new Set(ids.filter((id) => id.startsWith("down"))).size).toBe(40);
      expect(new Set(ids.map((id) => id.replace(/^\w+ (\d+)\d{12}$/, "$1")))).toEqual(new Set(["1", "2"]));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("write whole lines to one standard output", async () => {
    const { running, url } = await workers("--access-log", "-");
    const some = await clients(url, 16);
    const long = GET.replace("/a", `/${"a".repeat(3_000)}`);
    for (let i = 0; i < 10; i++) await Promise.all(some.map((client) => client.exchange(long)));
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    const types = running.outLines.map((line) => JSON.parse(line).type as string);
    expect(types.filter((type) => type === "exchange")).toHaveLength(160);
  });
});

it("a forward proxy is shared among workers, too", async () => {
  const { url: to } = await origin((_request, response) => response.end("hello"));
  const running = hopwise("forward", "--json", "--listen", "0", "--admin", "0", "--allow-private", "--workers", "2");
  const { url, admin } = await running.json<{ type: "listening"; url: string; admin: string }>("listening");
  for (const client of await clients(url, 20)) {
    expect((await client.exchange(GET.replace("/a", `${to}/a`))).body.toString()).toBe("hello");
    // Where a request comes round to the proxy itself, whichever worker it meets knows it.
    expect((await client.exchange(GET.replace("/a", `${url}/a`))).status).toBeGreaterThanOrEqual(400);
  }
  const { workers: told } = JSON.parse(await (await fetch(`${admin}/stats`)).text()) as ProxyStats;
  expect(told?.processes.map(({ exchanges }) => exchanges > 0)).toEqual([true, true]);
  running.child.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});

describe("a worker that is killed", () => {
  it("takes its own exchanges with it and no others, is reported, and replaced", async () => {
    const { running, url, stats, pids } = await workers();
    let isOver = false;
    let served = 0;
    const losers = new Set<number>();
    /** Strict clients under way all the time; each comes back when its connection is lost. */
    const busy = async (number: number) => {
      let [client] = await clients(url, 1);
      while (!isOver && client !== undefined) {
        try {
          expect((await client.exchange(GET)).status).toBe(200);
          served++;
        } catch {
          losers.add(number);
          [client] = await clients(url, 1);
        }
      }
    };
    const all = Array.from({ length: 8 }, (_, number) => busy(number));
    await vi.waitFor(() => expect(served).toBeGreaterThan(100), SOON);
    const { processes } = (await stats()).workers;
    const victim = processes.find(({ pid }) => pid === pids[0]);
    process.kill(pids[0] ?? 0, "SIGKILL");
    const loss = await running.json<{ type: "worker"; worker: number; how: string; state: string }>("worker");
    expect(loss).toMatchObject({ state: "lost", worker: victim?.worker, how: "SIGKILL" });
    await vi.waitFor(async () => expect((await stats()).workers).toMatchObject({ running: 2, restarted: 1 }), SOON);
    const servedBefore = served;
    await vi.waitFor(() => expect(served).toBeGreaterThan(servedBefore + 100), SOON);
    isOver = true;
    await Promise.all(all);
    // Those whose connection it had (and who may meet it once more, before its end is known); the other worker's went on.
    expect(losers.size).toBeLessThanOrEqual(victim?.connections ?? 0);
    expect((await stats()).workers).toMatchObject({ lost: 1, lostBy: { SIGKILL: 1 } });
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});

describe("a worker that hangs", () => {
  type Told = { type: "worker"; worker: number; state: string; pid: number; how?: string };
  const told = (running: Running, state: string) =>
    vi.waitFor(() => {
      const lines = running.outLines.map((line) => JSON.parse(line) as Told);
      const found = lines.find((line) => line.type === "worker" && line.state === state);
      if (found === undefined) throw new Error(`no worker is ${state} yet`);
      return found;
    }, SOON);

  it("is reported, and works on if it can; otherwise it is replaced", async () => {
    const { running, url, stats, pids } = await workers();
    const [first = 0, second = 0] = pids;
    process.kill(first, "SIGSTOP");
    expect(await told(running, "silent")).toMatchObject({ pid: first });
    const responses = (await clients(url, 10)).map((client) => client.exchange(GET));
    await Promise.any(responses);
    process.kill(first, "SIGCONT");
    expect(await told(running, "running")).toMatchObject({ pid: first });
    // Those it was given while it hung.
    expect((await Promise.all(responses)).every(({ status }) => status === 200)).toBe(true);

    process.kill(second, "SIGSTOP");
    expect(await told(running, "lost")).toMatchObject({ pid: second, how: "hung" });
    await vi.waitFor(async () => expect((await stats()).workers).toMatchObject({ running: 2, restarted: 1 }), SOON);
    expect((await stats()).workers).toMatchObject({ lost: 1, lostBy: { hung: 1 } });
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});

describe("a drain", () => {
  it("is one for all: no request fails, though every process gets the signal, and the exit code is 0", async () => {
    const { running, url, admin, asked, answer, pids } = await workers();
    const slow = await clients(url, 8);
    const responses = slow.map((client) => client.exchange(GET.replace("/a", "/wait")));
    await asked(8);
    const busy = (await clients(url, 8)).map(async (client) => {
      for (let count = 1; ; count++) {
        const { status, fields } = await client.exchange(GET);
        expect(status).toBe(200);
        if (fields.connection === "close") return count;
      }
    });
    // As a terminal's Ctrl-C reaches the whole group, and a service manager's SIGTERM every process of the service.
    for (const pid of [running.child.pid ?? 0, ...pids]) process.kill(pid, "SIGINT");
    for (const pid of pids) process.kill(pid, "SIGTERM");
    expect(await running.json("drain")).toMatchObject({ state: "began" });
    expect((await fetch(`${admin}/readyz`)).status).toBe(503);
    for (const count of await Promise.all(busy)) expect(count).toBeGreaterThan(1);
    answer();
    for (const response of await Promise.all(responses)) {
      expect([response.status, response.fields.connection]).toEqual([200, "close"]);
    }
    expect(await running.ended).toBe(0);
    expect(lastDrain(running)).toMatchObject({ type: "drain", state: "ended", cut: 0 });
    expect(running.errLines).toEqual([]);
    await gone(pids);
  });

  it("cuts at the deadline and counts over all workers: 1", async () => {
    const { running, url, asked } = await workers("--drain-timeout", "50ms");
    const some = await clients(url, 6);
    for (const client of some) client.send(GET.replace("/a", "/wait"));
    await asked(6);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(1);
    expect(lastDrain(running)).toMatchObject({ state: "ended", cut: 6 });
  });

  it("ends now at a second signal, workers and all: 1", async () => {
    const { running, url, asked, pids } = await workers();
    const [client] = await clients(url, 1);
    client?.send(GET.replace("/a", "/wait"));
    await asked(1);
    running.child.kill("SIGTERM");
    await running.json("drain");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(1);
    await gone(pids);
  });

  it("is begun by workers themselves when the supervisor is gone: they finish, and go", async () => {
    const { running, url, asked, answer, pids } = await workers();
    const some = await clients(url, 4);
    const responses = some.map((client) => client.exchange(GET.replace("/a", "/wait")));
    await asked(4);
    running.child.kill("SIGKILL");
    await once(running.child, "exit");
    expect(pids.every(isThere)).toBe(true);
    answer();
    expect((await Promise.all(responses)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await gone(pids);
  });
});

describe("what cannot be", () => {
  it.each(["0", "-1", "two", "1.5", "2000"])("--workers %s", async (count) => {
    const { code, err } = await run("proxy", "--to", "http://127.0.0.1:1", "--workers", count);
    const problem = `"${count}" is not a number of processes`;
    const advice = "write a number from 1 to 1024, or auto: one per core";
    expect([code, err]).toEqual([2, `hopwise: --workers: ${problem}: ${advice}`]);
  });

  it("a port that is taken, as with one process; nothing is left running", async () => {
    const { host, url } = await origin((_request, response) => response.end());
    const { code, err } = await run(
      "proxy",
      "--to",
      url.replace("127.0.0.1", "localhost"),
      "--listen",
      host,
      "--workers",
      "2",
    );
    expect([code, err]).toEqual([2, expect.stringContaining(`--listen: ${host} is taken, by another process`)]);
  });

  it("an access log that cannot be written: what a worker finds out is said once", async () => {
    const args = ["proxy", "--to", "http://127.0.0.1:1", "--listen", "0", "--workers", "2", "--no-admin"];
    const running = hopwise(...args, "--access-log", "/nowhere/access.log");
    expect(await running.ended).toBe(2);
    expect(running.errLines).toEqual([
      expect.stringMatching(/^hopwise: --access-log: .* cannot be opened for writing/),
    ]);
  });
});
