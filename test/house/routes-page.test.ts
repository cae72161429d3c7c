/** docs/routes.md names every key of a route, and no other. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { routeSchema } from "../../src/config/route-schema.ts";

it("the table of all keys has them all", () => {
  const page = readFileSync(fileURLToPath(new URL("../../docs/routes.md", import.meta.url)), "utf8");
  const [, table = ""] = /## All keys\n([\s\S]*?)\n## /.exec(page) ?? [];
  const named = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = ""]) => [...cell.matchAll(/`(\w+)`/g)]);
  expect(named.map(([, key]) => key).toSorted()).toStrictEqual(Object.keys(routeSchema.shape).toSorted());
});
