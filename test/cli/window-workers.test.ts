/** The window of several processes: what is asked is asked of all of them, and what happens in any of them is told. */
import { once } from "node:events";
import { Agent, get } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { answered } from "../interop/support/answered.ts";
import { origin, proxy, run } from "./running.ts";

interface Row {
  readonly id: number;
  readonly worker: number;
  readonly target: string;
  readonly time: string;
  readonly downstream: { readonly id: number };
}

interface Answer {
  readonly exchanges: readonly Row[];
  readonly connections: readonly Row[];
  readonly origins: readonly { readonly endpoint: string; readonly failures: number }[];
  readonly more: boolean;
}

/** A condition comes true when it does, however busy the machine is. */
const PATIENT = { timeout: 30_000 };
const ID = 1_000_000_000_000;

it("is one over all workers, says which one each row is of, and that one is gone", { timeout: 180_000 }, async () => {
  const { url: to } = await origin((request, response) => {
    if (request.url === "/broken") request.socket.destroy();
    else response.end("ok");
  });
  const { url, admin, running } = await proxy("--to", to, "--workers", "2");
  const api = async (path: string) => (await (await fetch(`${admin}/api/${path}`)).json()) as Answer;
  const stream = await watched(`${admin}/api/events`);
  // Connections that stay, one after the other, so that each worker has two.
  for (let i = 0; i < 4; i++) {
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const response = await answered(get(`${url}/${i}`, { agent }));
    response.resume();
    await once(response, "end");
  }

  await expect.poll(async () => (await api("exchanges")).exchanges.length, PATIENT).toBe(4);
  const { exchanges, more } = await api("exchanges");
  expect(exchanges.map(({ target }) => target)).toEqual(["/3", "/2", "/1", "/0"]);
  expect(new Set(exchanges.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
  for (const { id, worker } of exchanges) expect(Math.floor(id / ID)).toBe(worker);
  expect(more).toBe(false);
  const limited = await api("exchanges?limit=3");
  expect([limited.exchanges.map(({ target }) => target), limited.more]).toEqual([["/3", "/2", "/1"], true]);

  const [latest] = exchanges;
  const on = latest?.downstream.id ?? 0;
  expect((await api(`exchanges?connection=${on}`)).exchanges.map(({ target }) => target)).toEqual(["/3"]);
  expect((await api(`connections?id=${on}`)).connections.map(({ id, worker }) => [id, worker])).toEqual([
    [on, latest?.worker],
  ]);
  const downstream = (await api("connections?hop=downstream")).connections;
  expect(downstream.map(({ worker }) => worker).toSorted()).toEqual([1, 1, 2, 2]);
  expect((await api("connections?hop=downstream&worker=1")).connections.length).toBe(2);
  expect((await api("origins")).origins).toMatchObject([{ endpoint: to, failures: 0 }]);
  expect((await fetch(`${admin}/api/exchanges?limit=0`)).status).toBe(400);

  // Everything was told, by whichever worker.
  await expect
    .poll(
      () =>
        stream
          .events("exchange")
          .map(({ target }) => target)
          .toSorted(),
      PATIENT,
    )
    .toEqual([..."0123"].map((name) => `/${name}`));
  expect(new Set(stream.events("exchange").map(({ worker }) => worker))).toEqual(new Set([1, 2]));

  // A failure is found with one command, whichever worker had it.
  await fetch(`${url}/broken`, { method: "POST", body: "x" });
  const { out } = await run("top", admin ?? "");
  expect(out).toMatch(/502 +[0-9.]+ ms {2}POST [^\n]+\/broken\n +upstream-closed: The origin closed the connection/);

  // One that comes back gets what it has not seen.
  const seen = stream.lastId;
  stream.leave();
  const { processes } = ((await (await fetch(`${admin}/stats`)).json()) as Stats).workers;
  const victim = processes[0];
  process.kill(victim?.pid ?? 0, "SIGKILL");
  await running.out(/^\{"type":"worker","state":"running"/);
  const again = await watched(`${admin}/api/events?types=worker`, seen);
  await expect.poll(() => again.events("worker").length, PATIENT).toBe(2);
  expect(again.events("worker")).toMatchObject([
    { state: "lost", worker: victim?.worker, pid: victim?.pid, how: "SIGKILL" },
    { state: "running", worker: 3 },
  ]);
  // What it had is gone, and nobody waits for its answer.
  const left = (await api("connections")).connections.map(({ worker }) => worker);
  expect(left).not.toContain(victim?.worker);
  running.child.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});

interface Stats {
  readonly workers: { readonly processes: readonly { readonly worker: number; readonly pid: number }[] };
}

/** A stream of events, as it is read. */
async function watched(url: string, lastEventId?: string) {
  const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
  const sent = get(url, { headers, agent: false });
  const response = await answered(sent);
  let text = "";
  response.on("data", (data) => {
    text += data;
  });
  response.on("error", () => {});
  onTestFinished(() => void response.destroy());
  return {
    events: (type: string) =>
      text
        .split("\n\n")
        .filter((event) => event.includes(`event: ${type}\n`))
        .map((event) => JSON.parse(/data: (.*)/.exec(event)?.[1] ?? "{}")),
    get lastId() {
      return [...text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? "";
    },
    leave: () => void response.destroy(),
  };
}
