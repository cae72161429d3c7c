import { readFileSync } from "node:fs";

/**
 * Resident memory of a process that is its own, in bytes (RssAnon; Linux only). Pages of files, as of the runtime's own code, are not
 * counted: the system takes them away and brings them back as others need memory, which says nothing about the process.
 */
export function residentBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status tells no RssAnon`);
  return Number(kilobytes) * 1_024;
}
