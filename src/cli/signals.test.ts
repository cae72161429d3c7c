/** Signals that come while a command still starts are neither lost nor obeyed too early. */
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, expect, it } from "vitest";
import { nothingAnew, type Renewal, Signals } from "./signals.ts";
import { Terminal } from "./terminal.ts";

afterEach(() => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"])
    process.removeAllListeners(signal);
});

function starting() {
  const lines: string[] = [];
  const write = (text: string) => lines.push(stripVTControlCharacters(text.trimEnd())) > 0;
  const output = Object.assign(new PassThrough(), { write });
  const terminal = new Terminal({}, output, output);
  const done: string[] = [];
  const renewal: Renewal = {
    reopenLogs: () => [done.push("reopened") > 0 ? "log" : ""],
    reread: () => [done.push("reread") > 0 ? "file" : ""],
  };
  return { signals: new Signals(terminal), renewal, lines, done };
}

it("what came while the command started is done once, as soon as it runs", () => {
  const { signals, renewal, lines, done } = starting();
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  process.emit("SIGUSR1");
  expect(done).toEqual([]);
  expect(new Set(lines)).toEqual(
    new Set(["SIGHUP: as soon as this has started", "SIGUSR1: as soon as this has started"]),
  );
  signals.renews(renewal);
  expect(done).toEqual(["reopened", "reread", "reopened"]);
  process.emit("SIGHUP");
  expect(done.slice(3)).toEqual(["reopened", "reread"]);
  expect(lines.at(-1)).toBe("SIGHUP: log and file anew");
});

it("a command that can do nothing anew says so", () => {
  const { signals, lines } = starting();
  signals.renews(nothingAnew);
  process.emit("SIGUSR1");
  expect(lines).toEqual(["SIGUSR1: there is nothing to read again; SIGTERM drains"]);
});
