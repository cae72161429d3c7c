/** The Dockerfile's steps can be followed: what it copies is there, what it runs exists, and what comes of it serves. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { proxy } from "./running.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopwise-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Step {
  /** `COPY`, `RUN`. */
  readonly does: string;
  readonly what: string;
}

/** The steps of each stage. */
const stages = readFileSync(join(root, "Dockerfile"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .reduce<Step[][]>((all, line) => {
    const [, does = "", what = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (does === "FROM") all.push([]);
    all.at(-1)?.push({ does, what });
    return all;
  }, []);
const [build = [], image = []] = stages;
/** What the steps of a stage copy from the repository. */
const copiedIn = (stage: readonly Step[]) =>
  stage
    .filter(({ does, what }) => does === "COPY" && !what.startsWith("--from"))
    .flatMap(({ what }) => what.split(" ").slice(0, -1));
const said = (does: string) => image.find((step) => step.does === does)?.what ?? "";

it("builds from files that are there and are sent to the builder, by scripts that the package has", () => {
  expect(stages.length).toBe(2);
  const sent = readFileSync(join(root, ".dockerignore"), "utf8").match(/(?<=^!).+/gm);
  const copied = [...copiedIn(build), ...copiedIn(image)];
  expect(copied.filter((name) => !existsSync(join(root, name)))).toStrictEqual([]);
  expect([...copied].sort()).toStrictEqual([...(sent ?? [])].sort());
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const run = build.filter(({ does }) => does === "RUN").map(({ what }) => what);
  expect(run).toStrictEqual(["npm ci --ignore-scripts", "npm run build"]);
  expect(scripts).toHaveProperty("build");
  // What compiling needs beside the sources is what it is configured by.
  expect(readFileSync(join(root, "tsconfig.build.json"), "utf8")).toContain('"include": ["src"]');
});

/** A file and all that it leads to by relative imports. */
function reachedFrom(file: string, reached = new Set<string>()): ReadonlySet<string> {
  if (reached.has(file)) return reached;
  reached.add(file);
  const text = file.endsWith(".ts") ? readFileSync(join(root, file), "utf8") : "";
  for (const [, name = ""] of text.matchAll(/ from "(\.[^"]+)"/g)) reachedFrom(join(dirname(file), name), reached);
  return reached;
}

it("copies all that the build is configured by, and what that imports", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const commands: readonly string[] = scripts.build.split(" && ");
  const configs = commands.map((command) => / -[cp] (\S+)/.exec(command)?.[1] ?? "rolldown.config.ts");
  const reached = configs.flatMap((config) => [...reachedFrom(config)]);
  expect(reached).toContain("third-parties.ts");
  const copied = copiedIn(build);
  const isCopied = (file: string) => copied.some((one) => file === one || file.startsWith(`${one}/`));
  expect(reached.filter((file) => !isCopied(file))).toStrictEqual([]);
});

it.runIf(isLong)("the build itself succeeds where there is nothing but what it copies", () => {
  const source = join(folder, "source");
  mkdirSync(source);
  for (const name of copiedIn(build)) cpSync(join(root, name), join(source, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(source, "node_modules"));
  execFileSync("npm", ["run", "build"], { cwd: source, stdio: "pipe" });
  const built = ["cli/main.js", "index.js", "dashboard/index.html", "types/index.d.ts"];
  expect(built.filter((name) => !existsSync(join(source, "dist", name)))).toStrictEqual([]);
});

it("runs as somebody who is not root, as the first process, and is told to end by what drains it", () => {
  expect(["USER", "STOPSIGNAL", "ENTRYPOINT", "CMD"].map(said)).toStrictEqual([
    ...["1000:1000", "SIGTERM", '["hopwise"]', '["run"]'],
  ]);
});

it("what is in the image is a hopwise that runs by itself", () => {
  for (const { what } of image.filter(({ does }) => does === "COPY")) {
    const [target = "", ...sources] = what
      .replace(/^--from=build /, "")
      .split(" ")
      .reverse();
    for (const source of sources) {
      const to = join(folder, target.endsWith("/") ? join(target, basename(source)) : target);
      mkdirSync(join(to, ".."), { recursive: true });
      cpSync(join(root, source.replace(/^\/src\//, "")), to, { recursive: true });
    }
  }
  const [, program = "", file = "", link = ""] = /^chmod \+x (\S+) && ln -s (\S+) (\S+)$/.exec(said("RUN")) ?? [];
  expect(program).toBe(file);
  chmodSync(join(folder, program), 0o755);
  mkdirSync(join(folder, link, ".."), { recursive: true });
  symlinkSync(join(folder, file), join(folder, link));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const run = (...args: string[]) => execFileSync(join(folder, link), args, { encoding: "utf8" });
  expect(run("--version")).toBe(`${version}\n`);
  expect(JSON.parse(run("check", "--schema")).title).toBe("The file of hopwise run");
});

it("is healthy where hopwise serves, and not where nothing does", async () => {
  const { admin } = await proxy("--to", "http://127.0.0.1:9");
  const [, command = "[]"] = /CMD (\[.*\])$/.exec(said("HEALTHCHECK")) ?? [];
  const [, ...args] = JSON.parse(command) as string[];
  const healthOf = async (address: string) => {
    const child = spawn(process.execPath, args, { env: { HOPWISE_ADMIN: address }, stdio: "ignore" });
    return (await once(child, "exit"))[0];
  };
  const { host } = new URL(admin ?? "");
  expect([await healthOf(host), await healthOf(host.split(":")[1] ?? ""), await healthOf("127.0.0.1:9")]).toEqual([
    0, 0, 1,
  ]);
});
