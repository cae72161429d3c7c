/**
 * The guard of what an exchange costs in system calls: to read and to write once on each hop, and to wait for each.
 *
 * They are most of what an exchange costs, and their number does not depend on how fast or busy a machine is.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const READS = ["read", "readv", "recvfrom", "recvmsg"];
const WRITES = ["write", "writev", "sendto", "sendmsg"];
/** A tenth, for what the runtime does now and then. */
const MORE_MAX = 1.1;

const why = whyNot();

/** strace may be absent, or forbidden as in some containers. */
function whyNot(): string | undefined {
  try {
    execFileSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" });
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "strace not installed" : "strace may not trace here";
  }
}

describe.skipIf(why !== undefined)(
  `system calls of an exchange${why === undefined ? "" : ` (skipped: ${why})`}`,
  () => {
    let calls: Record<string, number> = {};
    const sum = (names: readonly string[]) => names.reduce((total, name) => total + (calls[name] ?? 0), 0);

    beforeAll(() => {
      const script = fileURLToPath(new URL("system-calls.mjs", import.meta.url));
      calls = JSON.parse(
        execFileSync(process.execPath, [script], { encoding: "utf8", timeout: 50_000 }),
      ) as typeof calls;
      console.log(`system calls of an exchange: ${JSON.stringify(calls)}`);
    });

    test("two reads", () => {
      expect(sum(READS)).toBeLessThanOrEqual(2 * MORE_MAX);
    });

    test("two writes", () => {
      expect(sum(WRITES)).toBeLessThanOrEqual(2 * MORE_MAX);
    });

    test("two waits for events, and nothing else", () => {
      expect(sum(Object.keys(calls))).toBeLessThanOrEqual(6 * MORE_MAX);
    });
  },
);
