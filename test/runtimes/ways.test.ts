/**
 * The conformance suite and the fault table where connections are not what they are elsewhere: on streams, as on a Node whose
 * handles are not known; and over TLS to origins. In their short forms: what depends on how messages are cut is the same.
 */
import { describe, expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { failuresWith } from "./own-tests.ts";

/** Over TLS every connection has a handshake. */
const SUITE_MS_MAX = 900_000;

const short = isLong ? "" : " (skipped: TESTS_LONG=1 runs it)";

describe.skipIf(!isLong).each([
  ["on streams", { TESTS_SOCKETS: "streams" }],
  ["over TLS to origins", { TESTS_ORIGINS: "tls" }],
] as const)(`%s${short}`, (_way, way) => {
  const env = { ...way, TESTS_LONG: "" };

  it("the conformance suite passes", { timeout: SUITE_MS_MAX }, async () => {
    // A second try, where it counts how much the systems in between take before they are full.
    expect(await failuresWith(env, "--project=conformance", "--retry=2")).toEqual([]);
  });

  it("the fault table passes", { timeout: SUITE_MS_MAX }, async () => {
    expect(await failuresWith(env, "--project=faults", "test/faults/table.test.ts", "--retry=2")).toEqual([]);
  });
});
