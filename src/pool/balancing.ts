/**
 * Which of several endpoints takes a request. First counts how they stand, then whether one is a backup, then whether it has room;
 * of those alike the group's kind of balance chooses.
 *
 * Deliberately absent: how an endpoint comes by its standing, see health.ts; clients that stick to one, see stickiness.ts; what
 * follows where none has room, see search.ts.
 */
import type { Balance } from "./group.ts";
import type { Standing } from "./health.ts";
import { type Named, rendezvous } from "./rendezvous.ts";
import { Turns } from "./turns.ts";

export interface Candidate extends Named {
  /** Exchanges and dials in progress. */
  readonly outstanding: number;
  /** Its part of the requests, as of now; 0: it gets only those that stick to it. */
  readonly weight: number;
  /** Used only while no other stands as well. */
  readonly isBackup: boolean;
  /** It has as much in progress as it may. */
  readonly isFull: boolean;
  readonly avoidUntil_ms: number;
  standing(now: number): Standing;
}

/** One that is on trial is taken like one that is well, and before it: it gets one request, whatever else has been going on there for long. */
const STANDINGS: Readonly<Record<Standing, number>> = { well: 0, "on-trial": 0, refusing: 1, avoided: 2 };
const OF_STANDING = 4;
const OF_BACKUP = 2;
/** Those that are avoided have at least this rank. */
const AVOIDED = STANDINGS.avoided * OF_STANDING;

/** The lower, the sooner it is used. */
export function standingRank(candidate: Candidate, now: number): number {
  return STANDINGS[candidate.standing(now)] * OF_STANDING;
}

function rankOf({ isBackup, isFull }: Candidate, standing: Standing): number {
  return STANDINGS[standing] * OF_STANDING + (isBackup ? OF_BACKUP : 0) + (isFull ? 1 : 0);
}

export class Balancing<Endpoint extends Candidate> {
  private readonly balance: Balance;
  private readonly turns = new Turns<Endpoint>();
  /** Those alike, and those of them that may be chosen: made anew each time, in the same place. */
  private readonly alike: Endpoint[] = [];
  private readonly ready: Endpoint[] = [];
  /** Of numbers that look random, and are the same in each run. */
  private drawn = 1;

  constructor(balance: Balance = "least-outstanding") {
    this.balance = balance;
  }

  /**
   * @param turn where to begin, so that those alike take turns
   * @param tried these had their chance; none had: undefined
   * @param key what the request goes by (rendezvous.ts), where the group hashes
   * @returns all were tried that get requests: undefined
   */
  choose(
    endpoints: readonly Endpoint[],
    turn: number,
    now: number,
    tried: ReadonlySet<Endpoint> | undefined,
    key = 0,
  ): Endpoint | undefined {
    let best: Endpoint | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    let isEven = true;
    let onTrial: Endpoint | undefined;
    for (let i = 0; i < endpoints.length; i++) {
      const candidate = endpoints[(turn + i) % endpoints.length] as Endpoint;
      if (!mayBeChosen(candidate, tried)) continue;
      const standing = candidate.standing(now);
      const rank = rankOf(candidate, standing);
      if (rank > bestRank) continue;
      if (rank < bestRank) onTrial = undefined;
      if (standing === "on-trial") onTrial ??= candidate;
      if (best === undefined || rank < bestRank) {
        best = candidate;
        bestRank = rank;
        isEven = true;
        continue;
      }
      if (candidate.weight !== best.weight) isEven = false;
      // Of those that are avoided the one that is tried again first.
      const isBetter =
        rank >= AVOIDED ? candidate.avoidUntil_ms < best.avoidUntil_ms : candidate.outstanding < best.outstanding;
      if (isBetter) best = candidate;
    }
    if (best === undefined || bestRank >= AVOIDED) return best;
    // A hash leads nobody to another endpoint than ever.
    if (onTrial !== undefined && typeof this.balance === "string") return onTrial;
    if (isEven && this.balance === "least-outstanding") return best;
    const { alike } = this;
    let count = 0;
    for (const it of endpoints) {
      if (mayBeChosen(it, tried) && rankOf(it, it.standing(now)) === bestRank) alike[count++] = it;
    }
    return this.among(ofLength(alike, count), key);
  }

  /** What was chosen last gets the request; it may also be that it has no room, and is chosen again later. */
  noteTaken(endpoint: Endpoint): void {
    this.turns.take(endpoint);
  }

  private among(alike: readonly Endpoint[], key: number): Endpoint {
    switch (this.balance) {
      case "least-outstanding":
        return this.turns.next(alike, this.belowAverage(alike));
      case "round-robin":
        return this.turns.next(alike);
      case "two-choices":
        return this.lighterOfTwo(alike);
      default:
        return rendezvous(alike, key);
    }
  }

  /**
   * Those that have less outstanding for their weight than all have together, with the request that is to come. Not just the least:
   * one of weight 1 beside 99 would get every request that comes while another is under way, or without load none.
   */
  private belowAverage(alike: readonly Endpoint[]): readonly Endpoint[] {
    const { ready } = this;
    const weights = sumOfWeights(alike);
    let outstanding = 1;
    for (const it of alike) outstanding += it.outstanding;
    let count = 0;
    for (const it of alike) if (it.outstanding * weights < outstanding * it.weight) ready[count++] = it;
    return ofLength(ready, count);
  }

  /** Two at random, by their weights: the one with less to do for its weight. */
  private lighterOfTwo(alike: readonly Endpoint[]): Endpoint {
    const { ready } = this;
    const first = this.draw(alike);
    let count = 0;
    for (const it of alike) if (it !== first) ready[count++] = it;
    if (count === 0) return first;
    const second = this.draw(ofLength(ready, count));
    return second.outstanding * first.weight < first.outstanding * second.weight ? second : first;
  }

  private draw(alike: readonly Endpoint[]): Endpoint {
    this.drawn = (Math.imul(this.drawn, 1_664_525) + 1_013_904_223) >>> 0;
    let left = (this.drawn / 2 ** 32) * sumOfWeights(alike);
    for (const it of alike) {
      left -= it.weight;
      if (left < 0) return it;
    }
    return alike.at(-1) as Endpoint;
  }
}

/** Whether it comes into question for a request that sticks to none. */
export function mayBeChosen<Endpoint extends Candidate>(
  candidate: Endpoint,
  tried: ReadonlySet<Endpoint> | undefined,
): boolean {
  return candidate.weight > 0 && tried?.has(candidate) !== true;
}

/** What is left of a longer list that was here before goes. A list that is emptied and filled takes new memory each time. */
function ofLength<Item>(list: Item[], length: number): readonly Item[] {
  if (list.length > length) list.length = length;
  return list;
}

function sumOfWeights(endpoints: readonly Candidate[]): number {
  let sum = 0;
  for (const { weight } of endpoints) sum += weight;
  return sum;
}
