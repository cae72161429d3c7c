/** The three forms of a report: what stands in them, how wide they are, and what never gets in. */
import { stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { styled, Terminal } from "../../src/cli/terminal.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { htmlReport } from "../../src/doctor/report/html.ts";
import { type Report, reportOf } from "../../src/doctor/report/report.ts";
import { terminalReport } from "../../src/doctor/report/terminal.ts";
import { examineMannered, examineVirtually } from "./virtual-world.ts";

/** A server that says everything that must not be shown, and everything that a page or a terminal would act on. */
const HOSTILE = [
  "HTTP/1.1 200 <script>alert(1)</script>\u001b[2J",
  "Server: <img src=x onerror=alert(2)>",
  "Set-Cookie: session=cookie-secret; Path=/",
  "Authentication-Info: nextnonce=auth-secret",
  "X-Api-Key: key-secret",
  "Location: https://user:url-secret@example.com/next?token=query-secret",
  `X-Long: ${"y".repeat(5_000)}`,
  "Content-Length: 11",
].join("\r\n");

let hostile: Report;
beforeAll(async () => {
  hostile = await examineVirtually(
    (socket) => {
      socket.handler = {
        onData: (octets) => {
          for (const _ of octets.latin1Slice().match(/\r\n\r\n/g) ?? [])
            socket.write(`${HOSTILE.replace("\u001b[2J", "")}\r\n\r\nbody-secret`);
        },
        onEnd: () => socket.end(),
        onDrain: () => {},
        onClose: () => {},
      };
    },
    { header: ["Authorization: Bearer own-secret", "X-Tenant: tenant-secret"], quick: true },
    "/page?query-secret=1",
  );
});

const forms: readonly [string, (report: Report) => string][] = [
  ["the terminal", (report) => terminalReport(report, 80, styled).join("\n")],
  ["JSON", (report) => JSON.stringify(report)],
  ["HTML", htmlReport],
];

describe.each(forms)("%s", (_name, write) => {
  it("shows no credentials, cookies, query strings, passwords and bodies", () => {
    const text = write(hostile);
    expect(text.match(/[a-z]+-secret/g)).toBeNull();
  });
});

describe("the terminal", () => {
  it("stays within 80 columns, in printable characters", () => {
    const lines = terminalReport(hostile, 200, (_style, text) => text);
    expect(lines.filter((line) => line.length > 80)).toStrictEqual([]);
    expect(lines.filter((line) => /[^\x20-\x7e]/.test(line))).toStrictEqual([]);
  });

  it("has the same text with colours and without", () => {
    const plain = terminalReport(hostile, 80, (_style, text) => text);
    expect(terminalReport(hostile, 80, styled).map(stripVTControlCharacters)).toStrictEqual(plain);
  });

  it("says that nothing is to be changed of what is known alone, where it was stopped", () => {
    const lines = (isComplete: boolean) =>
      terminalReport({ ...hostile, findings: [], isComplete }, 80, (_style, line) => line);
    expect(lines(true)).toContain("  Nothing to change.");
    expect(lines(false)).toContain("  Nothing to change in what is known.");
  });

  it("leaves one line between its parts, also where there are no figures to show", async () => {
    const report = await examineMannered({ head: "body" }, { only: ["HW4"], skip: ["HW405", "HW406", "HW407"] });
    for (const known of [report, hostile, { ...report, findings: [] }]) {
      const text = terminalReport(known, 80, (_style, line) => line).join("\n");
      expect(text).not.toContain("\n\n\n");
    }
  });

  it("says in its first screen what matters: the grade with its reason, figures, problems with their fixes", async () => {
    const report = await examineMannered({ idle_ms: 6_000, terms: "timeout=5" }, { product: "node" });
    expect(
      terminalReport(report, 80, (_style, text) => text)
        .slice(0, 18)
        .join("\n"),
    ).toBe(
      `http://127.0.0.1:8001/  grade B
node; 10.0 s, 35 connections, 1,142 requests

  at most B, because idle connections end before the pools in front give them up
    (HW202)
  1 advice, 19 pass, 3 info

  idle timeout              advertised 5.0 s, closed after 6.0 s with FIN
  requests per connection   1100 requests on one connection, and no end of it
  silent connection         longer than 10.0 s, which is as long as was waited
  half a head               longer than 10.0 s, which is as long as was waited
  close on request          announced, and closed with FIN at once
  HTTP/1.0                  closed with FIN

HW202 advice  6.0 s is too short behind AWS ALB (60 s), nginx (60 s)
  Behind such a neighbour some requests meet a connection that is just closing,
  and fail as 502 although nothing is broken.
  -> node: server.keepAliveTimeout = 65000;`,
    );
  });
});

describe("HTML", () => {
  it("has nothing that runs, and asks nobody for anything", () => {
    const page = htmlReport(hostile);
    expect(page).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    );
    const tags = [...page.matchAll(/<([a-z][a-z0-9]*)([^>]*)>/gi)];
    const known =
      "html head meta title style body header main h1 h2 h3 p table tbody tr th td article a span pre ul li code";
    expect(tags.map(([, name = ""]) => name).filter((name) => !known.split(" ").includes(name))).toStrictEqual([]);
    const attributes = tags.flatMap(([, , text = ""]) => [...text.matchAll(/([\w-]+)="([^"]*)"/g)]);
    expect(
      attributes.filter(
        ([, name = "", value = ""]) => /^(on|src|style)/.test(name) || (name === "href" && !value.startsWith("#")),
      ),
    ).toStrictEqual([]);
    expect(page).not.toMatch(/url\(|@import/);
    expect(page).toContain("&lt;script&gt;");
  });

  it("escapes whatever a finding says", () => {
    const finding: Finding = {
      ...{ id: "HW101", section: "persistence", verdict: "fail", values: {} },
      ...{ claim: "<b>&\"'", measured: "</p><script>", consequence: "\u202e<i>", reference: "<u>" },
      fixes: [{ product: "<a>", text: "<s>", setting: "<code>" }],
      evidence: [{ connection: 1, lines: [{ at_ms: 1, direction: "received", text: "</pre><script>", bytes: 1 }] }],
    };
    const page = htmlReport(
      reportOf({
        ...hostile,
        target: "<title>",
        findings: [finding],
        skipped: [{ id: "<x>", claim: "<y>", because: "<z>" }],
      }),
    );
    for (const raw of ["<script", "<b>&", "<i>", "<u>", "<a>", "<s>", "<x>", "<y>", "<z>", "\u202e"])
      expect(page).not.toContain(raw);
  });
});

describe("JSON", () => {
  it("is as its version says: new fields may come, these stay", async () => {
    const report = await examineMannered({ idle_ms: 6_000, terms: "timeout=5" }, { only: ["HW202", "HW602"] });
    const { startedAt, took_ms, findings, ...rest } = report;
    const [finding] = findings;
    expect(startedAt).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(took_ms).toBeGreaterThan(5_000);
    expect(rest).toStrictEqual({
      schema: "hopwise-doctor/1",
      mode: "server",
      doctor: { name: "hopwise-doctor", version: expect.any(String) },
      target: "http://127.0.0.1:8001/",
      isComplete: true,
      cost: { connections: expect.any(Number), requests: expect.any(Number) },
      grade: "B",
      caps: [{ id: "HW202", grade: "B", because: "idle connections end before the pools in front give them up" }],
      skipped: [
        { id: "HW602", claim: "Idle connections do not keep a newcomer from being served.", because: "needs --load N" },
      ],
    });
    expect(finding).toStrictEqual({
      id: "HW202",
      section: "time",
      claim: expect.any(String),
      verdict: "advice",
      measured: "6.0 s is too short behind AWS ALB (60 s), nginx (60 s)",
      values: { idle_timeout_ms: 6_000, is_exact: true },
      consequence: expect.any(String),
      fixes: expect.any(Array),
      cap: { grade: "B", because: "idle connections end before the pools in front give them up" },
      evidence: [{ connection: expect.any(Number), lines: expect.any(Array) }],
    });
    expect(finding?.evidence[0]?.lines.at(-1)).toStrictEqual({
      at_ms: expect.any(Number),
      direction: "note",
      text: "the other side closes (FIN)",
      bytes: 0,
    });
  });

  it("is what a terminal would not act on either", () => {
    const lines: string[] = [];
    const stream = { write: (text: string) => void lines.push(text), on() {}, listenerCount: () => 1 };
    new Terminal({ isJson: true }, stream as never, stream as never).json(hostile);
    expect(lines.join("")).not.toMatch(/[^\x20-\x7e\n]/);
  });
});
