import { expect, it } from "vitest";
import { Manners } from "./manners.ts";

const bodiless = (manners: Manners, times: number) =>
  Array.from({ length: times }, () => manners.noteBodiless()).filter((may) => may).length;

it("an endpoint shows sixteen times that nothing follows its responses without a body, and then is trusted", () => {
  expect(bodiless(new Manners(), 100)).toBe(16);
});

it("one that said too much is distrusted for a minute, and must show it anew", () => {
  const manners = new Manners();
  bodiless(manners, 100);
  expect(manners.isDistrusted(0)).toBe(false);
  manners.noteSurplus(0);
  expect([0, 59_999, 60_000].map((now) => manners.isDistrusted(now))).toStrictEqual([true, true, false]);
  expect(bodiless(manners, 100)).toBe(16);
});
