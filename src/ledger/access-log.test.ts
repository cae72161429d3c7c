import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AccessLog } from "./access-log.ts";
import type { ExchangeEntry } from "./entries.ts";
import { lineOf } from "./log-format.ts";

const entry: ExchangeEntry = {
  type: "exchange",
  id: 7,
  time: "2026-01-02T03:04:05.678Z",
  client: "192.0.2.1",
  method: "GET",
  target: "/",
  version: "1.1",
  status: 200,
  outcome: "completed",
  duration_ms: 1.5,
  wait_ms: 1.25,
  requestBytes: 0,
  responseBytes: 3,
  retries: 0,
  downstream: { id: 1, exchange: 2 },
  upstream: { id: 3, exchange: 4, endpoint: "http://127.0.0.1:3000", reused: true, opened: "pool-empty" },
};

/** Nothing of it is expected. */
const unwanted = {
  onState(state: string) {
    throw new Error(state);
  },
  onDropped(lines: number) {
    throw new Error(`${lines} lines lost`);
  },
};

describe("a line", () => {
  it("is the entry as JSON", () => {
    expect(JSON.parse(lineOf(entry))).toEqual(entry);
  });

  it.each([
    "\n",
    "\r\n",
    '"}\n{"',
    "\u001b[31m",
    "\u009b31m",
    "\u007f",
    "\u2028",
    "\u2029",
    "\u202e",
    "\0",
  ])("cannot be broken or made to speak to a terminal by %j", (text) => {
    const line = lineOf({ ...entry, target: `/${text}` });
    expect(line.slice(0, -1)).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
    expect(line.endsWith("\n")).toBe(true);
    expect(JSON.parse(line).target).toBe(`/${text}`);
  });

  it("is no longer than it need be", () => {
    const line = lineOf({ ...entry, target: `/${"x".repeat(60_000)}`, host: "y".repeat(60_000) });
    expect(line.length).toBeLessThan(5_000);
    expect(JSON.parse(line).target).toMatch(/x…$/);
    expect(JSON.parse(line).host).toMatch(/y…$/);
  });
});

describe("a log file", () => {
  const directories: string[] = [];
  const directory = () => {
    const path = mkdtempSync(join(tmpdir(), "hopwise-log-"));
    directories.push(path);
    return path;
  };
  afterEach(() => {
    for (const path of directories.splice(0)) rmSync(path, { recursive: true });
  });
  const targets = (file: string) =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line).target);

  it("has every line, in order, once it is closed", async () => {
    const file = join(directory(), "access.log");
    const log = await AccessLog.open({ file, ...unwanted });
    for (let i = 0; i < 1_000; i++) log.write(lineOf({ ...entry, target: `/${i}` }));
    await log.close();
    expect(targets(file)).toEqual(Array.from({ length: 1_000 }, (_, i) => `/${i}`));
  });

  it("is created for its owner and group alone", async () => {
    const file = join(directory(), "access.log");
    const log = await AccessLog.open({ file, ...unwanted });
    await log.close();
    expect(statSync(file).mode & 0o777).toBe(0o640 & ~process.umask());
  });

  it("is appended to, not overwritten", async () => {
    const file = join(directory(), "access.log");
    for (const target of ["/first", "/second"]) {
      const log = await AccessLog.open({ file, ...unwanted });
      log.write(lineOf({ ...entry, target }));
      await log.close();
    }
    expect(targets(file)).toEqual(["/first", "/second"]);
  });

  it("is begun anew after it was rotated away, and no line is lost", async () => {
    const file = join(directory(), "access.log");
    const log = await AccessLog.open({ file, ...unwanted });
    log.write(lineOf({ ...entry, target: "/before" }));
    await vi.waitFor(() => expect(targets(file)).toEqual(["/before"]));
    renameSync(file, `${file}.1`);
    log.reopen();
    log.write(lineOf({ ...entry, target: "/after" }));
    await log.close();
    expect(targets(`${file}.1`)).toEqual(["/before"]);
    expect(targets(file)).toEqual(["/after"]);
    expect(statSync(file).mode & 0o777).toBe(0o640 & ~process.umask());
  });

  it("that cannot be opened anew goes on where it was, and that is told", async () => {
    const path = directory();
    const file = join(path, "access.log");
    const states: unknown[] = [];
    const log = await AccessLog.open({ ...unwanted, file, onState: (...state) => states.push(state) });
    renameSync(file, `${file}.1`);
    mkdirSync(file);
    log.reopen();
    log.write(lineOf({ ...entry, target: "/after" }));
    await log.close();
    expect(states).toEqual([["not-reopened", "EISDIR"]]);
    expect(targets(`${file}.1`)).toEqual(["/after"]);
  });

  it("ignores what comes after it was closed", async () => {
    const file = join(directory(), "access.log");
    const log = await AccessLog.open({ file, ...unwanted });
    log.write(lineOf({ ...entry, target: "/in-time" }));
    await log.close();
    log.write(lineOf({ ...entry, target: "/late" }));
    expect(targets(file)).toEqual(["/in-time"]);
  });

  it("that cannot be opened is an error at once", async () => {
    const file = join(directory(), "absent", "access.log");
    await expect(AccessLog.open({ file, ...unwanted })).rejects.toThrow("ENOENT");
  });
});
