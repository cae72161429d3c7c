/** Reads a hosts file: which names this machine's operator gave which addresses (hosts(5)). */
import { isIP } from "node:net";

/** By name in lowercase; the addresses in the order of the file. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const comment = line.indexOf("#");
    const [address = "", ...names] = (comment < 0 ? line : line.slice(0, comment)).trim().split(/[ \t]+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const addresses = hosts.get(key);
      if (addresses === undefined) hosts.set(key, [address]);
      else if (!addresses.includes(address)) addresses.push(address);
    }
  }
  return hosts;
}
