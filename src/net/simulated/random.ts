/**
 * The one source of randomness of a simulated world: a small seeded generator (sfc32).
 *
 * The same seed gives the same numbers on every machine. Forks are streams of their own, so that one actor's draws do not
 * move another's. Deliberately absent: `Math.random`.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number) {
    this.a = 0x9e3779b9 ^ seed;
    this.b = 0x243f6a88;
    this.c = seed | 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 32 random bits. */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 up to, not including, 1. */
  unit(): number {
    return this.next() / 4_294_967_296;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T;
  pick<T>(list: readonly T[]): T | undefined;
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }

  /** One of the keys, each as often as its weight says. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries<number>(weights) as [Key, number][];
    let rest = this.unit() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key;
    }
    const [last] = entries[entries.length - 1] ?? [];
    if (last === undefined) throw new Error("there is nothing to choose from");
    return last;
  }

  /** A time, mostly short and sometimes up to `max`, in steps of a microsecond. */
  skewed(max: number): number {
    return Math.round(this.unit() ** 3 * max * 1_000) / 1_000;
  }

  fork(): Random {
    return new Random(this.next());
  }

  /** Cuts `text` at random places into pieces of at most `max` characters each, few for long texts. */
  cut(text: string, max: number): string[] {
    const pieces: string[] = [];
    for (let from = 0; from < text.length; ) {
      const to = from + this.between(1, Math.max(max, Math.ceil(text.length / 20)));
      pieces.push(text.slice(from, to));
      from = to;
    }
    return pieces;
  }
}
