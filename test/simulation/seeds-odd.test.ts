/** The other half of the seeds; see seeds.ts. And what all these worlds must have been good for. */
import { expect, it } from "vitest";
import { type CloseReason, closeReasons, handshakeFailures, proxyHeaderFaults } from "../../src/connection/reasons.ts";
import { searchSeeds } from "./seeds.ts";

function keysOf<Key extends string>(table: Readonly<Record<Key, string>>): Key[] {
  return Object.keys(table) as Key[];
}

/**
 * Reasons that need something that is not simulated: TRACE, `--tolerate`, clients that are slow for very long, TLS, the runtime's HTTP/2,
 * listeners, which a simulated world has one of, balancers in front, and several processes.
 */
const notSimulated: ReadonlySet<string> = new Set<CloseReason>([
  ...keysOf(handshakeFailures),
  ...keysOf(proxyHeaderFaults),
  "max-forwards",
  "response-tolerated",
  "too-slow",
  "internal-error",
  "hook-failed",
  "listener-left",
  "http2-error",
  "http2-flood",
  "http2-memory",
  "worker-lost",
]);

/** With fewer seeds than this some reasons are luck. */
const SEEDS_ENOUGH = 900;

it("no check fails in any world of an odd seed, and every reason to close occurs", async () => {
  const { seeds, failures, reasons } = await searchSeeds(1);
  expect(failures).toStrictEqual([]);
  if (seeds < SEEDS_ENOUGH) return;
  const seen = new Set([...reasons.keys()].map((key) => key.split(" ")[1]));
  const missing = Object.keys(closeReasons).filter((reason) => !seen.has(reason));
  expect(missing.filter((reason) => !notSimulated.has(reason))).toStrictEqual([]);
});
