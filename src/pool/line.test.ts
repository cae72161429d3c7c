/** Whose turn it is among those who wait for room. */
import { describe, expect, it } from "vitest";
import { Waiter, WaitingLine } from "./line.ts";

const LENGTH_MAX = 1_024;

/** A line in which `names` wait; the first letter is the client. */
function lineOf(...names: string[]) {
  const line = new WaitingLine<string>();
  const waiters = names.map((name) => new Waiter(name, name.charAt(0)));
  for (const waiter of waiters) expect(line.join(waiter)).toEqual({ hasJoined: true });
  return { line, waiters };
}

/** All in the order in which they are served; each that was served is held by its client from then on. */
function served(names: string[], held: Record<string, number> = {}): string[] {
  const { line, waiters } = lineOf(...names);
  const order: string[] = [];
  while (line.size > 0) {
    const next = line.next((client) => held[client] ?? 0) ?? "";
    const client = next.charAt(0);
    order.push(next);
    held[client] = (held[client] ?? 0) + 1;
    line.leave(waiters[names.indexOf(next)] as Waiter<string>);
    line.noteServed(client);
  }
  return order;
}

describe("the next one", () => {
  it("of one client is the one that came first", () => {
    expect(served(["a1", "a2", "a3"])).toEqual(["a1", "a2", "a3"]);
  });

  it("is of the client that holds least, however many others came before", () => {
    expect(served(["a1", "a2", "a3", "b1"], { a: 5 })).toEqual(["b1", "a1", "a2", "a3"]);
  });

  it("is of each client in turn where they hold as much", () => {
    expect(served(["a1", "a2", "b1", "b2", "c1"])).toEqual(["a1", "b1", "c1", "a2", "b2"]);
  });
});

describe("a full line", () => {
  const names = (client: string, count: number) => Array.from({ length: count }, (_, i) => `${client}${i + 1}`);

  it("has no room for the client that has most in it", () => {
    const { line } = lineOf(...names("a", LENGTH_MAX));
    expect(line.join(new Waiter("a1025", "a"))).toEqual({ hasJoined: false });
    expect(line.size).toBe(LENGTH_MAX);
  });

  it("has room for another, at the cost of the last one of that client", () => {
    const { line } = lineOf(...names("a", LENGTH_MAX - 1), "b1");
    expect(line.join(new Waiter("b2", "b"))).toEqual({ hasJoined: true, displaced: "a1023" });
    expect(line.size).toBe(LENGTH_MAX);
  });

  it("has none where that would only turn the tables", () => {
    const { line } = lineOf(...names("a", LENGTH_MAX / 2), ...names("b", LENGTH_MAX / 2));
    expect(line.join(new Waiter("b513", "b"))).toEqual({ hasJoined: false });
  });
});

it("those who leave twice leave once", () => {
  const { line, waiters } = lineOf("a1", "a2");
  for (let i = 0; i < 2; i++) line.leave(waiters[0] as Waiter<string>);
  expect([line.size, line.next(() => 0)]).toEqual([1, "a2"]);
});
