/** The proxy's dialer: connects to simulated origins, some of which refuse or never answer. */
import type { Address, Dialer, DialHandler, GiveUp } from "../../src/net/ports.ts";
import type { Random } from "../../src/net/simulated/random.ts";
import { calmTraits, type Network, randomTraits } from "./network.ts";
import type { Origin } from "./origins.ts";
import type { Scene } from "./scene.ts";

/** Faults of a dial, the commonest first. The second is one of the proxy's own machine. */
const FAULTS: readonly [string, ...string[]] = ["ECONNREFUSED", "ECONNREFUSED", "EHOSTUNREACH", "EMFILE"];

export class SimDialer implements Dialer {
  /** Dials that were neither answered nor given up. */
  pending = 0;
  private readonly scene: Scene;
  private readonly network: Network;
  private readonly origins: readonly Origin[];
  private readonly random: Random;

  constructor(scene: Scene, network: Network, origins: readonly Origin[], random: Random) {
    this.scene = scene;
    this.network = network;
    this.origins = origins;
    this.random = random;
  }

  dial(address: Address, handler: DialHandler): GiveUp {
    const { scene, random } = this;
    const origin = this.origins.find(({ host }) => address.kind === "tcp" && address.host === host);
    if (origin === undefined) throw new Error("the proxy dials somewhere else");
    const { temper } = origin;
    let isOver = false;
    this.pending++;
    const over = () => {
      if (!isOver) this.pending--;
      isOver = true;
    };
    const note = (what: string) => scene.timeline.note("  proxy", `dials ${origin.host}: ${what}`);
    const delay_ms = scene.isCalm ? random.skewed(5) : random.skewed(100);
    if (random.chance(temper.ignores)) {
      note("nobody answers");
    } else if (random.chance(temper.refuses)) {
      const fault = random.pick(FAULTS as [string, ...string[]]);
      scene.schedule.after(delay_ms, () => {
        if (isOver) return;
        over();
        note(fault);
        handler.onFailed(fault);
      });
    } else {
      scene.schedule.after(delay_ms, () => this.connect(origin, isOver, over, handler));
    }
    return () => {
      over();
      return "connection";
    };
  }

  /** The origin has accepted, whether the proxy still wants the connection or not. */
  private connect(origin: Origin, isGivenUp: boolean, over: () => void, handler: DialHandler): void {
    const { scene, network, random } = this;
    const traits = (scene.isCalm ? calmTraits : randomTraits)(random, origin.bodyBytesMax);
    const link = network.connect(origin.nextName(), traits);
    scene.timeline.note("  proxy", `${isGivenUp ? "no longer wants" : "gets"} ${link.name}`);
    origin.accept(link);
    if (isGivenUp) {
      link.proxyEnd.destroy();
      return;
    }
    over();
    handler.onConnected(link.proxyEnd);
  }
}
