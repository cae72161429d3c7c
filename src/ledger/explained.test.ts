/** Each way to fail has a cause in words, and something to do about it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type AnswerReason, answerReasons } from "../exchange/answers.ts";
import { refusalCodes } from "../wire/refusals.ts";
import type { ExchangeEntry } from "./entries.ts";
import { explained } from "./explained.ts";
import { faultWords } from "./fault-words.ts";

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

it.each([
  ["rate-limited", "rateLimit"],
  ["route-rate-limited", "rateLimit of the route"],
  ["content-too-large", "maxBody"],
  ["too-slow", "--min-rate"],
  ["route-refused", "hopwise route METHOD URL"],
  ["network-forbidden", "allow and deny"],
  ["authentication-required", "users"],
  ["buffers-full", "requestBuffers"],
  ["route-line-full", "concurrency"],
  ["route-line-timeout", "concurrency"],
  ["hook-timeout", "hookTimeout"],
] as const)("%s is a limit of one's own, and the setting is named: %s", (reason, setting) => {
  expect(explained(failed({ reason }))?.todo).toContain(setting);
});

describe("an option that docs/reasons.md names beside a reason is named in what to do", () => {
  const page = readFileSync(new URL("../../docs/reasons.md", import.meta.url), "utf8");
  const [, answers = ""] = page.split("## Why hopwise answers by itself");
  const rows = [...answers.matchAll(/^\| `([a-z0-9-]+)` \| \d{3} \| (.*) \|$/gm)].map(
    ([, reason = "", cells = ""]) => ({
      reason: reason as AnswerReason,
      options: [...new Set([...cells.matchAll(/`(--[a-z0-9-]+)/g)].map(([, option = ""]) => option))],
    }),
  );
  /** Where the option is what the client met, and not what to change; and where it depends on the fault. */
  const others: ReadonlySet<string> = new Set(["https-redirect", "address-protected", "response-malformed"]);
  const named = rows.filter(({ reason, options }) => options.length > 0 && !others.has(reason));

  it("of most limits", () => expect(named.length).toBeGreaterThan(15));

  it.each(named)("$reason: $options", ({ reason, options }) => {
    const todo = explained(failed({ reason }))?.todo;
    for (const option of options) expect(todo).toContain(option);
  });
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

  it("an origin that asked for a certificate in vain, which TLS 1.3 says behind the request", () => {
    const fault = "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED";
    const about = explained(failed({ reason: "upstream-closed", fault, upstream }));
    expect(about?.detail).toContain("it asks for a certificate");
    expect(about?.todo).toContain("certificate");
    expect(about?.todo).not.toContain("crash");
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

describe("the words are true of what happened", () => {
  it("an origin's connection that ended in the middle of a body did not end in the middle of a head", () => {
    const some = { status: 200, outcome: "truncated", reason: "response-incomplete", fault: "ECONNRESET" } as const;
    const about = explained(failed(some));
    expect(about?.cause).toMatch(/in the middle of its answer's body\.$/);
    expect(about?.detail).toBe("ECONNRESET, it reset the connection.");
    expect(explained(failed({ reason: "response-incomplete" }))?.cause).toMatch(
      /in the middle of its answer's head\.$/,
    );
  });

  // What no bytes of the body have reached, or what is said about a whole answer, is not said of one that was cut.
  it.each(answerReasons)("an answer that was cut by %s is not said to be none", (reason) => {
    const about = explained(failed({ status: 200, outcome: "truncated", reason }));
    expect(about?.cause).toMatch(/^The client got an incomplete response\. [A-Z]/);
    if (reason === "drain-deadline" || reason === "gave-way")
      expect(about?.cause).not.toMatch(/not answered|request gave/);
  });

  it("a malformed answer says which rule it breaks", () => {
    const about = explained(failed({ reason: "response-malformed", fault: "status-line-malformed", upstream }));
    expect(about?.detail).toMatch(/^status-line-malformed: The status-line must be: /);
  });

  it.each([
    ["tls-on-plain-port", /^tls-on-plain-port: The origin's port speaks TLS/, /Write https:\/\//],
    ["http2-on-http1-port", /^http2-on-http1-port: The origin's port speaks HTTP\/2 alone/, /HTTP\/1\.1/],
    ["head-too-large", /^head-too-large: The head of the origin's answer/, /--max-head-size/],
  ])("the rule is the origin's to keep, not the client's: %s", (fault, detail, todo) => {
    const about = explained(failed({ reason: "response-malformed", fault, upstream }));
    expect(about?.detail).toMatch(detail);
    expect(about?.todo).toMatch(todo);
  });
});

it.each([...refusalCodes, ...faultWords])("a detail is one sentence: %s", (fault) => {
  const { detail } = explained(failed({ reason: "connect-failed", fault })) ?? { detail: "" };
  expect(detail.startsWith(fault)).toBe(true);
  expect(detail).toMatch(/[^.?!][.?!]$/);
});
