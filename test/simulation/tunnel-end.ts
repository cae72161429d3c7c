/**
 * One end of a tunnel: says its own stream, checks the other's octet by octet, and closes its half when it has said all.
 *
 * An end that has trouble ends with RST, never with FIN; so whoever hears FIN must have heard everything.
 */

import type { Random } from "../../src/net/simulated/random.ts";
import type { SimSocket } from "../../src/net/simulated/socket.ts";
import { content } from "./content.ts";
import { fail } from "./failure.ts";
import type { Player } from "./player.ts";
import type { Scene } from "./scene.ts";

/** The protocol that tunnels speak. */
export const TUNNEL_PROTOCOL = "sim/1";

const STREAM_BYTES_MAX = 9_000;

export interface TunnelOptions {
  readonly scene: Scene;
  readonly socket: SimSocket;
  readonly player: Player;
  readonly random: Random;
  readonly id: string;
  /** Who this is; the other one says the other stream. */
  readonly side: "client" | "origin";
}

export class TunnelEnd {
  private readonly options: TunnelOptions;
  private readonly expected: string;
  private heard = 0;

  constructor(options: TunnelOptions) {
    this.options = options;
    this.expected = stream(options, options.side === "client" ? "origin" : "client");
  }

  begin(): void {
    const { options } = this;
    const { random, player, scene, socket, side } = options;
    const own = stream(options, side);
    const goesWrong = !scene.isCalm && random.chance(0.25);
    if (goesWrong) player.budget = random.between(1, own.length + 1);
    player.onSpent = () => {
      if (random.chance(0.5)) socket.reset();
    };
    const pieces = random.cut(own, Math.ceil(own.length / random.between(1, 4)));
    const steps = pieces.map((text) => ({ text, delay_ms: random.skewed(scene.isCalm ? 10 : 800) }));
    player.add([...steps, { text: "", delay_ms: random.skewed(100), onPlayed: () => socket.end() }]);
  }

  onText(text: string): void {
    if (!this.expected.startsWith(text, this.heard)) {
      fail(
        "response-belongs-to-request",
        `${this.options.socket.name} hears something else at ${this.heard} in its tunnel`,
      );
    }
    this.heard += text.length;
  }

  /** FIN: the other side has said everything. */
  onEnd(): void {
    const { side } = this.options;
    if (this.heard === this.expected.length) return;
    // The proxy may have given the exchange up before it became a tunnel.
    if (side === "origin" && this.heard === 0) return;
    const sizes = `${this.heard} of ${this.expected.length} octets`;
    fail("truncation-is-visible", `a tunnel ends at ${this.options.socket.name} as if it were whole, after ${sizes}`);
  }
}

/** What a side says follows from the id of the request that began the tunnel. */
function stream({ id }: TunnelOptions, side: TunnelOptions["side"]): string {
  const length = 1 + ((Number(id.slice(1)) * (side === "client" ? 7_919 : 104_729)) % STREAM_BYTES_MAX);
  return content(id, side === "client" ? 100 : 200, length);
}
