/**
 * How many processors this process may use: those of the machine, less where it is pinned to some of them, and less where its control
 * group (a container's `--cpus`, a pod's limit, systemd's `CPUQuota`) gives it less time than they have.
 *
 * More processes than that only wait for each other, and are stopped together when the time of a period is used up. Deliberately absent:
 * shares and weights, which limit nothing while others are idle.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { posix } from "node:path";

/** The text of a file of the system; it cannot be read: undefined. */
export type ReadText = (path: string) => string | undefined;

/** At least one. */
export function processorsAllowed(available = availableParallelism(), read: ReadText = readText): number {
  const quota = Math.min(...quotas(read));
  // Half a processor more is worth a process; a tenth is not.
  return Number.isFinite(quota) ? Math.max(1, Math.min(available, Math.round(quota))) : available;
}

/** Processors' worth of time, as each control group around this process allows. */
function quotas(read: ReadText): number[] {
  const groups = lines(read("/proc/self/cgroup")).map((line) => line.split(":"));
  return lines(read("/proc/self/mountinfo")).flatMap((line) => {
    const [front = "", behind = ""] = line.split(" - ");
    const [, , , root = "", mountedAt = ""] = front.split(" ");
    const [kind, , options = ""] = behind.split(" ");
    const isOne = kind === "cgroup2";
    if (!isOne && !(kind === "cgroup" && options.split(",").includes("cpu"))) return [];
    const [, , path = "/"] =
      groups.find(([, names = ""]) => (isOne ? names === "" : names.split(",").includes("cpu"))) ?? [];
    const quotaOf = isOne ? unifiedQuota : separateQuota;
    return foldersTo(mountedAt, inside(path, root)).flatMap((folder) => quotaOf(folder, read) ?? []);
  });
}

/** A container may see where its group is outside, while what is mounted begins there. */
function inside(path: string, root: string): string {
  if (root === "/") return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : "/";
}

/** The folder and all that it is in, up to where the file system is mounted. */
function foldersTo(mountedAt: string, path: string): string[] {
  const parts = posix
    .normalize(path)
    .split("/")
    .filter((part) => part !== "" && part !== "..");
  return [mountedAt, ...parts.map((_, index) => posix.join(mountedAt, ...parts.slice(0, index + 1)))];
}

/** cgroup v2: `QUOTA PERIOD`, in microseconds, or `max`. */
function unifiedQuota(folder: string, read: ReadText): number | undefined {
  const [quota = "max", period] = (read(`${folder}/cpu.max`) ?? "max").trim().split(" ");
  return quotient(quota, period);
}

/** cgroup v1; without a limit the quota is -1. */
function separateQuota(folder: string, read: ReadText): number | undefined {
  return quotient(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`));
}

function quotient(quota: string | undefined, period: string | undefined): number | undefined {
  const value = Number(quota) / Number(period);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

function lines(text = ""): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
