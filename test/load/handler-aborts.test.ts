/** Nothing is left of requests through a handler that their clients abort: no memory, no connection, no exchange. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";

const program = fileURLToPath(new URL("handler-aborts.mjs", import.meta.url));
const count = isLong ? 100_000 : 1_000;
/** An exchange has some thousand; what the runtime learns meanwhile is a few hundred thousand in all. */
const BYTES_EACH_MAX = isLong ? 20 : 1_000;

it(`nothing is left of ${count} aborted requests`, { timeout: 600_000 }, async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--expose-gc", program, String(count)]);
  expect(stderr).toBe("");
  const { bytesEach, ...rest } = JSON.parse(stdout);
  expect(bytesEach).toBeLessThan(BYTES_EACH_MAX);
  expect(rest).toStrictEqual({
    cut: 0,
    inProgress: 0,
    isEveryoneCounted: true,
    openDownstream: 0,
    openUpstream: 0,
  });
});
