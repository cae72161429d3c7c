/** Access logs, examined line by line: races, lifetimes and failures from what stands there, and lines that are none. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { examineLog } from "../../src/doctor/between/examine-log.ts";
import { LastEnds } from "../../src/doctor/between/last-ends.ts";
import { LineReader } from "../../src/doctor/between/line-reader.ts";
import type { Report } from "../../src/doctor/report/report.ts";

const ORIGIN = "http://127.0.0.1:3000";
const START_MS = Date.parse("2026-11-30T03:00:00.000Z");

/** An exchange that began so many milliseconds after the log's beginning, and took 10 ms. */
function exchange(at_ms: number, { more = {}, on = {} }: { more?: object; on?: object } = {}) {
  return {
    ...{ type: "exchange", id: 1, time: new Date(START_MS + at_ms).toISOString(), client: "10.0.0.7", method: "GET" },
    ...{ target: "/page?token=secret", version: "1.1", status: 200, outcome: "completed", duration_ms: 10, sent_ms: 0 },
    ...{ requestBytes: 0, responseBytes: 2, retries: 0, downstream: { id: 1, exchange: 2 } },
    upstream: { id: 2, exchange: 1, endpoint: ORIGIN, reused: false, opened: "pool-empty", ...on },
    ...more,
  };
}

/** A connection to the origin that is gone, or a client's. */
function connection(at_ms: number, id: number, closed: string, ended: string, hop: "upstream" | "downstream") {
  const whose = hop === "upstream" ? { endpoint: ORIGIN } : { client: "10.0.0.7:50000" };
  const time = new Date(START_MS + at_ms).toISOString();
  return { type: "connection", time, id, opened: "pool-empty", hop, ...whose, closed, ended, exchanges: 1, age_ms: 1 };
}

const log = (...lines: readonly (object | string)[]) =>
  lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");

async function* inPieces(text: string, size = 100): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const examined = (...lines: readonly (object | string)[]) =>
  examineLog(inPieces(log(...lines)), { name: "access.log" });

const told = ({ findings }: Report, id: string) =>
  findings.filter((finding) => finding.id === id).map(({ verdict, measured }) => `${verdict}: ${measured}`);

const RACE = {
  retries: 1,
  lost: [{ id: 2, exchange: 2, endpoint: ORIGIN, reused: true, after_ms: 1, fault: "ECONNRESET" }],
};

describe("a log", () => {
  it("tells of a race that was saved, how long its connection had idled, and what would end it", async () => {
    const report = await examined(
      exchange(0),
      exchange(5_010, { more: RACE, on: { id: 3, opened: "retry" } }),
      connection(10_020, 3, "peer-closed-idle", "peer-fin", "upstream"),
    );
    expect(told(report, "HW852")).toStrictEqual([
      "advice: 1 of 2 requests met a close (GET 1): 1 sent again and answered, 0 lost; their connections had idled 5.0 s",
    ]);
    const race = report.findings.find(({ id }) => id === "HW852");
    expect(race?.consequence).toBe(
      "They are requests of 10.0.0.7 (1): behind a proxy that does not send again all 1 would have failed with 502.",
    );
    expect(race?.fixes.map(({ setting }) => setting)).toContain("keepalive_timeout 4s;");
    expect(told(report, "HW851")).toStrictEqual([`pass: ${ORIGIN} closes connections that have idled 5.0 s`]);
    expect(report).toMatchObject({ mode: "between", target: "access.log", took_ms: 5_020, grade: "C" });
    expect(JSON.stringify(report)).not.toContain("secret");
  });

  it("tells of a race that was lost: a POST is never sent twice", async () => {
    const lost = { method: "POST", status: 502, outcome: "answered", reason: "upstream-closed", fault: "ECONNRESET" };
    const report = await examined(exchange(0), exchange(5_010, { more: lost, on: { exchange: 2, reused: true } }));
    expect(told(report, "HW852")).toStrictEqual([
      "fail: 1 of 2 requests met a close (POST 1): 0 sent again and answered, 1 lost; their connections had idled 5.0 s",
    ]);
    // It is told of once.
    expect(told(report, "HW858")).toStrictEqual([
      "pass: all 2 requests did, but for those that were lost to a close (HW852)",
    ]);
  });

  it("takes a connection that is lost while the origin works for no race", async () => {
    const broken = { ...RACE, lost: RACE.lost.map((attempt) => ({ ...attempt, after_ms: 3_000 })) };
    const report = await examined(exchange(0), exchange(5_010, { more: broken, on: { id: 3 } }));
    expect(told(report, "HW852")).toStrictEqual(["pass: none of 2 requests met a close"]);
    expect(told(report, "HW858")[0]).toContain(
      "advice: 1 request went out again since the origin closed while it worked",
    );
  });

  it("does not blame an idle timeout for connections that had hardly idled", async () => {
    const report = await examined(
      exchange(0),
      exchange(50, { more: RACE, on: { id: 3, opened: "retry" } }),
      connection(60_060, 3, "peer-closed-idle", "peer-fin", "upstream"),
    );
    const race = report.findings.find(({ id }) => id === "HW852");
    expect(race?.fixes.map(({ text }) => text)).toStrictEqual([
      "Find out what else closes the origin's connections: a restart, or a limit of requests or age.",
    ]);
  });

  it("tells how long clients keep connections, and that they would run into the origin's close", async () => {
    const report = await examined(
      exchange(0),
      connection(5_010, 2, "peer-closed-idle", "peer-fin", "upstream"),
      connection(60_010, 1, "peer-closed-idle", "peer-fin", "downstream"),
    );
    expect(told(report, "HW854")).toStrictEqual(["advice: clients closed 1 connection that had idled 60 s"]);
  });

  it("tells of each failure by its reason, the most frequent first", async () => {
    const refused = {
      status: 502,
      outcome: "answered",
      reason: "connect-failed",
      fault: "ECONNREFUSED",
      upstream: undefined,
    };
    const gone = (duration_ms: number) => ({ status: 0, outcome: "client-gone", duration_ms });
    const report = await examined(
      ...Array.from({ length: 2 }, (_, index) => exchange(index, { more: refused })),
      ...Array.from({ length: 5 }, (_, index) => exchange(index, { more: gone(30_000 + index) })),
      exchange(9, { more: { status: 404 } }),
    );
    expect(told(report, "HW858")).toStrictEqual([
      `advice: 5 of 8 requests: client-gone, ${ORIGIN}; they left after 30 s, which looks like a timeout`,
      "fail: 2 of 8 requests: connect-failed (502, ECONNREFUSED)",
    ]);
  });

  it("tells of connections that hardly carry more than one request, and why", async () => {
    const entries = Array.from({ length: 12 }, (_, index) => [
      exchange(index * 100, { on: { id: 10 + index } }),
      connection(index * 100 + 20, 10 + index, "close-received", "own-fin", "upstream"),
    ]);
    const report = await examined(...entries.flat());
    expect(told(report, "HW856")).toStrictEqual([
      "advice: 12 requests on 12 connections, 1 on each; closed: close-received 12",
    ]);
  });
});

