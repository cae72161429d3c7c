/** The demonstration fits a terminal of 80 columns, whatever it has to count. */
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { createProxy } from "../../index.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { statsOf } from "../../ledger/stats.ts";
import { nodeClock } from "../../net/node-clock.ts";
import { Terminal } from "../terminal.ts";
import { comparisonLine, comparisonRows, Tally } from "./comparison.ts";
import { startOrigins } from "./origins.ts";
import { DemoScreen } from "./screen.ts";

const COLUMNS = 80;

/** Both streams of a terminal, and what was written to it. */
function terminalOf(columns: number, isTTY = true) {
  const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY, columns, hasColors: () => false });
  const lines = () => stripVTControlCharacters(String(stream.read() ?? "")).split("\n");
  return { terminal: new Terminal({}, stream, stream), lines };
}

function tally(requests: number, failed: number): Tally {
  const counted = new Tally();
  for (let count = 0; count < requests; count++) counted.count(count < failed ? "socket hang up" : undefined);
  return counted;
}

const comparison = { hopwise: tally(1_240, 0), naive: tally(1_240, 17) };

it("no line is wider than 80 columns", async () => {
  const origins = await startOrigins();
  const { terminal, lines } = terminalOf(COLUMNS);
  const pairs = origins.map((origin) => ({
    origin,
    proxy: createProxy({ to: origin.url, port: 0 }),
    url: "http://127.0.0.1:65535",
  }));
  const screen = new DemoScreen(terminal, pairs, () => statsOf(new Ledger(nodeClock)));
  screen.compares(comparison);
  screen.introduce(undefined, true);
  screen.naiveFailed("POST /orders to silent", "socket hang up");
  screen.finish();
  const written = lines();
  expect(written.join("\n")).toContain("different keep-alive behaviour");
  for (const line of written) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
  for (const origin of origins) origin.close();
});

it("failures are counted side by side", () => {
  expect(comparisonRows(comparison).map(stripVTControlCharacters)).toStrictEqual([
    "through hopwise        1,240 requests, 0 failed",
    "through a naive proxy  1,240 requests, 17 failed (socket hang up)",
  ]);
  expect(stripVTControlCharacters(comparisonLine({ hopwise: tally(1, 0), naive: tally(1, 1) }))).toBe(
    "through hopwise: 1 request, 0 failed · through a naive proxy: 1 request, 1 failed (socket hang up)",
  );
  expect(comparisonRows({ hopwise: tally(1, 0), naive: undefined })).toStrictEqual([]);
});
