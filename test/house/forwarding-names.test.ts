/** The guide names every field that strangers cannot set, and the list in the source holds each of them once. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { FORWARDING_NAMES, FORWARDING_PREFIXES } from "../../src/wire/forwarding-names.ts";

const guide = readFileSync(fileURLToPath(new URL("../../docs/guide.md", import.meta.url)), "utf8");
const rows = guide
  .split("\n")
  .filter((line) => /^\| (?:the client's|the scheme|the same, on one|the proxy that|any of it)/.test(line));
const named = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name.toLowerCase()));

it("the guide's table has exactly the names of the list", () => {
  expect(named.toSorted()).toStrictEqual([...FORWARDING_NAMES, ...FORWARDING_PREFIXES].toSorted());
});

it("no name is there twice, or is covered by a prefix", () => {
  expect(new Set(FORWARDING_NAMES).size).toBe(FORWARDING_NAMES.length);
  expect(
    FORWARDING_NAMES.filter((name) => FORWARDING_PREFIXES.some((prefix) => name.startsWith(prefix))),
  ).toStrictEqual([]);
});
