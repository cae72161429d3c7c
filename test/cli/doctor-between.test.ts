/** `hopwise doctor --between` and `--log`: what they print where, how they end, and what they say to those who mistype. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/doctor/index.ts";
import { hopwise, origin, run } from "./running.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopwise-between-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hello = () => origin((_request, response) => void response.end("hello\n"));

/** A line of a log: an exchange that went well. */
const LINE = JSON.stringify({
  ...{ type: "exchange", id: 1, time: "2026-11-30T03:00:00.000Z", client: "10.0.0.7", method: "GET", target: "/" },
  ...{ version: "1.1", status: 200, outcome: "completed", duration_ms: 10, retries: 0 },
  downstream: { id: 1, exchange: 1 },
  upstream: { id: 2, exchange: 1, endpoint: "http://127.0.0.1:3000", reused: false, opened: "pool-empty" },
});

describe("hopwise doctor --between", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("serves until %s, and prints the report", async (signal) => {
    const { url } = await hello();
    const doctor = hopwise("doctor", "--between", "--to", url, "--listen", "127.0.0.1:0", "--for", "5m");
    const said = await doctor.err(/ -> /);
    const front = /^(\S+) -> /.exec(said)?.[1] ?? "";
    expect(said).toBe(`${front} -> ${url}, for 5m`);
    const response = await fetch(`${front}/page?token=secret`, { headers: { connection: "close" } });
    expect(await response.text()).toBe("hello\n");
    doctor.child.kill(signal);
    expect(await doctor.ended).toBe(0);
    const out = doctor.outLines.join("\n");
    expect(out).toContain("It was stopped: what follows is what was known by then.");
    expect(out).toContain("none of 1 request met a close");
    expect(out).not.toMatch(/secret|\u001b/);
    expect(doctor.outLines.filter((line) => line.length > 80)).toStrictEqual([]);
  });

  it("ends by itself, and says so where nobody came", async () => {
    const { url } = await hello();
    const { code, out, err } = await run(
      "doctor",
      "--between",
      "--to",
      url,
      "--listen",
      "127.0.0.1:0",
      "--for",
      "100ms",
    );
    expect([code, out]).toStrictEqual([3, ""]);
    expect(err).toMatch(/hopwise: no request came to http:\/\/127\.0\.0\.1:\d+ within /);
  });
});

describe("hopwise doctor --log", () => {
  it("reads a file, and gives the report as JSON", async () => {
    const file = join(folder, "access.log");
    writeFileSync(file, `${LINE}\nhalf a li`);
    const { code, out, err } = await run("doctor", "--log", file, "--json", "--fail-on", "advice");
    expect([code, err]).toStrictEqual([1, ""]);
    const report = JSON.parse(out) as Report;
    expect(report).toMatchObject({ schema: "hopwise-doctor/1", mode: "between", cost: { requests: 1 } });
    expect(report.findings[0]).toMatchObject({ id: "HW850", verdict: "advice", values: { not_json: 1 } });
  });

  it("reads the standard input", async () => {
    const child = spawn(process.execPath, [main, "doctor", "--log", "-"], { stdio: ["pipe", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (bytes) => {
      out += bytes;
    });
    child.stdin.on("error", () => {}).end(`${LINE}\n`);
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(out).toMatch(/^the standard input {2}grade A\n/);
  });
});

describe("wrong usage is one line, and exit 2", () => {
  it.each([
    [["--between"], /--to is missing: write the origin/],
    [["--to", "http://127.0.0.1:3000"], /--to goes with --between/],
    [["--between", "--chain", "alb,node"], /write one of a URL, --chain, --through and --between/],
    [["--between", "--to", "127.0.0.1:3000"], /write http:\/\/127\.0\.0\.1:3000/],
    [["--between", "--to", "http://127.0.0.1:3000", "--for", "5"], /--for: "5" has no unit/],
    [["--log", "nowhere.log"], /nowhere\.log cannot be read \(does not exist\)/],
    [["--log", "a", "--chain", "alb,node"], /write one of a URL/],
  ])("%j", async (args, problem) => {
    const { code, out, err } = await run("doctor", ...args);
    expect([code, out]).toStrictEqual([2, ""]);
    expect(err).toMatch(problem);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });
});

it("--schema prints the JSON Schema of reports", async () => {
  const { code, out } = await run("doctor", "--schema");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ $id: "urn:hopwise-doctor:1", type: "object" });
});
