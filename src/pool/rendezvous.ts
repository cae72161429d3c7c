/**
 * Rendezvous hashing by weight: every key has an order of endpoints of its own, and goes to the first that is there.
 *
 * So an endpoint that goes hands out its own keys alone, to all others by their weights, and one that comes, or gets more
 * weight, takes from each of them its part. It depends on names alone: every process, and every run, has the same order.
 * Deliberately absent: secrecy. Somebody who chooses keys can send them all to one endpoint; with one key that works as well.
 */

export interface Named {
  /** More than 0. */
  readonly weight: number;
  /** It does not change while the endpoint is the same one. */
  readonly nameHash: number;
}

/** A key is told apart from others by its first characters: enough for ids, tokens and URLs. */
export const HASHED_CHARACTERS_MAX = 1_024;

/** Of the first characters; 32 bits (FNV-1a, then mixed). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  const length = Math.min(text.length, HASHED_CHARACTERS_MAX);
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

/** Each bit of the result depends on all of `hash` (the end of MurmurHash3). */
function mixed(hash: number): number {
  let it = hash;
  it = Math.imul(it ^ (it >>> 16), 0x85ebca6b);
  it = Math.imul(it ^ (it >>> 13), 0xc2b2ae35);
  return (it ^ (it >>> 16)) >>> 0;
}

const HASHES = 2 ** 32;

/** @param candidates at least one @param key see `hashOf` */
export function rendezvous<Candidate extends Named>(candidates: readonly Candidate[], key: number): Candidate {
  let first = candidates[0] as Candidate;
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    // From 0 to 1, without both; the logarithm makes the chance to be first proportional to the weight.
    const luck = (mixed(Math.imul(key, 0x9e3779b1) ^ candidate.nameHash) + 0.5) / HASHES;
    const score = candidate.weight / -Math.log(luck);
    if (score <= most) continue;
    most = score;
    first = candidate;
  }
  return first;
}
