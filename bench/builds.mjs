/** Building another state of hopwise, aside: a revision, or the working tree as it is. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** By `npm run build`; of these, older revisions have not all. */
const NEEDED = [
  ...[
    "src",
    "dashboard",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "rolldown.config.ts",
    "third-parties.ts",
  ],
];

/** The working tree, with what is not committed. */
export const WORKING_TREE = ".";

/**
 * Compiles `revision` in `directory`, with the packages that are installed here.
 *
 * @returns its command line program, and what to call it
 * @throws Error if there is no such revision, or it does not compile
 */
export function build(revision, directory) {
  mkdirSync(directory, { recursive: true });
  const label = revision === WORKING_TREE ? copyWorkingTree(directory) : unpack(revision, directory);
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  try {
    run("npm", ["run", "--silent", "build"], directory);
  } catch (error) {
    throw new Error(`${revision} does not compile: ${error.message}`);
  }
  return { label, program: join(directory, "dist/cli/main.js") };
}

function unpack(revision, directory) {
  const commit = run(
    "git",
    ["rev-parse", "--verify", "--quiet", `${revision}^{commit}`],
    root,
    `no revision ${revision}`,
  );
  const archive = join(directory, "archive.tar");
  const files = run("git", ["ls-tree", "--name-only", commit, ...NEEDED], root).split("\n");
  run("git", ["archive", "--output", archive, commit, ...files], root);
  run("tar", ["-xf", archive], directory);
  return run("git", ["log", "-1", "--format=%h %s", commit], root);
}

function copyWorkingTree(directory) {
  for (const name of NEEDED) cpSync(join(root, name), join(directory, name), { recursive: true });
  try {
    const isModified = run("git", ["status", "--porcelain", ...NEEDED], root) !== "";
    return `${run("git", ["log", "-1", "--format=%h %s"], root)}${isModified ? ", modified" : ""}`;
  } catch {
    // Unpacked from an archive, there are no revisions.
    return "the working tree";
  }
}

/** What a program said. @param complaint what is wrong if it fails; otherwise, its own words */
function run(command, args, cwd, complaint) {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  } catch (error) {
    throw new Error(
      complaint ?? (`${error.stdout ?? ""}${error.stderr ?? ""}`.trim().slice(0, 2_000) || error.message),
    );
  }
}
