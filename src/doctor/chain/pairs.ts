/** The pairs of a chain, each with the worst that its versions may come to. */
import { type Hop, type PoolTerms, poolTerms, type ServerTerms, serverTerms } from "./hop.ts";
import { isWorse, type Judgement, judge, type Latency, RTT_MS, SLACK_MS } from "./judge.ts";

export interface Pair {
  /** Places in the chain. The client of a connection that others only pass on stands further in front. */
  readonly clientAt: number;
  readonly serverAt: number;
  readonly client: Hop;
  readonly server: Hop;
  readonly clientTerms: PoolTerms;
  readonly serverTerms: ServerTerms;
  readonly latency: Latency;
  readonly judgement: Judgement;
  /** Versions that are not named, on which the verdict depends, like `node before 27`. */
  readonly assumed: readonly string[];
}

export function pairsOf(hops: readonly Hop[], latency: Partial<Latency> = {}): Pair[] {
  const pairs: Pair[] = [];
  let clientAt = 0;
  hops.forEach((server, serverAt) => {
    const client = hops[clientAt];
    if (serverAt === 0 || client === undefined) return;
    const rtt_ms = server.rtt_ms ?? latency.rtt_ms ?? RTT_MS;
    pairs.push(pairOf({ clientAt, serverAt, client, server }, { rtt_ms, slack_ms: latency.slack_ms ?? SLACK_MS }));
    // The connection goes on through it.
    if (!poolTerms(server).some(({ idle_ms }) => idle_ms === "passed-on")) clientAt = serverAt;
  });
  return pairs;
}

function pairOf(places: Pick<Pair, "clientAt" | "serverAt" | "client" | "server">, latency: Latency): Pair {
  const judged = poolTerms(places.client).flatMap((clientTerms) =>
    serverTerms(places.server).map((serverTerms) => ({
      ...places,
      clientTerms,
      serverTerms,
      latency,
      judgement: judge(clientTerms, serverTerms, latency),
    })),
  );
  const [first, ...others] = judged;
  if (first === undefined) throw new Error("a product has one edition at least");
  const worst = others.reduce(
    (one, other) => (isWorse(other.judgement.verdict, one.judgement.verdict) ? other : one),
    first,
  );
  const depends = judged.some(({ judgement }) => judgement.verdict !== worst.judgement.verdict);
  const editions = [worst.clientTerms.basis.edition, worst.serverTerms.basis.edition];
  return { ...worst, assumed: depends ? editions.filter((edition) => edition !== undefined) : [] };
}
