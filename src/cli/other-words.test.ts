/** Those who know another program are told what its word is called here: each word names one option that there is, and none of ours. */
import { expect, it } from "vitest";
import { calledElsewhere, calledHere } from "./other-words.ts";
import { programWith } from "./program.ts";

const program = programWith(async () => {});
const ours = program.commands
  .filter((command) => ["proxy", "forward"].includes(command.name()))
  .flatMap(({ options }) => options.map(({ long = "" }) => long.replace(/^--/, "")));
const theirs = Object.values(calledElsewhere).flat();

it("each leads to an option of the proxies", () => {
  expect(Object.keys(calledElsewhere).filter((name) => !ours.includes(name))).toStrictEqual([]);
});

it("each leads to one, and is no option itself", () => {
  expect(theirs.filter((name) => ours.includes(name))).toStrictEqual([]);
  expect(new Set(theirs).size).toBe(theirs.length);
});

it("however it is spelled", () => {
  expect(["port", "Proxy_Pass", "constructor", "nonsense"].map(calledHere)).toStrictEqual([
    "listen",
    "to",
    undefined,
    undefined,
  ]);
});
