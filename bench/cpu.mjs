/**
 * What a proxy costs, from /proc: processor time and memory of its processes, children and threads included.
 *
 * Where there is no /proc nothing can be said, and the bench says so.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";

export const canMeasureCpu = existsSync("/proc/self/stat");

/** USER_HZ, which Linux has fixed at 100 for programs. */
const TICKS_PER_SECOND = 100;

const TICK_US = 1e6 / TICKS_PER_SECOND;

/** The fields of /proc/PID/stat behind the program's name, which may contain anything. A thread has its own: PID/task/TID. */
function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** `pid` and all its descendants. */
export function familyOf(pid) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statOf(name)[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** Processor time of a family so far, in microseconds. */
export function cpuOf(family) {
  let user_us = 0;
  let system_us = 0;
  for (const pid of family) {
    const time = timeOf(pid);
    user_us += time.user_us;
    system_us += time.system_us;
  }
  return { user_us, system_us };
}

/** The part of it that each process's first thread has not used itself: a runtime compiles and collects beside it. */
export function cpuBesideOf(family) {
  let beside_us = 0;
  for (const pid of family) beside_us += sumOf(timeOf(pid)) - sumOf(timeOf(`${pid}/task/${pid}`));
  return beside_us;
}

function timeOf(pid) {
  const stat = statOf(pid);
  return { user_us: Number(stat[11]) * TICK_US, system_us: Number(stat[12]) * TICK_US };
}

export const sumOf = ({ user_us, system_us }) => user_us + system_us;

/** Memory of a family in bytes, shared pages counted in proportion. */
export function memoryOf(family) {
  return family.reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    return sum + Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024;
  }, 0);
}
