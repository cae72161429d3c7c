/** `hopwise check --json`: what a file means, or all that is wrong with it, for programs (docs/check.md). */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { run } from "./running.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function check(name: string, text: string) {
  const file = join(folder, name);
  writeFileSync(file, text);
  const { code, out, err } = await run("check", "-c", file, "--json");
  return { code, err, file, report: JSON.parse(out) };
}

it("says what a file means, routes in the order in which they are asked, and no secret", async () => {
  writeFileSync(join(folder, "token"), "very-secret-token");
  const { code, report, file } = await check(
    "good.yaml",
    `listeners: [{ http: 127.0.0.1:0 }]
groups:
  app: { to: [http://10.0.0.1:3000, { url: http://10.0.0.2:3000, weight: 2, backup: true }], balance: round-robin }
routes:
  - to: app
  - name: partner
    match: { host: a.example, path: "/$\{file:token}/*" }
    to: app
    setRequestFields: { Authorization: "Bearer $\{file:token}" }
    rateLimit: { requests: 5, per: 1m }
headTimeout: 5s
`,
  );
  expect([code, report.format, report.canRun, report.file]).toEqual([0, 1, true, file]);
  expect(report.config).toMatchObject({
    listeners: [{ http: "127.0.0.1:0" }],
    groups: {
      app: {
        to: [
          { url: "http://10.0.0.1:3000", weight: 1 },
          { url: "http://10.0.0.2:3000", weight: 2, backup: true },
        ],
        balance: "round-robin",
      },
    },
    routes: [
      {
        name: "partner",
        match: { host: ["a.example"], path: [`/$\{file:token}/*`] },
        to: "app",
        asks: [expect.any(String)],
      },
      { name: "routes[0]", match: {}, to: "app" },
    ],
    limits: { headTimeout_ms: 5_000 },
  });
  expect(JSON.stringify(report)).not.toContain("very-secret");
});

it("has a place for each thing that is wrong, and ends with 2", async () => {
  const { code, report, file, err } = await check("bad.yaml", "routes: [{ to: app }]\nheadTimeout: soon\nrutes: []\n");
  expect(code).toBe(2);
  expect(report).toMatchObject({ format: 1, canRun: false });
  expect(report.problems.map(({ line, column, path }: Record<string, unknown>) => [line, column, path])).toEqual([
    [2, 1, "headTimeout"],
    [3, 1, "rutes"],
  ]);
  for (const problem of report.problems) expect(problem).toMatchObject({ file, message: expect.stringMatching(/./) });
  expect(err).toBe("");
});

it("of what is not YAML, and of what is not there, it says that", async () => {
  const { code, report, file } = await check("torn.yaml", "routes: [\n");
  expect([code, report.problems[0].file, report.problems[0].path]).toEqual([2, file, ""]);
  expect(report.problems[0].line).toEqual(expect.any(Number));
  const missing = await run("check", "-c", join(folder, "none.yaml"), "--json");
  expect(missing.code).toBe(2);
  expect(JSON.parse(missing.out).problems).toEqual([
    {
      file: join(folder, "none.yaml"),
      line: null,
      column: null,
      path: "",
      message: `${join(folder, "none.yaml")} cannot be read: there is no such file`,
    },
  ]);
});
