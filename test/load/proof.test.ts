/**
 * `npm run proof` does what it says, in short. Whether hopwise really loses no race is told by idle-races.test.ts, with more
 * requests.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const proof = fileURLToPath(new URL("../../bench/proof.mjs", import.meta.url));
const CLIENTS = 16;
const ROUNDS = 4;

it("an origin that closes silently costs the clients of hopwise nothing", async () => {
  const args = [proof, "--json", "--requests", String(CLIENTS * ROUNDS), "--peers", "naive,hopwise"];
  // It would end with 1 if a request through hopwise had failed.
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { results } = JSON.parse(stdout) as { results: { name: string; idleCloses: number }[] };
  const [naive, hopwise] = results;
  expect(naive).toMatchObject({ name: "naive", sent: CLIENTS * ROUNDS });
  expect(hopwise).toMatchObject({ name: "hopwise", sent: CLIENTS * ROUNDS, failed: 0, repeatedPosts: 0, faults: {} });
  expect(naive?.idleCloses).toBeGreaterThan(0);
});
