/** `--log-format` on the command line: what is used where nobody says, fields in the log and nowhere else, and whole lines of workers. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { freePort } from "../interop/support/listening.ts";
import { hopwiseBehind, origin, proxy } from "./running.ts";

/** Not how long it takes, but from when on it never comes. */
const SOON = { timeout: 20_000 };
const hello = () => origin((_request, response) => response.end("hello"));
const fields = { Referer: "https://u:p@a.test/from?x=1", "User-Agent": 'tes"t', "X-Request-ID": "abc-1" };

function logFile(): string {
  const path = mkdtempSync(join(tmpdir(), "hopwise-format-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return join(path, "access.log");
}

/** The log's lines, once there are so many. */
async function linesOf(file: string, count: number): Promise<string[]> {
  return await vi.waitFor(() => {
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    expect(lines.length).toBe(count);
    return lines;
  }, SOON);
}

describe("in a file", () => {
  it("json is what there is where nobody says, and has the fields that logs have everywhere", async () => {
    const file = logFile();
    const { url } = await proxy("--to", (await hello()).url, "--access-log", file);
    await fetch(`${url}/a?b=c`, { headers: fields });
    const [line = ""] = await linesOf(file, 1);
    expect(JSON.parse(line)).toMatchObject({
      ...{ type: "exchange", target: "/a?b=c", host: url.slice("http://".length), status: 200, responseBytes: 5 },
      ...{ referer: "https://***@a.test/from?x=1", userAgent: 'tes"t', requestId: "abc-1" },
      ...{ downstream: { id: expect.any(Number) }, upstream: { id: expect.any(Number), opened: "pool-empty" } },
    });
  });

  it.each([
    ["common", '"GET /a?b=c HTTP/1.1" 200 5'],
    ["combined", '"GET /a?b=c HTTP/1.1" 200 5 "https://***@a.test/from?x=1" "tes\\"t"'],
  ])("%s is Apache's", async (format, end) => {
    const file = logFile();
    const { url } = await proxy("--to", (await hello()).url, "--access-log", file, "--log-format", format);
    await fetch(`${url}/a?b=c`, { headers: fields });
    const [line = ""] = await linesOf(file, 1);
    expect(line.replace(/\[.*?\]/, "[]")).toBe(`127.0.0.1 - - [] ${end}`);
    expect(line).toMatch(/\[\d\d\/[A-Z][a-z]{2}\/\d{4}(:\d\d){3} [+-]\d{4}\]/);
  });

  it("pretty has no colours there, and no query", async () => {
    const file = logFile();
    const { url } = await proxy("--to", (await hello()).url, "--access-log", file, "--log-format", "pretty");
    await fetch(`${url}/a?b=c`);
    const [line = ""] = await linesOf(file, 1);
    expect(line).toMatch(/^(\d\d:){2}\d\d GET {2}127\.0\.0\.1:\d+\/a\?… 200 +[\d.]+m?s #\d+ → #\d+ new$/);
  });
});

describe("pretty says why in words, in the line of the exchange", () => {
  const lineOf = async (to: string, status: number, ...more: readonly string[]) => {
    const file = logFile();
    const { url } = await proxy("--to", to, "--access-log", file, "--log-format", "pretty", ...more);
    expect((await fetch(`${url}/a`, { method: "POST", body: "x" })).status).toBe(status);
    const [line = ""] = await linesOf(file, 1);
    return line;
  };

  it("an origin closed early", async () => {
    const { url: to } = await origin((request) => request.socket.destroy());
    expect(await lineOf(to, 502)).toMatch(
      /upstream-closed: The origin closed the connection before it answered\. .*\(http:\/\/127\.0\.0\.1:\d+\)$/,
    );
  });

  it("a name is not found", async () => {
    expect(await lineOf("http://nobody.invalid:1234", 502)).toMatch(
      /connect-failed: No connection .* (its name cannot be resolved|no name server answered).* \(http:\/\/nobody\.invalid:1234\)$/,
    );
  });

  it("an origin is silent", async () => {
    const { url: to } = await origin(() => {});
    expect(await lineOf(to, 504, "--response-timeout", "100ms")).toMatch(
      /response-timeout: The origin took the request and did not begin to answer in time\. .*\(http:\/\/127\.0\.0\.1:\d+\)$/,
    );
  });
});

it("the admin port shows neither fields nor queries, whatever the log has", async () => {
  const { url, admin } = await proxy("--to", (await hello()).url, "--access-log", logFile());
  await fetch(`${url}/a?b=c`, { headers: fields });
  const shown = await (await fetch(`${admin}/api/exchanges`)).text();
  expect(shown).toContain('"/a?…"');
  expect(shown).not.toMatch(/from|tes.?"t|abc-1|b=c/);
});

const withoutScript = spawnSync("script", ["--version"]).error === undefined ? "" : " (skipped: script not installed)";

describe.skipIf(withoutScript !== "")(`on a terminal${withoutScript}`, () => {
  /** A terminal of 80 columns. */
  async function onTerminal(variables: string, ...args: readonly string[]) {
    const { url: to } = await origin((request, response) =>
      request.url === "/gone" ? request.socket.destroy() : response.end("hello"),
    );
    const port = await freePort();
    const terminal = ["sh", "-c", `exec script -qefc "stty cols 80; ${variables} exec $*" /dev/null`, "sh"];
    const running = hopwiseBehind(
      terminal,
      ...["proxy", "--to", to, "--listen", String(port), "--no-admin", "--access-log", "-", "--quiet", ...args],
    );
    const url = `http://127.0.0.1:${port}`;
    await vi.waitFor(async () => expect((await fetch(`${url}/ready`)).status).toBe(200), SOON);
    await running.out(/\/ready/);
    return { running, url };
  }

  it.each([
    ["one process", []],
    ["workers", ["--workers", "2"]],
  ])("it is pretty, coloured, as wide as that, and says why: %s", async (_what, args) => {
    const { running, url } = await onTerminal("", ...args);
    const [ok, failed] = [await fetch(`${url}/fine`), await fetch(`${url}/gone`, { method: "POST", body: "x" })];
    expect([ok.status, failed.status]).toEqual([200, 502]);
    const fine = await running.out(/\/fine/);
    expect(fine).toMatch(/\u001b\[32m200\u001b\[39m/);
    expect(stripVTControlCharacters(fine).trimEnd().length).toBeLessThanOrEqual(80);
    const line = stripVTControlCharacters(await running.out(/\/gone/)).replace(/ +/g, " ");
    expect(line).toContain("upstream-closed: The origin closed the connection before it answered.");
  });

  it("without colours where NO_COLOR is set, and json if that is wanted", async () => {
    const { running, url } = await onTerminal("NO_COLOR=1");
    await fetch(`${url}/fine`);
    expect(await running.out(/\/fine/)).not.toContain("\u001b");
    const other = await onTerminal("", "--log-format", "json");
    expect(JSON.parse(await other.running.out(/\/ready/)).target).toBe("/ready");
  });
});

it("lines of all workers stay whole", async () => {
  const { url, running } = await proxy(
    ...["--to", (await hello()).url, "--access-log", "-", "--log-format", "combined", "--workers", "2"],
  );
  const long = "x".repeat(3_000);
  await Promise.all(Array.from({ length: 200 }, (_, id) => fetch(`${url}/${id}?${long}`).then((it) => it.text())));
  const lines = await vi.waitFor(() => {
    const found = running.outLines.filter((line) => !line.startsWith("{"));
    expect(found.length).toBe(200);
    return found;
  }, SOON);
  for (const line of lines)
    expect(line).toMatch(/^127\.0\.0\.1 - - \[[^\]]*\] "GET \/\d+\?x{3000} HTTP\/1\.1" 200 5 "-" "node"$/);
  expect(new Set(lines.map((line) => / "GET \/(\d+)/.exec(line)?.[1])).size).toBe(200);
});
