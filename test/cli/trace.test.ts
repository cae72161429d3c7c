/** `--trace` with real traffic: what happened is in the file, which can be read whatever becomes of the process. */
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { answered } from "../interop/support/answered.ts";
import { faultsOf, readTrace, slicesOf } from "../kit/read-trace.ts";
import { origin, proxy, Running, run } from "./running.ts";

/** Not how long it takes, but from when on it never comes. */
const SOON = { timeout: 20_000 };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "hopwise-trace-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** One after the other on one connection. */
async function requests(url: string, ...paths: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const path of paths) {
    const response = await answered(get(`${url}${path}`, { agent }));
    await once(response.resume(), "end");
  }
  agent.destroy();
}

/** An origin that closes under each request but the first of a connection. */
const flaky = () => {
  const seen = new WeakSet<object>();
  return origin((request, response) => {
    const isFirst = !seen.has(request.socket);
    seen.add(request.socket);
    if (isFirst) response.end("hello");
    else request.socket.destroy();
  });
};

describe("one process", () => {
  it("traces lanes, retries, arrows and closes, and ends the file when it drains", async () => {
    const file = join(folder(), "trace.json");
    const { url, running } = await proxy("--to", (await flaky()).url, "--trace", file, "--drain-delay", "0");
    await requests(url, "/one", "/two?secret");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    const text = readFileSync(file, "utf8");
    const events = JSON.parse(text);
    expect(faultsOf(readTrace(text))).toEqual([]);
    expect(text).not.toContain("secret");
    const exchanges = slicesOf(events, "exchange").map(({ name, pid }) => `${pid} ${name}`);
    expect(exchanges.toSorted()).toEqual([
      ...["1 GET /one", "1 GET /two?…", "2 GET /one", "2 GET /two?…", "2 GET /two?… (lost)"],
    ]);
    const names = readTrace(text).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "opened: accepted",
        "opened: pool-empty",
        "opened: retry",
        "closed: peer-closed",
        "idle",
      ]),
    );
    expect(names.filter((name) => name === "goes on").length).toBe(2 * 3);
  });

  it("leaves a file that can be read where it is killed", async () => {
    const file = join(folder(), "trace.json");
    const { url, running } = await proxy("--to", (await flaky()).url, "--trace", file);
    await requests(url, "/one");
    await vi.waitFor(() => expect(readFileSync(file, "utf8")).toContain("GET /one"), SOON);
    running.child.kill("SIGKILL");
    await running.ended;
    const text = readFileSync(file, "utf8");
    expect(text.endsWith("]\n")).toBe(false);
    expect(faultsOf(readTrace(text))).toEqual([]);
  });
});

it("workers write a file each, with processes of their own", async () => {
  const path = folder();
  const { url, running } = await proxy(
    ...["--to", (await origin((_, response) => response.end("hello"))).url, "--trace", join(path, "trace.json")],
    ...["--workers", "2", "--drain-delay", "0"],
  );
  await Promise.all(Array.from({ length: 20 }, (_, id) => requests(url, `/${id}`)));
  running.child.kill("SIGTERM");
  expect(await running.ended).toBe(0);
  expect(readdirSync(path).toSorted()).toEqual(["trace.1.json", "trace.2.json"]);
  const [one = [], two = []] = ["1", "2"].map((worker) =>
    readTrace(readFileSync(join(path, `trace.${worker}.json`), "utf8")),
  );
  expect([...faultsOf(one), ...faultsOf(two)]).toEqual([]);
  const both = [...one, ...two];
  expect(faultsOf(both)).toEqual([]);
  const clients = both.filter(({ name }) => name === "process_name").map(({ args }) => args?.name);
  expect(clients).toEqual(["worker 1: clients", "worker 1: origins", "worker 2: clients", "worker 2: origins"]);
  expect(slicesOf(both, "exchange").length).toBe(40);
});

// As on a full disk, a write takes a part, and then nothing. Ignored, the signal for it becomes an error.
it("a disk that is full tears neither the trace nor the next run's log", async () => {
  const [trace, log] = [join(folder(), "trace.json"), join(folder(), "access.log")];
  const { url: to } = await origin((_request, response) => response.end("hello"));
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const flags = ["proxy", "--to", to, "--listen", "0", "--no-admin", "--drain-delay", "0", "--json"];
  const files = ["--trace", trace, "--access-log", log, "--log-format", "json"];
  const limited = 'trap "" XFSZ; ulimit -f 8; exec "$@"';
  const command = [process.execPath, main, ...flags, ...files];
  const full = new Running(["bash", "-c", limited, "bash", ...command], process.env);
  const { url } = await full.json<{ type: string; url: string }>("listening");
  await requests(url, ...Array.from({ length: 200 }, (_, index) => `/${index}`));
  full.child.kill("SIGTERM");
  await full.ended;
  const text = readFileSync(trace, "utf8");
  expect(text.endsWith(",\n"), text.slice(-80)).toBe(true);
  expect(faultsOf(readTrace(text))).toEqual([]);
  const torn = readFileSync(log, "utf8").split("\n").length;
  const next = new Running(command, process.env);
  await requests((await next.json<{ type: string; url: string }>("listening")).url, "/next");
  next.child.kill("SIGTERM");
  expect(await next.ended).toBe(0);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(torn);
  expect(lines.map((line) => JSON.parse(line).target)).toEqual(["/next"]);
});

it("a file that cannot be written is said at once", async () => {
  const { code, err } = await run("proxy", "--to", "http://127.0.0.1:1", "--listen", "0", "--trace", "/nonexistent/t");
  expect({ code, err }).toEqual({
    code: 2,
    err: "hopwise: --trace: /nonexistent/t cannot be opened for writing (its directory does not exist): write the path of a file that this user may write",
  });
});
