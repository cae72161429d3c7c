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
    "gateway/downstream",
    "http1/http1-client-side",
    "http1/response-writing",
    "http1/client-terms",
    "gateway/client-limits",
  ];
  const behindTheOriginPort = [
    "http1/http1-origin-side",
    "http1/response-reader",
    "http1/request-writing",
    "http1/hop-persistence",
    "http1/connection-binding",
    "http1/origin-limits",
    "pool/pooled-connection",
    "pool/claim",
    "pool/endpoint",
  ];
  const both = [...behindTheClientPort, ...behindTheOriginPort, "http1/body-writing", "net/outbox"];

  it.each<[string, readonly string[]]>([
    ["exchange/exchange", both],
    ["exchange/request-relay", both],
    ["exchange/retry", both],
    ["exchange/tunnel", behindTheClientPort],
    ["exchange/tunnel-request", behindTheClientPort],
    ["exchange/begin-exchange", behindTheClientPort],
    ["http1/http1-origin-side", behindTheClientPort],
    ["http1/response-reader", behindTheClientPort],
  ])("%s", (name, beyond) => {
    const imported = graph.get(`${name}.ts`);
    expect(imported).toBeDefined();
    expect(beyond.filter((it) => imported?.has(`${it}.ts`))).toStrictEqual([]);
  });
});
