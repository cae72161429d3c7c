/**
 * The hops on both sides of where hopwise stood, as a chain: what the origin was seen to do, behind what was seen of its clients, or
 * behind what often stands there.
 *
 * With hopwise gone these two would be neighbours. Deliberately absent: judging (chain/), and what products do (products/).
 */
import { pairsOf } from "../chain/pairs.ts";
import { lookUp } from "../chain/read-chain.ts";
import { remediesFor } from "../chain/remedies.ts";
import type { Fix } from "../finding.ts";
import { productNamed } from "../products/all.ts";
import { seconds } from "../words.ts";

/** What most origins run behind some day. */
const COMMON = ["alb", "nginx"];

/** What is known of the origin. */
export interface OriginSeen {
  /** As the knowledge of products calls it; not known: undefined. */
  readonly product: string | undefined;
  readonly version: string | undefined;
  readonly lifetime_ms: number;
}

export interface Comparison {
  /** Like `AWS ALB (60 s)`. */
  readonly losers: readonly string[];
  readonly fixes: readonly Fix[];
}

/** Which neighbours in front would lose requests to this origin, and what would end it. @param fronts products as `--chain` names them */
export function compared(origin: OriginSeen, fronts: readonly string[] = COMMON): Comparison {
  const losers: string[] = [];
  const fixes: Fix[] = [];
  for (const front of fronts) {
    const [product = "other", version] = front.split("@");
    const hops = lookUp([
      { product, version },
      {
        ...{ product: knownProduct(origin.product), version: origin.version, measuredIn: "the traffic" },
        settings: [["idle", `${Math.round(origin.lifetime_ms)}ms`]],
      },
    ]);
    for (const pair of pairsOf(hops)) {
      const { verdict, client_ms } = pair.judgement;
      if (verdict !== "inverted" && verdict !== "too-close") continue;
      losers.push(`${pair.client.product.title}${client_ms === undefined ? "" : ` (${seconds(client_ms)})`}`);
      fixes.push(...remediesFor(pair));
    }
  }
  return { losers, fixes: withoutRepetition(fixes) };
}

function knownProduct(name: string | undefined): string {
  return name === undefined || productNamed(name) === undefined ? "other" : name;
}

/** One origin behind several neighbours is told once what to do. */
function withoutRepetition(fixes: readonly Fix[]): readonly Fix[] {
  const byText = new Map(fixes.map((fix) => [`${fix.product} ${fix.text}`, fix]));
  return [...byText.values()];
}
