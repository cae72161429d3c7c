/** Each way to fail has a cause in words, and something to do about it. */
import { describe, expect, it } from "vitest";
import { answerReasons } from "../exchange/answers.ts";
import type { ExchangeEntry } from "./entries.ts";
import { explained } from "./explained.ts";

function failed(some: Partial<ExchangeEntry>): ExchangeEntry {
  return {
    type: "exchange",
    id: 1,
    method: "GET",
    target: "/",
    status: 502,
    outcome: "answered",
    retries: 0,
    ...some,
  } as ExchangeEntry;
}
const upstream = {
  id: 7,
  exchange: 1,
  endpoint: "http://127.0.0.1:3000",
  reused: false,
  opened: "pool-empty",
} as const;

it.each(answerReasons)("%s", (reason) => {
  const about = explained(failed({ reason }));
  expect(about?.cause).toMatch(/^[A-Z].*\.$/s);
  expect(about?.todo).toMatch(/^[A-Z].*\.$/s);
});

describe("the three failures that people meet most", () => {
  it("an origin that closed early, on a new connection", () => {
    const about = explained(failed({ reason: "upstream-closed", upstream }));
    expect(about).toMatchObject({
      cause: "The origin closed the connection before it answered.",
      endpoint: upstream.endpoint,
    });
    expect(about?.todo).toContain("look into the origin's log for a crash");
  });

  it("the same on a connection that had carried others: perhaps two timeouts disagree", () => {
    const about = explained(
      failed({ reason: "upstream-closed", upstream: { ...upstream, exchange: 2, reused: true } }),
    );
    expect(about?.todo).toContain("If the origin closes those that idle, let it keep them longer");
  });

  it("a name that is not found", () => {
    const about = explained(failed({ reason: "connect-failed", fault: "ENOTFOUND" }));
    expect(about).toMatchObject({ detail: "ENOTFOUND, its name cannot be resolved." });
    expect(about?.todo).toContain("Check the spelling of the origin's name");
  });

  it("an origin that is silent", () => {
    const about = explained(failed({ reason: "response-timeout", status: 504, upstream }));
    expect(about?.cause).toContain("did not begin to answer in time");
    expect(about?.todo).toContain("--response-timeout");
  });
});

it("an origin's own answer is said to be its own", () => {
  expect(explained(failed({ status: 503, outcome: "completed", upstream }))).toMatchObject({
    word: "origin-status",
    cause: "The origin itself answered 503.",
  });
});

it("an incomplete response says so before its reason", () => {
  const about = explained(failed({ status: 200, outcome: "truncated", reason: "response-stalled" }));
  expect(about?.cause).toBe("The client got an incomplete response. The origin stopped in the middle of its answer.");
});

it("what went well needs no explanation", () => {
  expect(explained(failed({ status: 200, outcome: "completed" }))).toBeUndefined();
});
