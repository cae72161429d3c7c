/** The memory of this process. Deliberately absent: what of it is garbage. */

/** Where the system does not tell, because /proc is not mounted (a chroot, a sandbox): 0. */
export function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
