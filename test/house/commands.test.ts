/** `npm test` is short and needs nothing but its own runtime; `npm run test:all` has all the rest; CI runs both. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import configuration from "../../vitest.config.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
const WAIT_MS_MAX = 2_000;

/** Projects that need other programs, other runtimes or more time. */
const notShort = ["interop", "runtimes", "browser", "soak"];
/** Projects that have a long form as well. */
const inBoth = ["cli", "guard", "load", "conformance", "doctor", "simulation", "fuzz", "work"];

const projects = (configuration.test?.projects ?? []) as { test: { name: string } }[];
const all = projects.map(({ test: { name } }) => name);
const short = projectsOf(scripts.test ?? "");
const rest = projectsOf(scripts["test:all"] ?? "");

function projectsOf(command: string): string[] {
  return [...command.matchAll(/--project (\S+)/g)].map(([, name = ""]) => name);
}

describe("npm test and npm run test:all", () => {
  it("have every project between them, those with a long form twice", () => {
    expect([...short, ...rest].toSorted()).toEqual([...all, ...inBoth].toSorted());
  });

  it("the short one needs no other program or runtime, and the other one has all that do, in their long forms", () => {
    expect(short.filter((name) => notShort.includes(name))).toEqual([]);
    expect(rest.toSorted()).toEqual([...notShort, ...inBoth].toSorted());
    expect(scripts["test:all"]).toMatch(/^TESTS_LONG=1 /);
  });

  it("CI runs both", () => {
    const lines = readFileSync(join(root, ".ci/run"), "utf8").split("\n");
    const commands = lines.flatMap((line) => /^(?:timeout \d+m )?(npm (?:run )?test\S*)/.exec(line)?.[1] ?? []);
    expect(commands).toEqual(["npm test", "npm run test:all"]);
  });
});

it(`no short test waits for more than ${WAIT_MS_MAX} ms at a time`, () => {
  // Of projects whose folders have their names, and of the tests beside the sources.
  const folders = [
    ...short.filter((name) => !name.startsWith("unit")).map((name) => `test/${name}`),
    "src",
    "test/kit",
  ];
  const waits = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => (folder === "src" ? name.endsWith(".test.ts") : /\.(?:ts|mjs)$/.test(name)))
      .flatMap((name) => waitsIn(`${folder}/${name}`)),
  );
  expect(waits).toEqual([]);
});

/** Literal waits that are too long, as `file: call`. */
function waitsIn(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/\b(?:pause|sleep|untilStill|setTimeout)\((?:[^()]*,\s*)?([\d_]+)\)/g)]
    .filter(([, duration = ""]) => Number(duration.replaceAll("_", "")) > WAIT_MS_MAX)
    .map(([call]) => `${file}: ${call}`);
}
