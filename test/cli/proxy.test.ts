/** `hopwise proxy` from its first line to its exit code. */
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { answered } from "../interop/support/answered.ts";
import { freePort } from "../interop/support/listening.ts";
import { hopwise, origin, proxy } from "./running.ts";

const hello = () => origin((_request, response) => response.end("hello"));

/** An origin that answers when it is told to. */
async function patient() {
  const events = new EventEmitter();
  const { url } = await origin((_request, response) => {
    events.once("answer", () => response.end("at last"));
    events.emit("asked");
  });
  return { url, isAsked: () => once(events, "asked"), answer: () => events.emit("answer") };
}

/** One request on its own connection. */
async function get(url: string): Promise<{ status: number; connection: string | undefined; text: string }> {
  const response = await answered(httpGet(url, { agent: false }));
  let text = "";
  for await (const piece of response) text += piece;
  return { status: response.statusCode ?? 0, connection: response.headers.connection, text };
}

describe("the start", () => {
  it("tells people what listens where, and to which origins, on the standard error", async () => {
    const { url } = await hello();
    const running = hopwise("proxy", "--to", url, "--listen", "0", "--admin", "0");
    const line = await running.err(/ -> /);
    const listens = /^hopwise \S+: (http:\/\/127\.0\.0\.1:\d+) -> (.*)$/.exec(line);
    expect(listens?.[2]).toBe(url);
    const admin = /^admin on (http:\S+): /.exec(await running.err(/^admin/))?.[1];
    expect(await get(`${listens?.[1]}/`)).toMatchObject({ status: 200, text: "hello" });
    expect(await get(`${admin}/healthz`)).toMatchObject({ status: 200 });
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.outLines).toEqual([]);
    expect(running.errLines.join("\n")).not.toContain("\u001b");
  });

  it("tells programs the same as JSON on the standard output, and nothing else", async () => {
    const [one, two] = [await hello(), await hello()];
    const { running, url, admin, to } = await proxy("--to", one.url, "--to", two.url);
    expect(to).toEqual([one.url, two.url]);
    expect(await get(url)).toMatchObject({ status: 200 });
    expect(await get(`${admin}/readyz`)).toMatchObject({ status: 200 });
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(0);
    expect(running.errLines).toEqual([]);
    expect(running.outLines.map((line) => JSON.parse(line).type)).toEqual(["listening", "drain", "drain"]);
  });

  it("can be without an admin server", async () => {
    const { running, admin } = await proxy("--to", (await hello()).url, "--no-admin");
    expect(admin).toBeNull();
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  it("can be without a word", async () => {
    const port = String(await freePort());
    const running = hopwise("proxy", "--quiet", "--to", (await hello()).url, "--listen", port, "--no-admin");
    await vi.waitFor(() => get(`http://127.0.0.1:${port}`), { timeout: 10_000 });
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect([running.outLines, running.errLines]).toEqual([[], []]);
  });

  it("warns of more connections than the system allows", async () => {
    const running = hopwise(
      "proxy",
      "--to",
      (await hello()).url,
      "--listen",
      "0",
      "--no-admin",
      "--max-connections",
      "9999999",
    );
    expect(await running.err(/^warning: 9999999 client connections may need 20000062 file descriptors/)).toMatch(
      /ulimit -n/,
    );
    await running.err(/ -> /);
  });
});

describe("an origin that is absent", () => {
  it("is told once, however often it fails, and again when it is back", async () => {
    const port = await freePort();
    const to = `http://127.0.0.1:${port}`;
    const running = hopwise("proxy", "--to", to, "--listen", "0", "--no-admin");
    const url = / (http:\S+) -> /.exec(await running.err(/ -> /))?.[1] ?? "";
    for (let i = 0; i < 3; i++) expect(await get(url)).toMatchObject({ status: 502 });
    await origin((_request, response) => response.end(), Number(port));
    expect(await get(url)).toMatchObject({ status: 200 });
    await running.err(/ again$/);
    expect(running.errLines.slice(1)).toEqual([
      `no connection to ${to}: ECONNREFUSED, nothing listens there`,
      `connected to ${to} again`,
    ]);
  });
});

describe("SIGTERM", () => {
  it("drains: not ready any more, what is in flight finishes with close, nothing was cut: 0", async () => {
    const { url: to, isAsked, answer } = await patient();
    const { running, url, admin } = await proxy("--to", to);
    const response = get(url);
    await isAsked();
    running.child.kill("SIGTERM");
    expect(await running.json("drain")).toMatchObject({ state: "began", inProgress: 1 });
    expect(await get(`${admin}/readyz`)).toMatchObject({ status: 503 });
    expect(await get(`${admin}/healthz`)).toMatchObject({ status: 200 });
    answer();
    expect(await response).toEqual({ status: 200, connection: "close", text: "at last" });
    expect(await running.ended).toBe(0);
    expect(JSON.parse(running.outLines.at(-1) ?? "")).toMatchObject({ type: "drain", state: "ended", cut: 0 });
  });

  it("shows people what is still in flight", async () => {
    const { url: to, isAsked, answer } = await patient();
    const running = hopwise("proxy", "--to", to, "--listen", "0", "--no-admin");
    const url = / (http:\S+) -> /.exec(await running.err(/ -> /))?.[1] ?? "";
    const response = get(url);
    await isAsked();
    running.child.kill("SIGINT");
    expect(await running.err(/^draining/)).toBe("draining: 1 exchange; once more Ctrl-C or SIGTERM ends now");
    answer();
    await response;
    expect(await running.ended).toBe(0);
    expect(running.errLines.at(-1)).toMatch(/^drained in .*: nothing was cut \(1 exchange in all\)$/);
  });

  it("cuts at the deadline, and says so: 1", async () => {
    const { url: to, isAsked } = await patient();
    const { running, url } = await proxy("--to", to, "--drain-timeout", "50ms");
    const response = get(url);
    await isAsked();
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(1);
    expect(await response).toMatchObject({ status: 503, connection: "close" });
    expect(JSON.parse(running.outLines.at(-1) ?? "")).toMatchObject({ type: "drain", state: "ended", cut: 1 });
  });

  it("twice ends now: 1", async () => {
    const { url: to, isAsked } = await patient();
    const { running, url } = await proxy("--to", to);
    get(url).catch(() => {});
    await isAsked();
    running.child.kill("SIGTERM");
    await running.json("drain");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(1);
  });
});

describe("the access log", () => {
  const directories: string[] = [];
  afterEach(() => {
    for (const path of directories.splice(0)) rmSync(path, { recursive: true });
  });
  const newFile = () => {
    const directory = mkdtempSync(join(tmpdir(), "hopwise-"));
    directories.push(directory);
    return join(directory, "access.log");
  };
  const linesOf = (file: string) =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));

  it("has one line per exchange, with both connections' ids, exchange numbers and reasons", async () => {
    const file = newFile();
    const { url: to } = await hello();
    const { running, url } = await proxy("--to", to, "--access-log", file);
    await get(`${url}/one?q=1`);
    await get(`${url}/two`);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    const endpoint = to;
    expect(linesOf(file)).toMatchObject([
      {
        type: "exchange",
        client: "127.0.0.1",
        method: "GET",
        target: "/one?q=1",
        status: 200,
        outcome: "completed",
        responseBytes: 5,
        retries: 0,
        downstream: { id: 1, exchange: 1, closes: "close-received" },
        upstream: { id: 2, exchange: 1, reused: false, opened: "pool-empty", endpoint },
      },
      { target: "/two", downstream: { id: 3, exchange: 1 }, upstream: { id: 2, exchange: 2, reused: true } },
    ]);
  });

  it("goes to the standard output with -", async () => {
    const { running, url } = await proxy("--to", (await hello()).url, "--access-log", "-");
    await get(`${url}/shown`);
    expect(await running.json("exchange")).toMatchObject({ target: "/shown", status: 200 });
  });

  it("is opened anew on SIGHUP", async () => {
    const file = newFile();
    const { running, url } = await proxy("--to", (await hello()).url, "--access-log", file);
    await get(`${url}/before`);
    await vi.waitFor(() => expect(linesOf(file)).toHaveLength(1));
    renameSync(file, `${file}.1`);
    running.child.kill("SIGHUP");
    await vi.waitFor(() => expect(linesOf(file)).toEqual([]));
    await get(`${url}/after`);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(linesOf(`${file}.1`)).toMatchObject([{ target: "/before" }]);
    expect(linesOf(file)).toMatchObject([{ target: "/after" }]);
  });
});

describe("the proxy goes on", () => {
  it("when nobody reads its standard output any more", async () => {
    const { running, url } = await proxy("--to", (await hello()).url, "--access-log", "-");
    running.child.stdout?.destroy();
    for (let i = 0; i < 5; i++) expect(await get(url)).toMatchObject({ status: 200 });
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});