describe("what is no line of hopwise's", () => {
  it("is counted, and named by its line", async () => {
    const report = await examined(exchange(0), "not json {", { level: 30, msg: "of another program" }, "", "half a li");
    expect(told(report, "HW850")).toStrictEqual([
      "advice: 5 lines: 1 for exchanges, 0 for connections; none for connections, so times of idle ones are not known; 2 lines are not JSON (line 2, 5); 1 line of something else",
    ]);
  });

  it.each([
    ["null", null],
    ["a list", []],
    ["no time", exchange(0, { more: { time: "yesterday" } })],
    ["another outcome", exchange(0, { more: { outcome: "well" } })],
    ["an endpoint that is a number", exchange(0, { on: { endpoint: 3000 } })],
    ["an attempt that is none", exchange(0, { more: { lost: [null] } })],
    ["a negative time", exchange(0, { more: { duration_ms: -1 } })],
  ])("is not believed: %s", async (_what, entry) => {
    const report = await examined(exchange(0), entry === null ? "null" : entry);
    expect(report.findings[0]?.values).toMatchObject({ exchanges: 1, of_something_else: 1 });
  });

  it.each([
    ["", "it is empty"],
    ['127.0.0.1 - - [30/Nov/2026:03:00:07 +0000] "GET / HTTP/1.1" 200 6\n', "it looks like --log-format common"],
    ["02:59:56 GET  localhost:8090/users 200\n", "it looks like --log-format pretty"],
    ['{"level":30}\n', "its JSON is not of hopwise's access log"],
  ])("a log of %j tells of no exchange", async (text, problem) => {
    await expect(examineLog(inPieces(text), { name: "access.log" })).rejects.toThrow(problem);
  });
});

describe("a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-log-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is read in pieces, and its last line need not end", async () => {
    const file = join(folder, "access.log");
    writeFileSync(file, log(exchange(0), exchange(100)).trimEnd());
    expect((await examineLog(file)).cost.requests).toBe(2);
  });

  it("that is not there is said to be missing", async () => {
    await expect(examineLog(join(folder, "none.log"))).rejects.toThrow(/none\.log cannot be read \(does not exist\)/);
  });
});

describe("ends of exchanges", () => {
  it("are remembered for as many connections as are open, and the oldest are forgotten", () => {
    const ends = new LastEnds(10);
    for (let id = 0; id < 25; id++) ends.note(id, 100);
    expect([0, 9, 10, 24].map((id) => ends.idled_ms(id, 150))).toStrictEqual([undefined, undefined, 50, 50]);
    ends.forget(24);
    expect(ends.idled_ms(24, 150)).toBeUndefined();
    expect(ends.idled_ms(23, 50)).toBeUndefined();
  });
});

describe("lines", () => {
  const linesOf = (text: string, size: number, max: number) => {
    const lines: (string | undefined)[] = [];
    const reader = new LineReader((line) => lines.push(line), max);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    reader.end();
    return lines;
  };

  it.each([1, 2, 3, 5, 100])("are the same in pieces of %d bytes", (size) => {
    expect(linesOf("é\r\n\nabc\nabcdefgh\nend", size, 6)).toStrictEqual(["é", "", "abc", undefined, "end"]);
  });
});
