/** `hopwise doctor URL`: what it prints where, how it ends, and what it says to those who mistype. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/doctor/index.ts";
import { hopwise, origin, run } from "./running.ts";

/** Nothing that waits. */
const BRIEF = ["--only", "HW101,HW105"];

/** A server that does not keep connections, which is advice. */
const closing = () =>
  origin((_request, response) => {
    response.setHeader("Connection", "close");
    response.end("bye\n");
  });

const keeping = () => origin((_request, response) => void response.end("hello\n"));

describe("hopwise doctor", () => {
  it("prints its report on the standard output and nothing else", async () => {
    const { code, out, err } = await run("doctor", `${(await keeping()).url}/?token=secret`, ...BRIEF);
    expect([code, err]).toStrictEqual([0, ""]);
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ {2}grade A\n/);
    expect(out).toContain("HW101 pass    two requests were answered on one connection");
    expect(out).not.toMatch(/secret|\u001b/);
  });

  it("gives the report as one line of JSON, and as a page", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-doctor-"));
    try {
      const file = join(folder, "report.html");
      const { code, out } = await run("doctor", (await keeping()).url, ...BRIEF, "--json", "--html", file);
      expect(code).toBe(0);
      const report = JSON.parse(out) as Report;
      expect(report).toMatchObject({ schema: "hopwise-doctor/1", mode: "server", grade: "A", isComplete: true });
      expect(report.findings.map(({ id }) => id)).toStrictEqual(["HW101", "HW105"]);
      expect(readFileSync(file, "utf8")).toContain("<h1>http://127.0.0.1:");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ["never", 0],
    ["fail", 0],
    ["advice", 1],
  ])("--fail-on %s: advice ends with %d", async (level, expected) => {
    const { code, out } = await run("doctor", (await closing()).url, ...BRIEF, "--fail-on", level);
    expect(out).toContain("grade B");
    expect(code).toBe(expected);
  });

  it("prints what is known so far when it is interrupted", async () => {
    let requests = 0;
    let resolve: () => void = () => {};
    const isIdling = new Promise<void>((ready) => {
      resolve = ready;
    });
    const { url } = await origin((_request, response) => {
      response.end("hello\n");
      // The first one, two for HW101, a first look at idling, one for each of twelve connections, and two of those again.
      if (++requests === 18) resolve();
    });
    const doctor = hopwise("doctor", url, "--only", "HW101,HW201", "--max-wait", "2m");
    await isIdling;
    doctor.child.kill("SIGINT");
    expect(await doctor.ended).toBe(0);
    const out = doctor.outLines.join("\n");
    expect(out).toContain("It was stopped: what follows is what was known by then.");
    expect(out).toContain("HW101 pass");
    expect(out).toMatch(/HW201 info {4}stopped: longer than [12]\.\d s/);
  });
});

describe("wrong usage is one line, and exit 2", () => {
  it.each<[string, readonly string[], string]>([
    ["no URL", [], "write what to examine: hopwise doctor http://127.0.0.1:3000"],
    ["no scheme", ["localhost:3000"], '"localhost:3000" is not a URL: write http://localhost:3000'],
    ["another scheme", ["ftp://localhost"], "the doctor examines http and https, not ftp: write http://localhost"],
    [
      "a password",
      ["http://u:p@localhost"],
      'user names and passwords do not belong into URLs: write --header "Authorization: ..."',
    ],
    [
      "a check that is none",
      ["http://localhost", "--only", "timeouts"],
      '--only: "TIMEOUTS" is not a check: write an id like HW201, or HW2 for all of its section',
    ],
    [
      "a check that nobody has",
      ["http://localhost", "--only", "HW2,HW299"],
      "--only: there is no check HW299 of a server: those are HW001 to HW711",
    ],
    [
      "a check of a proxy",
      ["http://localhost", "--skip", "HW901"],
      "--skip: there is no check HW901 of a server: those are HW001 to HW711",
    ],
    [
      "a check of a server",
      ["--through", "http://localhost", "--origin-listen", "127.0.0.1:0", "--only", "hw201"],
      "--only: there is no check HW201 of a proxy: those are HW901 to HW940",
    ],
    [
      "a check that lacks what it needs",
      ["http://localhost", "--only", "HW002,HW701"],
      "--only: nothing is left to check: HW002 needs https, HW701 needs --intrusive",
    ],
    [
      "a check that lacks what it needs, of a proxy",
      ["--through", "http://localhost", "--origin-listen", "127.0.0.1:0", "--only", "HW94"],
      "--only: nothing is left to check: HW940 needs --drain",
    ],
    [
      "no check but those that are left out",
      ["http://localhost", "--only", "HW101", "--skip", "HW1"],
      "--only: nothing is left to check",
    ],
    [
      "a duration without unit",
      ["http://localhost", "--max-wait", "5"],
      '--max-wait: "5" has no unit: write 5s or 5ms',
    ],
    [
      "no level",
      ["http://localhost", "--fail-on", "info"],
      '--fail-on: "info" is not a level: write fail, advice or never',
    ],
    ["no field", ["http://localhost", "--header", "Authorization"], '--header: it is not a field: write "Name: value"'],
    [
      "no product",
      ["http://localhost", "--product", "ngnix"],
      '--product: "ngnix" is not a product that is known: did you mean nginx?',
    ],
  ])("%s", async (_name, args, message) => {
    const { code, out, err } = await run("doctor", ...args);
    expect([code, out, err]).toStrictEqual([2, "", `hopwise: ${message}`]);
  });
});

it("a target that cannot be reached is one line, and exit 3", async () => {
  const { code, out, err } = await run("doctor", "http://127.0.0.1:1/");
  expect([code, out, err]).toStrictEqual([
    3,
    "",
    "hopwise: http://127.0.0.1:1/ cannot be examined: nothing listens there (ECONNREFUSED)",
  ]);
});

describe("examples of the library, as they stand", () => {
  const examples = fileURLToPath(new URL("../../examples/doctor/", import.meta.url));
  const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

  it.each<[string, readonly string[], RegExp]>([
    ["node:test", ["--test", "node-test.test.mjs"], /^# pass 1$/m],
    ["node:test of a chain", ["--test", "chain.test.mjs"], /^# pass 1$/m],
    ["vitest", [vitest, "run", "--root", ".", "--no-color", "vitest.test.mjs"], /Tests {2}1 passed/],
  ])("%s", async (_name, args, passed) => {
    // The variables of the vitest around it would make it a part of that.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(?:VITEST|NODE_|TEST)/.test(name)),
    );
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: examples,
      env: { ...env, NO_COLOR: "1" },
    });
    expect(stdout).toMatch(passed);
  });
});
