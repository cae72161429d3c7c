/** `--workers auto`: as many processes as there is processor time for. */
import { describe, expect, it } from "vitest";
import { processorsAllowed } from "./processors.ts";

const unified = "35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const separate =
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

describe.each<readonly [what: string, files: Readonly<Record<string, string>>, of8: number]>([
  ["no control groups", {}, 8],
  [
    "no limit (v2)",
    { "/proc/self/mountinfo": unified, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n" },
    8,
  ],
  [
    "a container with a view of its own (v2)",
    { "/proc/self/mountinfo": unified, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "200000 100000\n" },
    2,
  ],
  [
    "a limit of something around it (v2)",
    {
      "/proc/self/mountinfo": unified,
      "/proc/self/cgroup": "0::/system.slice/hopwise.service\n",
      "/sys/fs/cgroup/system.slice/cpu.max": "300000 100000\n",
      "/sys/fs/cgroup/system.slice/hopwise.service/cpu.max": "max 100000\n",
    },
    3,
  ],
  [
    "less than one processor",
    { "/proc/self/mountinfo": unified, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "10000 100000\n" },
    1,
  ],
  [
    "one and a half",
    { "/proc/self/mountinfo": unified, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "150000 100000\n" },
    2,
  ],
  [
    "more than there are",
    { "/proc/self/mountinfo": unified, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "6400000 100000\n" },
    8,
  ],
  [
    "a limit (v1)",
    {
      "/proc/self/mountinfo": separate,
      "/proc/self/cgroup": "4:memory:/a\n3:cpu,cpuacct:/a\n0::/\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "400000\n",
      "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
    },
    4,
  ],
  [
    "a container that sees where it is outside (v1)",
    {
      "/proc/self/mountinfo": "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
      "/proc/self/cgroup": "1:cpu:/docker/abc\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "25000\n",
    },
    2,
  ],
])("%s", (_what, files, of8) => {
  it(`is ${of8} of 8`, () => {
    expect(processorsAllowed(8, (path) => files[path])).toBe(of8);
  });
});

it("of this machine is one at least, and no more than it has", () => {
  expect(processorsAllowed()).toBeGreaterThanOrEqual(1);
  expect(processorsAllowed(1)).toBe(1);
});
