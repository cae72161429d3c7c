/**
 * Which addresses lead to this machine itself, as its interfaces have them now.
 *
 * They come and go: a lease is renewed, a container's network begins. So they are looked at again, once a second at most, and
 * only when somebody asks. Deliberately absent: addresses that a translator in front of this machine maps to it, and those of
 * interfaces that are down or have no carrier; neither can be seen here.
 */
import { networkInterfaces } from "node:os";
import { AddressSet } from "./address-set.ts";
import { nodeClock } from "./node-clock.ts";
import type { Clock } from "./ports.ts";

const LOOK_MS = 1_000;
/** These lead here on every machine: connecting to the unspecified address means this machine. */
const ALWAYS = ["0.0.0.0", "::", "127.0.0.0/8", "::1"];

/** The addresses of the interfaces. */
export type Interfaces = () => readonly string[];

export class OwnAddresses {
  private readonly interfaces: Interfaces;
  private readonly clock: Pick<Clock, "now">;
  private lookedAt_ms = Number.NEGATIVE_INFINITY;
  private seen = "";
  private latest = new AddressSet(ALWAYS);

  constructor(interfaces: Interfaces = addressesOfInterfaces, clock: Pick<Clock, "now"> = nodeClock) {
    this.interfaces = interfaces;
    this.clock = clock;
  }

  has(address: string): boolean {
    const now = this.clock.now();
    if (now - this.lookedAt_ms >= LOOK_MS) {
      this.lookedAt_ms = now;
      this.look();
    }
    return this.latest.has(address);
  }

  private look(): void {
    const addresses = this.interfaces();
    const seen = addresses.join();
    if (seen === this.seen) return;
    this.seen = seen;
    this.latest = new AddressSet([...ALWAYS, ...addresses]);
  }
}

function addressesOfInterfaces(): readonly string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  } catch {
    // A sandbox may forbid to look (systemd's RestrictAddressFamilies without AF_NETLINK): a dial must not fail for it.
    return [];
  }
}
