/** docs/doctor.md and docs/between.md say what there is: every check with its claim, and the examples as they stand. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { examineLog } from "../../src/doctor/between/examine-log.ts";
import { checks } from "../../src/doctor/checks/all.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const page = read("docs/doctor.md");

it("names each check, with what a healthy server does", () => {
  const rows = [...page.matchAll(/^\| (HW\d{3}) \| (.*) \| .*\|$/gm)].map(([, id, claim]) => `${id} ${claim}`);
  expect(rows).toStrictEqual(checks.map(({ id, claim }) => `${id} ${claim}`));
});

it("has the example that is tested", () => {
  expect(page).toContain(read("examples/doctor/vitest.test.mjs").trimEnd());
});

it("names each finding about real traffic, with its claim", async () => {
  const entry = {
    ...{ type: "exchange", id: 1, time: "2026-11-30T03:00:00.000Z", client: "10.0.0.7", method: "GET", target: "/" },
    ...{ version: "1.1", status: 200, outcome: "completed", duration_ms: 10, retries: 0 },
    downstream: { id: 1, exchange: 1 },
    upstream: { id: 2, exchange: 1, endpoint: "http://127.0.0.1:3000", reused: false, opened: "pool-empty" },
  };
  const gone = {
    ...{ type: "connection", time: "2026-11-30T03:00:05.000Z", hop: "upstream", endpoint: "http://127.0.0.1:3000" },
    ...{ ended: "peer-fin", exchanges: 1, age_ms: 1 },
  };
  async function* lines() {
    yield `${JSON.stringify(entry)}\n${JSON.stringify({ ...gone, id: 2, closed: "peer-closed-idle" })}\n`;
    yield `${JSON.stringify({ ...gone, id: 3, closed: "unexpected-octets" })}\n`;
  }
  const { findings } = await examineLog(lines());
  const rows = [...read("docs/between.md").matchAll(/^\| (HW\d{3}) \| (.*?) \| .*\|$/gm)];
  const told = rows.map(([, id, claim]) => `${id} ${claim?.replace(/: one finding for each reason/, "")}`);
  expect(told).toStrictEqual(findings.map(({ id, claim }) => `${id} ${claim}`));
});
