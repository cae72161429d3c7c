/**
 * Seeded randomness: the seed of a failed run replays it.
 */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** In [from, to). */
  between(from: number, to: number): number;
}

/** The seed of this run: `TESTS_SEED`, or a fixed one. */
export const seed = Number(process.env.TESTS_SEED ?? 20_250_117);

/** mulberry32 by Tommy Ettinger, public domain. */
export function randomFrom(start: number): Random {
  let state = start >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, between: (from, to) => from + next() * (to - from) };
}

/** Octets that do not compress and that no relay could invent. */
export function randomOctets(length: number, start = seed): Buffer {
  const random = randomFrom(start);
  const octets = Buffer.alloc(length);
  for (let i = 0; i < length; i++) octets[i] = random.next() * 256;
  return octets;
}
