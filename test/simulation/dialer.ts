/** The proxy's dialer: connects to simulated origins, some of which refuse or never answer. */
import type { Address, Dialer, DialHandler, GiveUp } from "../../src/net/ports.ts";
import type { Random } from "../../src/net/simulated/random.ts";
import type { CareJudge } from "./care-judge.ts";
import type { CheckAct, GroupShape } from "./care-world.ts";
import { CheckedEnd, LONG_CHECK_BYTES } from "./checked-end.ts";
import { isTunnelPort } from "./http2-tunnel-world.ts";
import type { SimNames } from "./names-world.ts";
import { calmTraits, type Link, type Network, randomTraits } from "./network.ts";
import type { Origin } from "./origins.ts";
import type { Scene } from "./scene.ts";
import { ConnectedOrigin } from "./tunnel-origin.ts";

/** Faults of a dial, the commonest first. The second is one of the proxy's own machine. */
const FAULTS: readonly [string, ...string[]] = ["ECONNREFUSED", "ECONNREFUSED", "EHOSTUNREACH", "EMFILE"];

export class SimDialer implements Dialer {
  /** Dials that were neither answered nor given up. */
  pending = 0;
  /** Where a group is looked after: who judges that, and how origins answer checks. */
  care: CareJudge | undefined;
  checkActs: GroupShape["checkActs"] = [];
  /** Where endpoints are what a name leads to. */
  names: SimNames | undefined;
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

  /** @param client on whose behalf: health checks are on nobody's */
  dial(address: Address, handler: DialHandler, client?: string): GiveUp {
    const { scene, random } = this;
    const isCheck = client === undefined;
    const dialed = address.kind === "tcp" ? address.host : undefined;
    const number = dialed === undefined ? undefined : this.names?.numberOf(dialed);
    const origin = this.origins.find((one) => (this.names === undefined ? one.host === dialed : one.number === number));
    if (origin === undefined) throw new Error("the proxy dials somewhere else");
    const { temper } = origin;
    let isOver = false;
    this.pending++;
    const tellOver = isCheck ? undefined : this.care?.dialed(origin.host);
    const over = () => {
      if (!isOver) this.pending--;
      isOver = true;
      tellOver?.();
    };
    const check = isCheck ? this.checkAct(origin) : "pass";
    const note = (what: string) => scene.timeline.note("  proxy", `dials ${origin.host}: ${what}`);
    const delay_ms = scene.isCalm ? random.skewed(5) : random.skewed(100);
    if (isCheck ? check === "ignore" : random.chance(temper.ignores)) {
      note("nobody answers");
    } else if (isCheck ? check === "refuse" : random.chance(temper.refuses)) {
      // Where a group is looked after, what fails is never this machine: nothing would be told of it.
      const fault = random.pick((this.care === undefined ? FAULTS : FAULTS.slice(0, 3)) as [string, ...string[]]);
      scene.schedule.after(delay_ms, () => {
        if (isOver) return;
        over();
        note(fault);
        handler.onFailed(fault);
      });
    } else {
      const isTunnel = address.kind === "tcp" && isTunnelPort(address.port);
      const accept = (link: Link) => {
        if (isCheck) return new CheckedEnd(link, origin.host, check);
        return isTunnel ? new ConnectedOrigin(scene, link, origin.random.fork()) : origin.accept(link);
      };
      const bodyBytesMax = isCheck ? LONG_CHECK_BYTES : origin.bodyBytesMax;
      scene.schedule.after(delay_ms, () => this.connect(origin, bodyBytesMax, isOver, over, handler, accept));
    }
    return () => {
      over();
      return "connection";
    };
  }

  private checkAct({ number }: Origin): CheckAct {
    const acts = this.checkActs[number - 1];
    return acts === undefined || this.scene.isCalm ? "pass" : this.random.weighted(acts);
  }

  /** The origin has accepted, whether the proxy still wants the connection or not. */
  private connect(
    origin: Origin,
    bodyBytesMax: number,
    isGivenUp: boolean,
    over: () => void,
    handler: DialHandler,
    accept: (link: Link) => unknown,
  ): void {
    const { scene, network, random } = this;
    const traits = (scene.isCalm ? calmTraits : randomTraits)(random, bodyBytesMax);
    const link = network.connect(origin.nextName(), traits);
    scene.timeline.note("  proxy", `${isGivenUp ? "no longer wants" : "gets"} ${link.name}`);
    accept(link);
    if (isGivenUp) {
      link.proxyEnd.destroy();
      return;
    }
    over();
    handler.onConnected(link.proxyEnd);
  }
}
