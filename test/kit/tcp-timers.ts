/** What Linux tells of its TCP timers: whether a silent peer is asked if it is still there (SO_KEEPALIVE). */
import { readFileSync } from "node:fs";
import { expect, vi } from "vitest";

/** Elsewhere nobody tells. */
export const tellsTimers = process.platform === "linux";

/** The kinds of timers in /proc/net/tcp (Documentation/networking/proc_net_tcp). */
const RETRANSMISSION = "01";
const KEEP_ALIVE = "02";

/** Whether the end at `localPort` of a connection on 127.0.0.1 has a timer for that, once all it sent was acknowledged. */
export function isKeptAlive(localPort: number, remotePort: number): Promise<boolean> {
  const end = (port: number) => `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const row = new RegExp(`${end(localPort)} ${end(remotePort)} 01 \\S+ (\\d\\d):`);
  return vi.waitFor(() => {
    const timer = row.exec(readFileSync("/proc/net/tcp", "latin1"))?.[1];
    expect(timer).not.toBe(RETRANSMISSION);
    return timer === KEEP_ALIVE;
  });
}
