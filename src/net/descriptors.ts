/** How many file descriptors this process may have: each connection is one, an exchange in progress is two. */
import { readFileSync } from "node:fs";

/** For what is no connection: standard streams, the listener, the access log, the admin server, the runtime's own. */
export const DESCRIPTORS_RESERVED = 64;

/** The soft limit; no limit, or none that can be found out: infinity. */
export function descriptorLimit(): number {
  return fromProc() ?? fromReport() ?? Number.POSITIVE_INFINITY;
}

function fromProc(): number | undefined {
  try {
    return parseProcLimits(readFileSync("/proc/self/limits", "latin1"));
  } catch {
    return undefined;
  }
}

/** Reads `/proc/self/limits`. */
export function parseProcLimits(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** The runtime's diagnostic report knows the limits on other systems; it takes some milliseconds. */
function fromReport(): number | undefined {
  try {
    const report = process.report?.getReport() as { userLimits?: { open_files?: { soft?: number | string } } };
    const soft = Number(report.userLimits?.open_files?.soft);
    return Number.isFinite(soft) && soft > 0 ? soft : undefined;
  } catch {
    return undefined;
  }
}

/** Client connections that always leave room for their exchanges' origin connections. */
export function connectionsThatFit(limit: number): number {
  return Math.max(1, Math.floor((limit - DESCRIPTORS_RESERVED) / 2));
}
