/** What the demonstration shows of requests that anybody may send to it. */
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import type { ExchangeEntry, HopwiseProxy, ProxyStats } from "../../index.ts";
import { Terminal } from "../terminal.ts";
import { DemoScreen } from "./screen.ts";

/** Shows one exchange on a terminal with colours. */
function shownOf(entry: Partial<ExchangeEntry>): string {
  const stream = () => Object.assign(new PassThrough(), { isTTY: false, hasColors: () => true });
  const stdout = stream();
  let tell: (event: ExchangeEntry) => void = () => {};
  const proxy = {
    on(name: string, listener: typeof tell) {
      if (name === "exchange") tell = listener;
    },
  } as unknown as HopwiseProxy;
  const origin = { name: "node", temper: "", url: "http://127.0.0.1:1", close() {} };
  const terminal = new Terminal({}, stdout, stream());
  const screen = new DemoScreen(terminal, [{ origin, proxy, url: "http://127.0.0.1:2" }], () => ({}) as ProxyStats);
  screen.start();
  screen.stop();
  tell({ method: "", target: "", outcome: "answered", retries: 0, ...entry } as ExchangeEntry);
  return String(stdout.read());
}

it("is not coloured, hidden or moved by what stands in a target", () => {
  const shown = shownOf({
    method: "GET",
    target: "/\u001b[8m\u001b]0;\u009b2J",
    reason: "target-invalid",
  });
  expect(shown).toContain("GET /\\x1b[8m\\x1b]0;\\x9b2J: target-invalid\n");
  // What is left are marks of the screen's own.
  expect(shown.split("\u001b[31mfailed  \u001b[39m")).toHaveLength(2);
  expect(shown.split("\u001b")).toHaveLength(3);
});

it("is short, however long the target is", () => {
  expect(shownOf({ method: "GET", target: `/${"x".repeat(60_000)}`, reason: "target-too-long" }).length).toBeLessThan(
    120,
  );
});

it("tells how a request began that could not be read", () => {
  const shown = shownOf({ received: "\\x16\\x03\\x01", reason: "tls-on-plain-port" });
  expect(shown).toContain("\\x16\\x03\\x01: tls-on-plain-port");
});
