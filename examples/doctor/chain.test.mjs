// The neighbours in production, held to what they are set to: here with node:test (node --test examples/doctor/chain.test.mjs).
import assert from "node:assert/strict";
import { test } from "node:test";
import { examineChain } from "hopwise/doctor";

test("no neighbour in production loses requests", () => {
  const { findings } = examineChain("alb,nginx@1.29.7:keepalive_timeout=75,node@20:keepAliveTimeout=65000");
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict === "fail").map(({ measured }) => measured),
    [],
  );
});
