/**
 * The guard of what an exchange costs in system calls: to read and to write once on each hop, and to wait for each.
 *
 * They are most of what an exchange costs, and their number hardly depends on how fast or busy a machine is.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const READS = ["read", "readv", "recvfrom", "recvmsg"];
const WRITES = ["write", "writev", "sendto", "sendmsg"];
const WAITS = ["epoll_wait", "epoll_pwait", "epoll_pwait2"];
/** A tenth, for what the runtime does now and then. */
const MORE_MAX = 1.1;
/** On a busy machine what comes at once is waited for twice now and then; one wait more for each exchange would be 3. */
const WAITS_MAX = 2.8;
const TRIES = 4;

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
    /** Of the try that waited least. */
    let calls: Record<string, number> = {};
    const sum = (names: readonly string[], of = calls) => names.reduce((total, name) => total + (of[name] ?? 0), 0);

    beforeAll(() => {
      const script = fileURLToPath(new URL("system-calls.mjs", import.meta.url));
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const counted = execFileSync(process.execPath, [script], { encoding: "utf8", timeout: 50_000 });
        const tried = JSON.parse(counted) as typeof calls;
        console.log(`system calls of an exchange: ${counted.trim()}`);
        if (attempt === 0 || sum(WAITS, tried) < sum(WAITS)) calls = tried;
        if (sum(WAITS) <= 2 * MORE_MAX) break;
      }
    }, TRIES * 60_000);

    test("two reads", () => {
      expect(sum(READS)).toBeLessThanOrEqual(2 * MORE_MAX);
    });

    test("two writes", () => {
      expect(sum(WRITES)).toBeLessThanOrEqual(2 * MORE_MAX);
    });

    test("two waits for events", () => {
      expect(sum(WAITS)).toBeLessThanOrEqual(WAITS_MAX);
    });

    test("nothing else", () => {
      expect(sum(Object.keys(calls)) - sum(WAITS)).toBeLessThanOrEqual(4 * MORE_MAX);
    });
  },
);
