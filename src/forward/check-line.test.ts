/** Whose credentials are checked next: networks take turns, and nobody fills the line for all others. */
import { describe, expect, it } from "vitest";
import { CheckLine } from "./check-line.ts";

/** Adds a check named as its address, `times` of it. @returns the checks that have no place */
function adds(line: CheckLine<string>, address: string, times = 1): string[] {
  return Array.from({ length: times }, () => line.add(address, address)).filter((it) => it !== undefined);
}

function take(line: CheckLine<string>): string | undefined {
  const check = line.next();
  line.done();
  return check;
}

function takeAll(line: CheckLine<string>): string[] {
  const all: string[] = [];
  for (let check = take(line); check !== undefined; check = take(line)) all.push(check);
  return all;
}

describe("one client has four places", () => {
  it.each([
    ["its address", () => "192.0.2.1"],
    ["any address of its /64", (index: number) => `2001:db8:0:1::${index.toString(16)}`],
    ["its address in IPv6", () => "::ffff:192.0.2.1"],
    ["a Unix socket", () => "unknown"],
  ])("%s", (_name, addressOf) => {
    const line = new CheckLine<number>();
    const turnedAway = Array.from({ length: 10 }, (_, index) => line.add(index, addressOf(index)));
    expect(turnedAway).toEqual([undefined, undefined, undefined, undefined, 4, 5, 6, 7, 8, 9]);
  });

  it("and keeps the one that is being checked until it is done", () => {
    const line = new CheckLine<string>();
    adds(line, "192.0.2.1", 4);
    line.next();
    expect(adds(line, "192.0.2.1")).toEqual(["192.0.2.1"]);
    line.done();
    expect(adds(line, "192.0.2.1")).toEqual([]);
  });
});

describe("networks take turns", () => {
  it("so one with many waiting does not keep another back", () => {
    const line = new CheckLine<string>();
    adds(line, "192.0.2.1", 3);
    adds(line, "192.0.2.2", 2);
    adds(line, "198.51.100.1", 2);
    expect(takeAll(line)).toEqual([
      "192.0.2.1",
      "198.51.100.1",
      "192.0.2.1",
      "198.51.100.1",
      "192.0.2.1",
      "192.0.2.2",
      "192.0.2.2",
    ]);
  });

  it("and a newcomer never goes before one whose turn has come", () => {
    const line = new CheckLine<string>();
    adds(line, "192.0.2.1", 2);
    for (let index = 0; index < 3; index++) {
      adds(line, `198.51.100.${index}`);
      take(line);
    }
    // Two turns of the first network are over, though others came in all the time.
    expect(takeAll(line)).not.toContain("192.0.2.1");
  });
});

describe("a full line", () => {
  const guesser = (index: number) => `2001:db8:0:${index.toString(16)}::1`;

  it("makes room for another network, where one /48 has filled it from many addresses", () => {
    const line = new CheckLine<string>();
    for (let index = 0; index < 64; index++) expect(adds(line, guesser(index))).toEqual([]);
    expect(adds(line, guesser(64))).toEqual([guesser(64)]);
    expect(adds(line, "192.0.2.1")).toEqual([guesser(63)]);
    expect(adds(line, "192.0.2.1")).toEqual([guesser(62)]);
    expect([take(line), take(line), take(line)]).toEqual([guesser(0), "192.0.2.1", guesser(1)]);
  });

  it("does not interrupt what is being checked", () => {
    const line = new CheckLine<string>();
    for (let index = 0; index < 64; index++) adds(line, guesser(index));
    expect(line.next()).toBe(guesser(0));
    for (let index = 0; index < 62; index++) expect(adds(line, `192.0.${index}.1`)).toEqual([guesser(63 - index)]);
    expect(adds(line, "198.51.100.1")).toEqual(["198.51.100.1"]);
  });

  it("of as many networks as there are places turns newcomers away", () => {
    const line = new CheckLine<string>();
    for (let index = 0; index < 64; index++) adds(line, `192.0.${index}.1`);
    expect(adds(line, "198.51.100.1")).toEqual(["198.51.100.1"]);
  });
});
