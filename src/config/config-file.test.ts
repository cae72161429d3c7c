// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how a file names its secrets
/** A file's data, the place of each value in it, and what is said of a file that cannot be read. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findConfigFile, readConfigFile } from "./config-file.ts";
import { readGatewayConfig } from "./gateway-config.ts";
import { problemsError } from "./problems.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What is said, without the folder. */
async function refusal(path: string, env = {}): Promise<string> {
  try {
    await readConfigFile(path, env);
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, "");
  }
  return "nothing";
}

const YAML = `# a site
groups:
  app: &app
    to: [ http://a:1, http://b:2 ]
  same: *app
routes:
  - match: { path: /a }
    to: app
  - to: same
admin: "127.0.0.1:9901"
`;
const DATA = {
  groups: { app: { to: ["http://a:1", "http://b:2"] }, same: { to: ["http://a:1", "http://b:2"] } },
  routes: [{ match: { path: "/a" }, to: "app" }, { to: "same" }],
  admin: "127.0.0.1:9901",
};

describe("the same data", () => {
  it.each([
    ["a.yaml", YAML],
    ["a.yml", YAML],
    ["a.json", JSON.stringify(DATA, undefined, 2)],
    ["a.js", `export default ${JSON.stringify(DATA)};`],
    ["a.mjs", `export default () => Promise.resolve(${JSON.stringify(DATA)});`],
  ])("in %s", async (name, text) => {
    expect((await readConfigFile(written(name, text))).value).toStrictEqual(DATA);
  });

  const stripsTypes = Number(process.versions.node.split(".")[0]) >= 24;
  it("in a.ts, or what to do where types are not read", async () => {
    const path = written("a.ts", `const data: object = ${JSON.stringify(DATA)};\nexport default data;`);
    if (stripsTypes) expect((await readConfigFile(path)).value).toStrictEqual(DATA);
    else if ((process.features as { typescript?: unknown }).typescript === undefined)
      expect(await refusal(path)).toBe(
        `a.ts is TypeScript, which Node ${process.versions.node} does not read: use Node 22.18 or later, or write YAML or JavaScript`,
      );
  });
});

describe("the place of", () => {
  it.each([
    [["admin"], "10:1"],
    [["groups", "app", "to", 1], "4:23"],
    [["groups", "app", "timeout"], "3:3"],
    [["routes", 0, "match", "path"], "7:14"],
    [["routes", 1], "9:5"],
    [["routes", 7], "6:1"],
    [[], "2:1"],
  ])("%j is %s", async (path, place) => {
    const file = await readConfigFile(written("a.yaml", YAML));
    expect(file.placeOf(path)).toBe(`${folder}/a.yaml:${place}`);
  });

  it("a value in an evaluated file is the file", async () => {
    const file = await readConfigFile(written("a.js", "export default {};"));
    expect(file.placeOf(["admin"])).toBe(`${folder}/a.js`);
  });
});

it("all that is wrong is said at once, each at its place", async () => {
  const file = await readConfigFile(written("a.yaml", YAML));
  const error = problemsError(
    [
      { path: ["admin"], message: "write a port" },
      { path: ["routes", 1, "to"], message: "there is no such group" },
    ],
    file,
  );
  expect(error.message.replaceAll(`${folder}/`, "")).toBe(
    "a.yaml:9:5: routes[1].to: there is no such group\na.yaml:10:1: admin: write a port",
  );
});

describe("secrets", () => {
  it("come from the environment and from files, into every text", async () => {
    written("token", "s3cret\n");
    const path = written("a.yaml", "a: ${NAME}\nb: [ 'x-${NAME}-${file:token}-y' ]\nc: { d: '$${NAME}' }\ne: 5\n");
    expect((await readConfigFile(path, { NAME: "n" })).value).toStrictEqual({
      a: "n",
      b: ["x-n-s3cret-y"],
      c: { d: "${NAME}" },
      e: 5,
    });
  });

  it("are told where they are not there, all at once", async () => {
    const path = written("a.yaml", "a: ${NAME}\nb:\n  - ${file:token}\nc: ${a b}\n");
    expect(await refusal(path)).toBe(
      [
        "a.yaml:1:1: a: there is no NAME in the environment: set it, or write the value here",
        "a.yaml:3:5: b[0]: ${file:token}: the file cannot be read (does not exist)",
        'a.yaml:4:1: c: "${a b}" names nothing: write ${NAME} or ${file:PATH}, or $${ for the characters themselves',
      ].join("\n"),
    );
  });
});

it("a comment as other languages have it is said to be none", () => {
  const { problems = [] } = readGatewayConfig({ to: "http://a", "// the site": 1, "/* more": 2 }, folder, 10_000);
  expect(problems.map(({ message }) => message)).toStrictEqual([
    '"// the site" is read as a key: a comment begins with #',
    '"/* more" is read as a key: a comment begins with #',
  ]);
});

