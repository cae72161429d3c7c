/**
 * Each check against a server that is sick in just the way it looks for, which must be caught, and against its healthy twin, which
 * must not.
 */
import { describe, expect, it } from "vitest";
import { checks } from "../../src/doctor/checks/all.ts";
import { all, impatient, sicknesses, told } from "./sicknesses.ts";
import { findingOf } from "./virtual-network.ts";
import { examineMannered } from "./virtual-world.ts";

/** Checks without a sick server here, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  HW001: "a server of HTTP/1.0 alone: real-sockets.test.ts",
  HW002: "TLS needs real sockets: real-sockets.test.ts",
};

it("a healthy server passes every check", async () => {
  const { findings, grade, skipped } = await examineMannered({}, all);
  const wrong = findings
    .filter(({ verdict }) => verdict !== "pass")
    .map(({ id, verdict, measured }) => `${id} ${verdict}: ${measured}`);
  expect(wrong).toStrictEqual([]);
  expect(grade).toBe("A");
  expect(skipped).toStrictEqual([]);
});

it("a healthy server of HTTP/1.0 breaks no rule of HTTP/1.1", async () => {
  const report = await examineMannered({ speaks: "HTTP/1.0" }, all);
  const wrong = report.findings.filter(({ verdict }) => verdict === "fail" || verdict === "advice");
  expect(wrong.map(({ id }) => id)).toStrictEqual(["HW001", "HW101"]);
});

it("a server that parts with some connections, and says so, keeps what it advertises to the others", async () => {
  const report = await examineMannered({ partsEvery: 3 }, { ...all, only: ["HW201", "HW202", "HW301"] });
  expect(report.findings.map(({ id, verdict }) => `${id} ${verdict}`)).toStrictEqual([
    "HW201 pass",
    "HW202 pass",
    "HW301 pass",
  ]);
});

describe("a healthy server that is slow has no fault", () => {
  it.each([3_000, 8_000])("with %i ms for each answer", async (thinks_ms) => {
    // HW405 is right about it: who waits for 100 Continue does so in vain.
    const { findings } = await examineMannered({ thinks_ms }, { ...all, skip: ["HW2", "HW405"] });
    const wrong = findings
      .filter(({ verdict }) => verdict === "fail" || verdict === "advice")
      .map(({ id, verdict, measured }) => `${id} ${verdict}: ${measured}`);
    expect(wrong).toStrictEqual([]);
  });
});

it("one connection that ends early, for a reason of its own, is not taken for a limit", async () => {
  const report = await examineMannered({ lapsesAt: 10, requestsMax: 100 }, { ...all, only: ["HW203"] });
  expect(findingOf(report, "HW203")).toMatchObject({
    verdict: "pass",
    measured:
      "100 requests on a connection; the last response says close; another connection ended after 9 responses, for a reason of its own",
    values: { requests: 100, is_announced: true },
  });
});

describe("connections that a server parts with now and then, as Puma does while others wait, have no number", () => {
  it.each([
    [
      [10],
      "pass",
      "1100 requests on one connection, and no end of it; another connection said close after 10 responses, for a reason of its own",
    ],
    [[20, 10], "info", "10 requests on one connection and 20 on another; the last responses say close"],
    [[10, 10], "advice", "10 requests on a connection; the last response says close"],
  ] as const)("%j: %s", async (partsBehind, verdict, measured) => {
    const report = await examineMannered({ partsBehind }, { ...all, only: ["HW203"] });
    expect(findingOf(report, "HW203")).toMatchObject({ verdict, measured });
  });
});

it("bodies with HEAD are a fault of that alone", async () => {
  const report = await examineMannered({ head: "body" }, { ...all, skip: ["HW403"] });
  const wrong = report.findings.filter(({ verdict }) => verdict !== "pass");
  expect(wrong.map(({ id, measured }) => `${id}: ${measured}`)).toStrictEqual([]);
  expect(findingOf(report, "HW203").measured).toBe("1100 requests on one connection, and no end of it");
  expect(findingOf(report, "HW402").measured).toBe("3 responses in order");
});

it.each([
  [4_862, 150, "pass"],
  [4_862, 5, "fail"],
  [4_600, 150, "fail"],
])("a promise of 5 s, kept for %i ms behind a response that took %i ms: %s", async (idle_ms, thinks_ms, verdict) => {
  // The server's time begins before a busy machine has seen the response.
  const manners = { idle_ms, thinks_ms, terms: "timeout=5" };
  expect(findingOf(await examineMannered(manners, { ...all, only: ["HW201"] }), "HW201").verdict).toBe(verdict);
});

it("a close right behind each response is no idle timeout", async () => {
  const only = ["HW101", "HW201", "HW202", "HW301"];
  const { findings } = await examineMannered({ afterResponse: "closes unannounced" }, { ...all, only });
  expect(findings.map(({ id, verdict, measured }) => `${id} ${verdict}: ${measured}`).toSorted()).toStrictEqual([
    "HW101 fail: the second request on a connection: no response, FIN; the response before it did not say close",
    "HW201 not-measurable: connections do not persist",
    "HW202 not-measurable: connections do not persist, so nobody keeps them",
    "HW301 not-measurable: connections do not persist",
  ]);
});

it("a page without content has no fault", async () => {
  const report = await examineMannered({ noContent: "" }, { ...all, only: ["HW4"] });
  expect(report.findings.filter(({ verdict }) => verdict === "fail" || verdict === "advice")).toStrictEqual([]);
});

it("a healthy server that gives idle connections up after a second breaks no rule", async () => {
  const { findings, grade } = await examineMannered(impatient, all);
  const wrong = findings
    .filter(({ verdict }) => verdict === "fail" || verdict === "advice")
    .map(({ id, verdict, measured }) => `${id} ${verdict}: ${measured}`);
  expect(wrong).toStrictEqual(["HW202 advice: 1.2 s is too short behind AWS ALB (60 s), nginx (60 s)"]);
  expect(grade).toBe("B");
});

describe("a sick server is caught", () => {
  it.each(sicknesses)("$id $measured", async ({ id, manners, verdict, measured, grade }) => {
    const report = await examineMannered(manners, { ...all, only: [id] });
    const finding = findingOf(report, id);
    expect({ verdict: finding.verdict, measured: finding.measured, grade: report.grade }).toStrictEqual({
      verdict,
      measured,
      grade: grade ?? "B",
    });
    expect(finding.consequence).not.toBe("");
    expect(finding.fixes).not.toStrictEqual([]);
  });
});

describe("what the RFC leaves open is told and not judged", () => {
  it.each(told)("$id $measured", async ({ id, manners, measured }) => {
    const report = await examineMannered(manners, { ...all, only: [id] });
    const finding = findingOf(report, id);
    expect({ verdict: finding.verdict, measured: finding.measured, grade: report.grade }).toStrictEqual({
      verdict: "info",
      measured,
      grade: "A",
    });
  });
});

it("each check has a sickness that it must catch", () => {
  const caught = new Set([...sicknesses, ...told].map(({ id }) => id));
  expect(checks.map(({ id }) => id).filter((id) => !caught.has(id) && !(id in elsewhere))).toStrictEqual([]);
});
