/** Files that import each other in a circle can only be understood together: three at most, types included. */
import { describe, expect, it } from "vitest";
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

describe("what becomes of a request is decided between two ports", () => {
  const behindTheClientPort = [
    "proxy/downstream",
    "proxy/http1-client-side",
    "proxy/response-writing",
    "proxy/client-terms",
    "proxy/client-limits",
  ];
  const behindTheOriginPort = [
    "proxy/http1-origin-side",
    "proxy/response-reader",
    "proxy/request-writing",
    "proxy/hop-persistence",
    "proxy/connection-binding",
    "pool/pooled-connection",
    "pool/claim",
    "pool/endpoint",
  ];
  const both = [...behindTheClientPort, ...behindTheOriginPort, "proxy/body-writing", "net/outbox"];

  it.each<[string, readonly string[]]>([
    ["exchange", both],
    ["request-relay", both],
    ["retry", both],
    ["tunnel", behindTheClientPort],
    ["tunnel-request", behindTheClientPort],
    ["begin-exchange", behindTheClientPort],
    ["http1-origin-side", behindTheClientPort],
    ["response-reader", behindTheClientPort],
  ])("%s", (name, beyond) => {
    const imported = graph.get(`proxy/${name}.ts`);
    expect(imported).toBeDefined();
    expect(beyond.filter((it) => imported?.has(`${it}.ts`))).toStrictEqual([]);
  });
});
