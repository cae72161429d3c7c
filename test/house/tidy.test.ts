/** What every file has in common: it says what it is, it is short, and it stands on its own. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const LINES_MAX = 450;

interface File {
  readonly name: string;
  readonly text: string;
}

function filesIn(folder: string, endings: RegExp): File[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => endings.test(name) && !name.includes("node_modules"))
    .map((name) => ({ name: `${folder}/${name}`, text: readFileSync(join(root, folder, name), "utf8") }));
}

const source = [...filesIn("src", /(?<!\.test)\.ts$/), ...filesIn("dashboard", /(?<!\.test|\.d)\.tsx?$/)];
const tests = [...filesIn("src", /\.test\.ts$/), ...filesIn("dashboard", /\.test\.ts$/), ...filesIn("test", /\.ts$/)];
const pages = [
  ...filesIn("docs", /\.md$/),
  ...filesIn("examples", /\.(?:ts|js|md|json)$/),
  ...filesIn("bench", /\.(?:ts|js|mjs|sh)$/),
  ...readdirSync(root)
    .filter((name) => /\.(?:md|json|ts)$/.test(name) && name !== "package-lock.json")
    .map((name) => ({ name, text: readFileSync(join(root, name), "utf8") })),
];

/** Without comments and strings, line by line as it was, so that only code is judged. */
function codeOf({ text }: File): string {
  const silent =
    /\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/.*$|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm;
  return text.replace(silent, (piece) => `""${piece.replace(/[^\n]/g, "")}`);
}

/** Lines of files at which `pattern` stands, as `file:line`. */
function placesOf(files: readonly File[], pattern: RegExp, of: (file: File) => string = ({ text }) => text): string[] {
  return files.flatMap((file) =>
    of(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file.name}:${index + 1}: ${line.trim()}`] : [])),
  );
}

it("there are files to judge", () => {
  for (const files of [source, tests, pages]) expect(files.length).toBeGreaterThan(10);
});

describe("source files", () => {
  it("begin with a comment that says what they are", () => {
    const silent = source.filter(({ text }) => !/^(?:#!.*\n)?\/\*\*[\s\S]{20,}?\*\//.test(text));
    expect(silent.map(({ name }) => name)).toStrictEqual([]);
  });

  it(`have at most ${LINES_MAX} lines`, () => {
    const long = source.map(({ name, text }) => ({ name, lines: text.split("\n").length - 1 }));
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toStrictEqual([]);
  });

  it("have no enum and no namespace: types are erased, nothing else", () => {
    expect(
      placesOf(source, /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?(?:enum|namespace)\s+\w/, codeOf),
    ).toStrictEqual([]);
  });

  it("have no `any`", () => {
    expect(placesOf(source, /(?:[:<|&,(]|\bas|\bextends)\s*any\b/, codeOf)).toStrictEqual([]);
  });

  it("silence no checker without saying why", () => {
    const places = placesOf([...source, ...tests], /@ts-(?:ignore|nocheck)|@ts-expect-error\s*$/);
    expect(places.filter((place) => !place.startsWith("test/house/"))).toStrictEqual([]);
  });
});

describe("tests", () => {
  it("none stands alone: no `.only`", () => {
    expect(placesOf(tests, /\b(?:it|test|describe)(?:\.\w+)*\.only\b/, codeOf)).toStrictEqual([]);
  });

  it("none is skipped without a reason on the line above", () => {
    const skipped = tests.flatMap((file) => {
      const lines = file.text.split("\n");
      return codeOf(file)
        .split("\n")
        .flatMap((line, index) => {
          const isSkip = /\b(?:it|test|describe)(?:\.\w+)*\.(?:skip|todo|fails)\(/.test(line);
          return isSkip && !/^\s*(?:\/\/|\*)/.test(lines[index - 1] ?? "") ? [`${file.name}:${index + 1}`] : [];
        });
    });
    expect(skipped).toStrictEqual([]);
  });
});

it("nothing names paths of the machine it was written on", () => {
  const own = /(?:^|[^\w.])\/(?:work|root|home|Users)\/|\/tmp\//;
  const places = placesOf([...source, ...tests, ...pages], own);
  expect(places.filter((place) => !place.startsWith("test/house/"))).toStrictEqual([]);
});

/** Files of one project share a worker's modules, and what is loaded once speaks to the first file alone. */
it("only test files have hooks at their top, but for those of tests that stay apart", () => {
  const shared = tests.filter(({ name }) => !name.endsWith(".test.ts") && name !== "test/kit/real-sockets.ts");
  const wrong = shared.filter((file) => /^(?:before|after)(?:Each|All)\(/m.test(codeOf(file)));
  expect(wrong.map(({ name }) => name)).toStrictEqual([]);
});

/** Variables with the program's own prefix are its options, and it warns of those that it does not know. */
it("tests have variables of their own, TESTS_...", () => {
  const wrong = tests.filter((file) => /process\.env\.HOPWISE_/.test(codeOf(file)));
  expect(wrong.map(({ name }) => name)).toStrictEqual([]);
});
