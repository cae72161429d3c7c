/** The check can fail: readers that are not linear are caught by the same shapes and the same measure as the proxy's own. */
import { describe, expect, it } from "vitest";
import { Bench, HEAD_LIMIT_MS, type Input } from "./measure.ts";
import { shapes } from "./shapes.ts";

/** What is found of a reader that gets as many shapes as each field of a message does; one of two fields gets the `half`. */
function faultsOf(read: (text: string) => unknown, half: number): string[] {
  const bench = new Bench(false, 2);
  const inputs = shapes
    .filter(({ turn }, index) => index === 0 || (index + half) % turn === 0)
    .map(
      ({ name, value }): Input => ({
        ...{ name, limit_ms: HEAD_LIMIT_MS },
        prepare(bytes) {
          const text = value(bytes);
          return () => read(text);
        },
      }),
    );
  bench.measureAlike(inputs as [Input, ...Input[]]);
  return bench.faults();
}

/** Costs the same whatever the text says. */
function lookedForInAll(text: string): number {
  let found = 0;
  for (let at = 0; at < text.length; at += 8) found += text.lastIndexOf("\n", text.length - at);
  return found;
}

describe("work that grows with the square of the bytes is caught", () => {
  it.each<[string, (text: string) => unknown]>([
    ["folded lines with white space before them", (text) => text.replace(/[ \t]*\r\n[ \t]+/g, " ")],
    ["a character that is nowhere, looked for before each position", lookedForInAll],
    ["quoted strings that do not end", (text) => text.replace(/"(?:[^"\\]|\\.)*"/g, "")],
    [
      "each member compared with those before",
      (text) => text.split(",").filter((it, at, all) => all.indexOf(it) === at),
    ],
  ])("%s", (_name, read) => {
    expect(faultsOf(read, 0)).not.toEqual([]);
    expect(faultsOf(read, 1)).not.toEqual([]);
  });

  it("pieces joined at every read", () => {
    const bench = new Bench(false);
    const prepare = (bytes: number) => () => {
      let kept = Buffer.alloc(0);
      for (let index = 0; index < bytes / 4; index++) kept = Buffer.concat([kept, Buffer.alloc(4)]);
    };
    bench.measure({ name: "joined", limit_ms: HEAD_LIMIT_MS, prepare });
    expect(bench.faults()).toHaveLength(1);
  });
});

it("work that is linear, but heavy, is caught", () => {
  const heavy = (text: string) => Array.from(text, (character) => JSON.parse(JSON.stringify([character, [character]])));
  expect(faultsOf(heavy, 0)).not.toEqual([]);
});

describe("work that is linear is not", () => {
  it.each<[string, (text: string) => unknown]>([
    ["members of a list", (text) => text.split(",").map((member) => member.trim())],
    ["different members", (text) => new Set(text.split(",")).size],
    ["what stands between quotes", (text) => text.split('"').length],
  ])("%s", (_name, read) => expect(faultsOf(read, 1)).toEqual([]));
});
