/** `hopwise doctor --chain` and `--through`: what they print where, how they end, and what they say to those who mistype. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/doctor/index.ts";
import { run } from "./running.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-chain-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe("hopwise doctor --chain", () => {
  it("draws the chain, says which pair loses and what to set, and ends with 1", async () => {
    const { code, out, err } = await run("doctor", "--chain", "alb,nginx@1.29.7:keepalive_timeout=75,node@20");
    expect([code, err]).toStrictEqual([1, ""]);
    for (const line of [
      "│   keepalive_timeout 75 s",
      "inverted by 54 s",
      "server.keepAliveTimeout = 65000;",
      "2 pairs of neighbours: 1 loses requests.",
    ]) {
      expect(out).toContain(line);
    }
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("sums up in words what may go wrong", async () => {
    const { out } = await run("doctor", "--chain", "chrome,nginx");
    expect(out).toMatch(/1 pair of neighbours: 1 may lose some\.$/);
  });

  it("prints what docs/chain.md shows", async () => {
    const [, shown = ""] =
      /```\n\$ hopwise doctor --chain \S+\n([\s\S]*?)```/.exec(
        readFileSync(new URL("../../docs/chain.md", import.meta.url), "utf8"),
      ) ?? [];
    const { out } = await run("doctor", "--chain", "alb,nginx@1.29.7:keepalive_timeout=75,node@20");
    expect(out).toBe(shown.trimEnd());
  });

  it.each([
    ["alb,nginx", [], 0],
    ["chrome,nginx", [], 0],
    ["chrome,nginx", ["--fail-on", "advice"], 1],
    ["alb,node@20", ["--fail-on", "never"], 0],
    ["other:pool=60s,other:idle=61s", ["--rtt", "600ms"], 1],
    ["alb,nod", [], 2],
    ["none.yaml", [], 2],
  ])("%s %j ends with %i", async (chain, flags, expected) => {
    const { code } = await run("doctor", "--chain", chain, ...flags);
    expect(code).toBe(expected);
  });

  it("reads a file, with a hop that was measured, and says where a file is wrong", async () => {
    write(
      "node.json",
      JSON.stringify({ schema: "hopwise-doctor/1", findings: [{ values: { idle_timeout_ms: 6_012 } }] }),
    );
    const good = await run(
      "doctor",
      "--chain",
      write("chain.yaml", "hops:\n  - alb\n  - report: node.json\n    product: node\n"),
      "--ascii",
    );
    expect([good.code, good.err]).toStrictEqual([1, ""]);
    expect(good.out).toContain("x  closes idle  ### 6.012 s");
    const file = write("wrong.yaml", "hops:\n  - alb\n  - product: nginx\n    settngs: {}\n");
    const bad = await run("doctor", "--chain", file);
    expect(bad.err).toBe(
      `hopwise: --chain: ${file}:4:5: "settngs" is not known here: write one of product, version, settings, rtt, report`,
    );
  });

  it("gives the report as one line of JSON, and as a page", async () => {
    const page = join(folder, "report.html");
    const { code, out } = await run("doctor", "--chain", "alb,node@20", "--json", "--html", page);
    const report = JSON.parse(out) as Report;
    expect([code, report.mode, report.grade]).toStrictEqual([1, "chain", "D"]);
    expect(report.findings[0]?.fixes.map(({ setting }) => setting)).toStrictEqual([
      "server.keepAliveTimeout = 65000;",
      "idle_timeout.timeout_seconds=4",
    ]);
    expect(readFileSync(page, "utf8")).toContain("AWS ALB");
  });
});

describe("hopwise doctor --through", () => {
  it("needs to know where the proxy sends to", async () => {
    const { code, err } = await run("doctor", "--through", "http://127.0.0.1:1");
    expect([code, err]).toStrictEqual([
      2,
      expect.stringMatching(/^hopwise: --origin-listen is missing: write the address that the proxy sends to/),
    ]);
  });

  it("ends with 3 where no proxy is", async () => {
    const { code, err } = await run("doctor", "--through", "http://127.0.0.1:1", "--origin-listen", "127.0.0.1:0");
    expect([code, err]).toStrictEqual([
      3,
      "hopwise: the proxy http://127.0.0.1:1/ cannot be reached: nothing listens there (ECONNREFUSED)",
    ]);
  });

  it("is one of four ways", async () => {
    const { code, err } = await run("doctor", "http://127.0.0.1:1", "--chain", "alb,nginx");
    expect([code, err]).toStrictEqual([2, "hopwise: write one of a URL, --chain, --through and --between"]);
  });
});
