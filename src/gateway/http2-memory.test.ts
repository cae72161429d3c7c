/** One budget for what all HTTP/2 connections hold: when it is counted, and who goes. */
import { beforeEach, expect, it } from "vitest";
import { Http2Memory, type MemoryHolder } from "./http2-memory.ts";

const MAX = 800;
let gone: string[];
let counts: number;
let memory: Http2Memory;
beforeEach(() => {
  gone = [];
  counts = 0;
  memory = new Http2Memory(() => MAX);
});

function holding(clientKey: string, name: string, bytes: number): void {
  const holder: MemoryHolder = {
    clientKey,
    countHeld() {
      counts++;
      return bytes;
    },
    giveMemory() {
      gone.push(name);
      memory.delete(holder);
    },
  };
  memory.add(holder);
  memory.note(bytes);
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("nobody goes, and nothing is counted, within the limit", async () => {
  holding("a", "a1", 400);
  holding("b", "b1", 400);
  await turn();
  expect([gone, counts]).toEqual([[], 0]);
});

it("beyond it the connection goes that holds most of those of the client that holds most, behind the event", async () => {
  holding("quiet", "q1", 300);
  holding("greedy", "g1", 200);
  holding("greedy", "g2", 250);
  holding("greedy", "g3", 100);
  expect(gone).toEqual([]);
  await turn();
  // 850 were held, and 700 may be.
  expect(gone).toEqual(["g2"]);
});

it("as many go as it takes", async () => {
  for (const name of ["c1", "c2", "c3", "c4"]) holding("c", name, 400);
  holding("d", "d1", 100);
  await turn();
  expect(gone).toEqual(["c4", "c3", "c2"]);
});

it("what was noted too high is counted first, and costs nobody a connection", async () => {
  holding("a", "a1", 10);
  memory.note(10_000);
  await turn();
  expect([gone, counts]).toEqual([[], 1]);
  memory.note(780);
  await turn();
  expect(counts).toBe(1);
});
