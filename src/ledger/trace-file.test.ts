/** The file of a trace: whole at any moment, bounded, and ended where it is closed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { faultsOf, readTrace } from "../../test/kit/read-trace.ts";
import { acceptedFacts } from "../connection/connection-record.ts";
import { Life } from "../connection/life.ts";
import { beginRecord, endRecord, type OwnRecord } from "../exchange/record-notes.ts";
import type { Clock } from "../net/ports.ts";
import { TraceFile, traceFileOf } from "./trace-file.ts";

/** Each look at it takes a millisecond. */
class SteadyClock implements Clock {
  private ms = 0;
  now = () => ++this.ms;
  date = () => 1_700_000_000_000 + this.ms;
  after = () => () => {};
  afterArrivals = () => {};
}

async function traced(bytesMax?: number) {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-trace-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "trace.json");
  writeFileSync(file, "of an earlier process");
  const clock = new SteadyClock();
  const states: string[] = [];
  const trace = await TraceFile.open({
    ...{ file, clock, ...(bytesMax === undefined ? {} : { bytesMax }) },
    onState: (state) => states.push(state),
    onDropped: (events) => states.push(`${events} dropped`),
  });
  const { observer } = trace;
  const client = new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 4_000 }, clock.now()));
  observer.connectionOpened(client);
  let id = 0;
  const context = { clock, observer, newExchangeId: () => ++id } as unknown as Parameters<typeof beginRecord>[0];
  const begun = (): OwnRecord => {
    const record = beginRecord(context, client, undefined, "a.test");
    record.method = "GET";
    record.target = "/a?token=secret";
    return record;
  };
  const exchange = () => endRecord(context, begun());
  return { trace, states, file, exchange, begun, text: () => readFileSync(file, "utf8") };
}

it("begins anew, can be read while it grows, and has its bracket once it is closed", async () => {
  const { trace, states, exchange, begun, text } = await traced();
  exchange();
  await vi.waitFor(() => expect(text()).toContain("GET /a"));
  expect(text()).not.toContain("earlier");
  expect(text().endsWith("]\n")).toBe(false);
  expect(faultsOf(readTrace(text()))).toEqual([]);
  begun();
  await trace.close();
  const events = JSON.parse(text());
  expect(faultsOf(readTrace(text()))).toEqual([]);
  expect(events.at(-1).name).toBe("the trace ends");
  expect(events.filter((one: { args?: object }) => one.args !== undefined && "unfinished" in one.args).length).toBe(1);
  expect(states).toEqual([]);
});

it("shows no query", async () => {
  const { trace, exchange, text } = await traced();
  exchange();
  await trace.close();
  expect(text()).toContain('"GET /a?…"');
  expect(text()).not.toContain("secret");
});

it("ends at its limit, says so once, and writes nothing more", async () => {
  const { trace, states, exchange, text } = await traced(10_000);
  for (let i = 0; i < 1_000; i++) exchange();
  await trace.close();
  expect(states).toEqual(["full"]);
  expect(Buffer.byteLength(text())).toBeLessThan(10_200);
  expect(JSON.parse(text()).at(-1).name).toBe("the trace is full: 10000 bytes");
  expect(faultsOf(readTrace(text()))).toEqual([]);
});

it.each([
  ["trace.json", "trace.3.json"],
  ["/var/log/a.b.json", "/var/log/a.b.3.json"],
  ["/var/lo.g/trace", "/var/lo.g/trace.3"],
])("each worker has a file of its own: %s", (file, own) => {
  expect([traceFileOf(file, 0), traceFileOf(file, 3)]).toEqual([file, own]);
});
