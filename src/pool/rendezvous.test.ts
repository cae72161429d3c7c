/** What moves when endpoints go, come, or get another weight: their own share, and nothing else. */
import { expect, it } from "vitest";
import { HASHED_CHARACTERS_MAX, hashOf, type Named, rendezvous } from "./rendezvous.ts";

interface Endpoint extends Named {
  readonly name: string;
}

const endpoint = (number: number, weight: number): Endpoint => {
  const name = `http://10.0.0.${number}:3000`;
  return { name, weight, nameHash: hashOf(name) };
};

const KEYS = 20_000;
const keys = Array.from({ length: KEYS }, (_, i) => hashOf(`user-${i}`));
const places = (endpoints: readonly Endpoint[]) => keys.map((key) => rendezvous(endpoints, key).name);
const shareOf = (name: string, of: readonly string[]) => of.filter((it) => it === name).length / KEYS;

const weights = [1, 2, 5, 1, 3];
const endpoints = weights.map((weight, index) => endpoint(index + 1, weight));
const total = weights.reduce((sum, weight) => sum + weight, 0);
const before = places(endpoints);

it("shares are as the weights", () => {
  for (const { name, weight } of endpoints) expect(Math.abs(shareOf(name, before) - weight / total)).toBeLessThan(0.01);
});

it.each(endpoints)("when $name goes, its keys alone move, to the others by their weights", ({ name, weight }) => {
  const left = endpoints.filter((it) => it.name !== name);
  const after = places(left);
  expect(keys.filter((_, i) => before[i] !== name && before[i] !== after[i])).toStrictEqual([]);
  for (const it of left) expect(Math.abs(shareOf(it.name, after) - it.weight / (total - weight))).toBeLessThan(0.015);
});

it("what comes takes its share, and gives nobody anything", () => {
  const newcomer = endpoint(9, 4);
  const after = places([...endpoints, newcomer]);
  const moved = after.filter((name, i) => name !== before[i]);
  expect([...new Set(moved)]).toStrictEqual([newcomer.name]);
  expect(Math.abs(moved.length / KEYS - 4 / (total + 4))).toBeLessThan(0.01);
});

it("what gets less weight hands out keys, and moves none between others", () => {
  const [first, ...others] = endpoints as [Endpoint, ...Endpoint[]];
  const after = places([{ ...first, weight: first.weight / 2 }, ...others]);
  const moved = before.filter((name, i) => name !== after[i]);
  expect([...new Set(moved)]).toStrictEqual([first.name]);
});

it("the order of the list says nothing", () => {
  expect(places(endpoints.toReversed())).toStrictEqual(before);
});

it("it is the same in every process, of every version", () => {
  expect([hashOf(""), hashOf("a"), hashOf("http://127.0.0.1:3000")]).toMatchInlineSnapshot(`
    [
      2872998923,
      444641715,
      263854406,
    ]
  `);
  expect(before.slice(0, 6).map((name) => name.slice("http://10.0.0.".length, -":3000".length))).toMatchInlineSnapshot(`
    [
      "3",
      "3",
      "3",
      "1",
      "3",
      "1",
    ]
  `);
});

it("what is hashed is bounded", () => {
  const long = "x".repeat(HASHED_CHARACTERS_MAX);
  expect(hashOf(`${long}a`)).toBe(hashOf(`${long}b`));
  expect(hashOf(`${long.slice(1)}a`)).not.toBe(hashOf(`${long.slice(1)}b`));
});
