// A service's own tests can hold it to a grade: here with node:test (node --test examples/doctor/node-test.test.mjs).
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { examine, isGradeAtLeast } from "hopwise/doctor";

const server = createServer((_request, response) => response.end("hello\n"));
// Longer than the load balancer in front keeps its connections.
server.keepAliveTimeout = 65_000;

before(() => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => server.close());

test("treats its connections well", async () => {
  const report = await examine(`http://127.0.0.1:${server.address().port}/`, { quick: true });
  const problems = report.findings.filter(({ verdict }) => verdict === "fail" || verdict === "advice");
  assert.deepEqual(
    problems.map(({ id, measured }) => `${id}: ${measured}`),
    [],
  );
  assert.ok(isGradeAtLeast(report.grade, "B"));
});
