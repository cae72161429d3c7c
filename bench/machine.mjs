/** What a run was made on, and with what: figures without it mean nothing. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";
import { placement } from "./programs.mjs";

const root = new URL("../", import.meta.url);

export function describeMachine() {
  const [first] = cpus();
  return {
    date: new Date().toISOString(),
    cores: cpus().length,
    model: first?.model.trim() ?? "unknown",
    architecture: arch(),
    kernel: `${type()} ${release()}`,
    memory_bytes: totalmem(),
    /** Other work at the start: it should be near 0. */
    load: loadavg()[0],
    placement: placement ?? null,
  };
}

export function describeProject() {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  return {
    version,
    commit: git("rev-parse", "--short", "HEAD"),
    isModified: git("status", "--porcelain", "src") !== "",
  };
}

function git(...args) {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}
