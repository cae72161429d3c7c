/**
 * A port that a test can close and open again.
 *
 * What the system chooses (port 0) may be anybody's the moment it is closed: every connection that a client opens takes one of the same range for
 * itself, and a listener does not get it back before that ends. So this one is from below that range, and nothing listened there when it was chosen.
 */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Below it are the ports of well-known services. */
const FIRST = 10_000;
/** Where the system does not say where its own begin. */
const END_NORMALLY = 32_768;
const TRIES = 100;

export async function quietPort(): Promise<number> {
  for (let left = TRIES; left > 0; left--) {
    const port = randomInt(FIRST, end());
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES} ports from ${FIRST} to ${end()} is free`);
}

/** Linux alone tells; elsewhere the range begins higher. */
function end(): number {
  try {
    const first = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/)[0]);
    return first > FIRST ? first : END_NORMALLY;
  } catch {
    return END_NORMALLY;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
