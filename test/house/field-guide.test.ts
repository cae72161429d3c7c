/** The field guide is what the zoo measured: page, data and the products' measured defaults agree, and name checks that exist. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checks } from "../../src/doctor/checks/all.ts";
import { editionsOf, lookedUp, productNamed } from "../../src/doctor/products/all.ts";
import { measuredDefaults as taken } from "../../src/doctor/products/measured.ts";
import { withMeasured } from "../../src/doctor/products/with-measured.ts";
import { throughChecks } from "../../src/doctor/through/all.ts";
import { drainLosesNothing } from "../../src/doctor/through/checks/drain.ts";
import { type FieldGuide, GUIDE_SCHEMA, guideText } from "../zoo/guide.ts";
import { measuredDefaults, measuredFile } from "../zoo/measured-file.ts";
import { fieldGuidePage } from "../zoo/page.ts";
import { surprises } from "../zoo/surprises.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const data = read("docs/field-guide.json");
const guide = JSON.parse(data) as FieldGuide;
const claims = new Map([...checks, ...throughChecks, drainLosesNothing(() => {})].map(({ id, claim }) => [id, claim]));
const examined = guide.specimens.flatMap(({ server, through }) => [server, through]).filter((one) => one !== undefined);

/** Some servers look at the time once a second. */
const SLACK_MS = 1_000;

it("the page is the data, as it is written today", () => {
  expect(guide.schema).toBe(GUIDE_SCHEMA);
  expect(read("docs/field-guide.md")).toBe(fieldGuidePage(guide));
  expect(data).toBe(guideText(guide));
});

it("names every check that there is, with its claim, and no other", () => {
  expect(new Map(Object.entries(guide.checks))).toEqual(claims);
  const found = new Set(examined.flatMap(({ findings }) => findings.map(({ id }) => id)));
  expect([...found].filter((id) => !claims.has(id))).toEqual([]);
  // HW002 is for TLS, which nobody in the zoo speaks.
  expect([...claims.keys()].filter((id) => !found.has(id))).toEqual(["HW002"]);
});

it("says what surprises of each check that a proxy fails", () => {
  const failing = new Set(
    guide.specimens.flatMap(({ through }) =>
      (through?.findings ?? []).filter(({ verdict }) => verdict === "fail").map(({ id }) => id),
    ),
  );
  const said = surprises(guide).join("\n");
  expect(failing.size).toBeGreaterThan(0);
  expect([...failing].filter((id) => !said.includes(`(${id})`))).toEqual([]);
});

it("everyone who lives there was examined, and the doctor's own fault is nowhere", () => {
  expect(guide.specimens.filter(({ server, through }) => server === undefined && through === undefined)).toEqual([]);
  expect(guide.specimens.length).toBeGreaterThan(1);
  expect(data).not.toContain("a fault of the doctor's own");
});

describe("what --chain knows of measured defaults", () => {
  it("is what was measured", () => {
    expect(read("src/doctor/products/measured.ts")).toBe(measuredFile(guide));
    expect(taken).toEqual(measuredDefaults(guide));
    expect(taken.length).toBeGreaterThan(0);
  });

  it("agrees with what was looked up", () => {
    for (const { product, version, idle_ms, grace_ms = 0, requestsMax } of taken) {
      const known = lookedUp.find(({ name }) => name === product);
      const side = known && editionsOf(known, version)[0]?.clients;
      expect(side, product).toBeDefined();
      const [found_ms, read_ms] = [Number(idle_ms) + grace_ms, Number(side?.idle_ms) + (side?.grace_ms ?? 0)];
      expect(
        Math.abs(found_ms - read_ms),
        `${product} ${version}: ${found_ms}, looked up ${read_ms}`,
      ).toBeLessThanOrEqual(SLACK_MS);
      // Some count the requests that follow the first.
      if (requestsMax !== undefined && side?.requestsMax !== undefined)
        expect([0, 1], product).toContain(requestsMax - side.requestsMax);
    }
  });

  it("is what a chain counts with", () => {
    for (const { product, version } of taken) {
      const side = editionsOf(productNamed(product) ?? expect.fail(product), version)[0]?.clients;
      expect(side?.known[0], product).toBe("measured");
      expect(side?.of, product).toContain(version);
    }
  });
});

it("of versions that differ, the one that closes first counts", () => {
  const node = lookedUp.find(({ name }) => name === "node") ?? expect.fail("node");
  const rows = [
    { product: "node", version: "22.1.0", idle_ms: 9_000, advertises: "timeout" as const },
    { product: "node", version: "20.1.0", idle_ms: 7_000, advertises: "nothing" as const },
    { product: "node", version: "27.0.0", idle_ms: 65_000, advertises: "timeout" as const },
  ];
  const late = { ...rows[0], product: "node", version: "22.1.0", idle_ms: 5_500, advertises: "nothing" as const };
  expect(withMeasured(node, [late]).editions[0]?.clients?.idle_ms).toBe(5_000);
  expect(withMeasured(node, [{ ...late, idle_ms: 6_500 }]).editions[0]?.clients?.idle_ms).toBe(6_500);
  expect(withMeasured(node, [{ ...late, advertises: "timeout" }]).editions[0]?.clients?.idle_ms).toBe(5_500);
  const [before, after] = withMeasured(node, rows).editions;
  expect(before?.clients).toMatchObject({ idle_ms: 7_000, advertises: "nothing", of: "Node 20.1.0, 22.1.0" });
  expect(before?.clients?.grace_ms).toBeUndefined();
  expect(before?.origins).toEqual(node.editions[0]?.origins);
  expect(after?.clients).toMatchObject({ idle_ms: 65_000, of: "Node 27.0.0", known: ["measured", "documented"] });
});
