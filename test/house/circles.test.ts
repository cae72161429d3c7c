/** Files that import each other in a circle can only be understood together: three at most, types included. */
import { expect, it } from "vitest";
import { graphOf, src } from "./graph.ts";

const CIRCLE_MAX = 3;
/** The lab's drawing lays out what its parts measure. */
const APART = "lab/";

const graph = graphOf(src);

/** Everything that can be reached from `from`, and itself only by a circle. */
function reachedFrom(from: string): Set<string> {
  const reached = new Set<string>();
  const open = [from];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const next of graph.get(file) ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(next);
    }
  }
  return reached;
}

it(`no circle of imports has more than ${CIRCLE_MAX} files`, () => {
  const reached = new Map([...graph.keys()].map((file) => [file, reachedFrom(file)]));
  const circles = new Set<string>();
  for (const [file, others] of reached) {
    const circle = [...others].filter((other) => reached.get(other)?.has(file)).sort();
    if (circle.length > CIRCLE_MAX && !file.startsWith(APART)) circles.add(circle.join(", "));
  }
  expect([...circles]).toStrictEqual([]);
});

it("what becomes of a request knows its client through the port alone", () => {
  const behindThePort = ["downstream", "http1-client-side", "response-writing", "client-terms", "client-limits"];
  const beyond = ["exchange", "response-relay", "request-relay", "tunnel", "tunnel-request", "begin-exchange"];
  const wrong = beyond.flatMap((name) => {
    const imported = graph.get(`proxy/${name}.ts`);
    expect(imported, name).toBeDefined();
    return behindThePort.filter((it) => imported?.has(`proxy/${it}.ts`)).map((it) => `${name} imports ${it}`);
  });
  expect(wrong).toStrictEqual([]);
});