describe("in texts about values", () => {
  const told = async (text: string, env: NodeJS.ProcessEnv, path: readonly (string | number)[], said: string) =>
    (await readConfigFile(written("a.yaml", text), env)).hide(path, said);

  it("long secrets stand by their names", async () => {
    const said = '"http://u:hunter22@a" is no URL: write http://hunter22';
    expect(await told("to: http://u:${PASS}@a", { PASS: "hunter22" }, ["to"], said)).toBe(
      '"http://u:${PASS}@a" is no URL: write http://${PASS}',
    );
  });

  it.each(["a", "is", "the"])('"%s" is not taken out of our own words', async (text) => {
    const said = `"x${text}" is not one, and the same as another: write a name`;
    expect(await told("name: x${X}", { X: text }, ["name"], said)).toBe(said);
  });

  it.each(["", "a", "80"])('"%s" that is all of a value is told by its name', async (text) => {
    expect(await told("port: ${PORT}", { PORT: text }, ["port"], `"${text}" is not a port`)).toBe(
      '"${PORT}" is not a port',
    );
  });
});

describe("is refused", () => {
  it.each([
    ["a.yaml", "a: [", "a.yaml:1:5: Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ["a.yaml", "a: 1\na: 2\n", "a.yaml:2:1: Map keys must be unique"],
    ["a.toml", "a = 1", "a.toml is of no kind that is known: write .yaml, .json, .js or .ts"],
    ["a.js", "export const a = 1;", "a.js cannot be evaluated: it has no default export: write export default { … }"],
    ["a.js", "export default { a: ", "a.js cannot be evaluated: Unexpected end of input"],
    ["a.js", "throw new TypeError('of its own')", "a.js cannot be evaluated: of its own"],
    ["a.js", "process.exit(7)", "a.js cannot be evaluated: it ended with 7"],
    [
      "a.js",
      "export default { onRequest() {} }",
      'a.js cannot be evaluated: "onRequest" is a function, and a file holds data: use hopwise as a library for hooks',
    ],
  ])("%s: %s", async (name, text, message) => {
    expect(await refusal(written(name, text))).toBe(message);
  });

  it("a folder, and what is larger than any configuration, also in the place of a secret", async () => {
    mkdirSync(join(folder, "f.yaml"));
    expect(await refusal(join(folder, "f.yaml"))).toBe("f.yaml cannot be read: it is a directory");
    const large = written("large.yaml", "a".repeat(4 * 1_048_576 + 1));
    const why = "is larger than 4 MiB, which no configuration is";
    expect(await refusal(large)).toBe(`large.yaml cannot be read: it ${why}`);
    const path = written("a.yaml", "to: ${file:large.yaml}\n");
    expect(await refusal(path)).toBe(`a.yaml:1:1: to: \${file:large.yaml}: the file cannot be read (${why})`);
  });

  it.skipIf(process.platform === "win32")("a device that never ends (skipped: there is none here)", async () => {
    const path = written("a.yaml", "to: ${file:/dev/zero}\n");
    expect(await refusal(path)).toMatch(/cannot be read \(is larger than 4 MiB/);
  });

  it("a file that is not there", async () => {
    expect(await refusal(join(folder, "b.yaml"))).toBe("b.yaml cannot be read: there is no such file");
  });

  it.skipIf(process.getuid?.() === 0)("one that may not be read (skipped: root may read all)", async () => {
    const path = written("a.yaml", "a: 1");
    chmodSync(path, 0);
    expect(await refusal(path)).toBe("a.yaml cannot be read: this user may not read it");
  });

  it.each([
    [
      "c.yaml",
      "to: http://a\nroutes: &all\n  - *all\n",
      "c.yaml:3:5: routes[0]: an alias stands in what it means itself: leave it out",
    ],
    [
      "m.yaml",
      "to: &to\n  a: { b: *to }\n",
      "m.yaml:2:8: to.a.b: an alias stands in what it means itself: leave it out",
    ],
    [
      "d.yaml",
      "to: http://a\n---\nto: http://b\n",
      "d.yaml:2:1: a second document begins here: write one, without ---",
    ],
    [
      "n.yaml",
      `to: ${"[".repeat(100)}${"]".repeat(100)}`,
      /^n\.yaml:1:[0-9]+: to\[0\]: lists and maps stand in each other more than 64 deep/,
    ],
    [
      "o.json",
      `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      /^o\.json: lists and maps stand in each other more than 64 deep/,
    ],
    [
      "j.js",
      `let a = 1; for (let i = 0; i < 1000; i++) a = [a]; export default { a };`,
      /^j\.js: a\[0\]: lists and maps/,
    ],
  ])("%s, which contains itself, goes too deep, or is two", async (name, text, said) => {
    const told = await refusal(written(name, text));
    if (typeof said === "string") expect(told).toBe(said);
    else expect(told).toMatch(said);
  });

  it("aliases that multiply", async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
    );
    const path = written("a.yaml", `l0: &l0 x\n${levels.join("\n")}\n`);
    expect(await refusal(path)).toBe("a.yaml: Excessive alias count indicates a resource exhaustion attack");
  });
});

describe("is found in the working folder", () => {
  it("where there is one", () => {
    written("hopwise.config.json", "{}");
    expect(findConfigFile(folder)).toBe("hopwise.config.json");
  });

  it("not where there are two, or none", () => {
    expect(() => findConfigFile(folder)).toThrow("write hopwise.config.yaml here, or name a file with -c");
    written("hopwise.config.json", "{}");
    written("hopwise.config.yaml", "{}");
    expect(() => findConfigFile(folder)).toThrow(
      "there are hopwise.config.yaml and hopwise.config.json: name one of them with -c",
    );
  });
});
