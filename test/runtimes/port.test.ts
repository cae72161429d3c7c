/**
 * The socket port on other runtimes: its own tests, run there by vitest, since what is behind it is another implementation
 * on Bun. In the long form (`TESTS_LONG=1`) the conformance suite as well.
 */
import { describe, expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { failuresOn } from "./own-tests.ts";
import { runtimes } from "./runtimes.ts";

const CONFORMANCE_MS_MAX = 600_000;

for (const runtime of runtimes) {
  // Not installed: npm ci --prefix test/runtimes.
  const missing = runtime.path === undefined ? " (skipped: not installed)" : "";
  describe.skipIf(missing !== "")(`${runtime.name}${missing}`, () => {
    it("has sockets that do what the port says", async () => {
      const own =
        runtime.name === "Bun" ? [] : ["node-handles/runtime-shape", "node-handles/tls-shortcut", "sockets-on-streams"];
      const files = ["sockets", "connecting", "dial-guard", "address-set", "names/asking", ...own].map(
        (name) => `src/net/${name}.test.ts`,
      );
      expect(await failuresOn(runtime, "--project=unit-apart", ...files)).toEqual([]);
    });

    if (!isLong) return;
    it(
      "passes the conformance suite",
      async () => {
        // On Bun clients get HTTP/1.1.
        const without = runtime.name === "Bun" ? ["--exclude=test/conformance/http2/**"] : [];
        // A second try, where it counts how much the systems in between take before they are full.
        expect(await failuresOn(runtime, "--project=conformance", "--retry=2", ...without)).toEqual([]);
      },
      CONFORMANCE_MS_MAX,
    );
  });
}
