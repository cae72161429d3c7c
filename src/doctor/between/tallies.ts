/** Counts by a name that strangers choose: names beyond a number are counted together, so memory is bounded. */

const NAMES_MAX = 1_000;

export class Tallies<Value> {
  /** Of all whose names came too late. */
  rest: Value | undefined;
  private readonly values = new Map<string, Value>();
  private readonly make: (name: string) => Value;
  private readonly max: number;

  /** @param make what stands for a name at first */
  constructor(make: (name: string) => Value, max = NAMES_MAX) {
    this.make = make;
    this.max = max;
  }

  of(name: string): Value {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    if (this.values.size >= this.max) {
      this.rest ??= this.make("others");
      return this.rest;
    }
    const made = this.make(name);
    this.values.set(name, made);
    return made;
  }

  /** All of them, and what stands for the rest. */
  get all(): readonly Value[] {
    return this.rest === undefined ? [...this.values.values()] : [...this.values.values(), this.rest];
  }
}
