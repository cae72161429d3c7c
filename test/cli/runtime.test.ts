/** What hopwise says of its runtime: what connections stand on, and a warning where that is the slower way. */
import { describe, expect, it, vi } from "vitest";
import { type Listening, origin, proxy } from "./running.ts";

type RuntimeLine = Listening & { readonly runtime: { readonly name: string; readonly sockets: string } };

const preload = new URL("../kit/unknown-sockets.mjs", import.meta.url);
const isBun = "bun" in process.versions || process.env.TESTS_RUNTIME?.includes("bun") === true;

async function started(...args: readonly string[]) {
  const { url } = await origin((_request, response) => response.end("hello"));
  const listening = await proxy("--to", url, ...args);
  return { ...listening, ...(await listening.running.json<RuntimeLine>("listening")) };
}

// Bun has sockets of its own, and no other way.
describe.skipIf(isBun)("a Node (skipped on Bun) whose sockets", () => {
  it("are known is named, and is no reason to warn", async () => {
    const { runtime, running } = await started();
    expect(runtime).toMatchObject({ name: "node", sockets: "handles" });
    expect(running.errLines).toEqual([]);
  });

  it.each([
    ["one process", []],
    ["workers", ["--workers", "2"]],
  ])("are not known serves as well, and warns once: %s", async (_processes, args) => {
    vi.stubEnv("NODE_OPTIONS", `--import=${preload}`);
    const { runtime, running, url, admin } = await started(...args);
    vi.unstubAllEnvs();
    expect(runtime).toMatchObject({ name: "node", sockets: "streams" });
    expect(await (await fetch(url)).text()).toBe("hello");
    expect(await (await fetch(`${admin}/metrics`)).text()).toMatch(/^hopwise_runtime_info\{.*sockets="streams"\} 1$/m);
    expect(
      running.errLines.filter((line) => line.includes("not known, so connections take a slower way")),
    ).toHaveLength(1);
  });
});
