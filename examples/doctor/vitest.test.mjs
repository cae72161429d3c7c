// A service's own tests can hold it to a grade: here with vitest.
import { createServer } from "node:http";
import { examine, isGradeAtLeast } from "hopwise/doctor";
import { afterAll, beforeAll, expect, it } from "vitest";

const server = createServer((_request, response) => response.end("hello\n"));
// Longer than the load balancer in front keeps its connections.
server.keepAliveTimeout = 65_000;

beforeAll(() => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => server.close());

it("treats its connections well", async () => {
  const report = await examine(`http://127.0.0.1:${server.address().port}/`, { quick: true });
  const problems = report.findings.filter(({ verdict }) => verdict === "fail" || verdict === "advice");
  expect(problems.map(({ id, measured }) => `${id}: ${measured}`)).toEqual([]);
  expect(isGradeAtLeast(report.grade, "B")).toBe(true);
}, 30_000);
