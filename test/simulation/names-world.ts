/**
 * Worlds of a gateway with one name for all of its origins, which leads to some of them, and to others a little later. Their seeds are far
 * from all others, which so make the worlds that they made before.
 *
 * Name servers are slow, fail, say nothing, or answer without an address as long as faults are allowed. What the gateway was told is noted:
 * so much, and no more, are its endpoints. Deliberately absent: what else must hold, see checks.ts.
 */

import type { Found, Names } from "../../src/net/resolving.ts";
import { Random } from "../../src/net/simulated/random.ts";
import type { Group } from "../../src/pool/group.ts";
import { parseOriginAddress } from "../../src/pool/origin-address.ts";
import { fail } from "./failure.ts";
import { isHttp2 } from "./http2-world.ts";
import type { Scene } from "./scene.ts";
import type { WorldShape } from "./world-shape.ts";

/** Every seed from here on. */
export const NAMES_FROM = 60_000_000;
const NAME = "app.test";
/** From the beginning of one look-up to the next: all of the first one's time, the longest wait, and the jitter of both. */
const SILENCE_MS_MAX = 10_000 + 2_200 + 1;

export function hasName(seed: number): boolean {
  return seed >= NAMES_FROM && !isHttp2(seed);
}

/** The same world with several origins. */
export function asNamed(seed: number, shape: WorldShape): WorldShape {
  return { ...shape, origins: 2 + (seed % 4) };
}

export class SimNames implements Names {
  /** The group that all requests go to. */
  readonly group: Group;
  lookups = 0;
  private lookedUpAt_ms = 0;
  /** Endpoints that came and went. */
  changes = 0;
  private readonly scene: Scene;
  private readonly random: Random;
  private readonly all: readonly string[];
  /** Where the name leads. */
  private leads: readonly string[];
  /** What the gateway was told last that was good for anything. */
  private told: readonly string[] = [];

  constructor(seed: number, scene: Scene, origins: number) {
    this.scene = scene;
    this.random = new Random(seed ^ 0xd45);
    this.all = Array.from({ length: origins }, (_, index) => addressOf(index + 1));
    this.leads = this.all;
    this.group = {
      name: "app",
      endpoints: [{ origin: parseOriginAddress(`http://${NAME}`), weight: 1 }],
      resolve: { interval_ms: this.random.between(200, 2_000) },
      balance: this.random.pick(["least-outstanding", "round-robin", { hash: "client" }]),
    };
  }

  find(name: string, _client: string, found: (result: Found) => void): () => void {
    if (name !== NAME) throw new Error("the proxy looks up another name");
    const { scene, random } = this;
    this.lookups++;
    this.lookedUpAt_ms = scene.schedule.now_ms;
    if (random.chance(0.5)) this.move();
    const answer = this.answer();
    if (answer === undefined) return () => undefined;
    const task = scene.schedule.after(random.skewed(200), () => {
      scene.timeline.note("  proxy", `hears of ${NAME}: ${typeof answer === "string" ? answer : answer.join(" ")}`);
      if (typeof answer !== "string" && answer.length > 0) this.hears(answer);
      found(answer);
    });
    return () => {
      task.run = undefined;
    };
  }

  private move(): void {
    const some = this.all.filter(() => this.random.chance(0.6));
    if (some.length > 0) this.leads = some;
  }

  /** None ever: undefined. */
  private answer(): Found | undefined {
    const { random, leads, scene } = this;
    if (scene.isCalm || random.chance(0.7)) return random.chance(0.5) ? leads : leads.toReversed();
    return random.pick<Found | undefined>(["ENOTFOUND", "EAI_AGAIN", [], undefined]);
  }

  private hears(answer: readonly string[]): void {
    const isOther = (one: readonly string[], than: readonly string[]) => one.some((it) => !than.includes(it));
    if (isOther(answer, this.told) || isOther(this.told, answer)) this.changes++;
    this.told = answer;
  }

  /** The number of the origin that is dialed. */
  numberOf(host: string): number | undefined {
    const address = host === NAME ? this.leads[0] : host;
    const index = this.all.indexOf(address ?? "");
    return index < 0 ? undefined : index + 1;
  }

  /** What endpoints are called that there should be. */
  get named(): ReadonlySet<string> {
    const { told } = this;
    return new Set((told.length === 0 ? [NAME] : told).map((host) => `http://${host}`));
  }

  /** @param endpoints those that there are */
  judge(endpoints: readonly { readonly origin: { readonly name: string } }[]): void {
    const there = new Set(endpoints.map(({ origin }) => origin.name));
    const missing = [...this.named].filter((name) => !there.has(name));
    const { schedule, isDraining } = this.scene;
    const silence_ms = schedule.now_ms - this.lookedUpAt_ms;
    if (!isDraining && silence_ms > SILENCE_MS_MAX) fail("names", `nobody has looked up ${NAME} for ${silence_ms} ms`);
    if (missing.length > 0) fail("names", `${missing.join(" and ")} should be an endpoint`);
  }
}

function addressOf(number: number): string {
  return `10.0.0.${number}`;
}
