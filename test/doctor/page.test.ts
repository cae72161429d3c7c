/** docs/doctor.md says what there is: every check with its claim, and the example as it stands. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checks } from "../../src/doctor/checks/all.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const page = read("docs/doctor.md");

it("names each check, with what a healthy server does", () => {
  const rows = [...page.matchAll(/^\| (HW\d{3}) \| (.*) \| .*\|$/gm)].map(([, id, claim]) => `${id} ${claim}`);
  expect(rows).toStrictEqual(checks.map(({ id, claim }) => `${id} ${claim}`));
});

it("has the example that is tested", () => {
  expect(page).toContain(read("examples/doctor/vitest.test.mjs").trimEnd());
});
