/**
 * Which lane stands in which row of its group. A lane keeps its row as long as it is shown, so that nothing jumps; newcomers take the
 * uppermost row that is free.
 *
 * Deliberately absent: which connections are shown.
 */
import type { Connection, Key } from "../model/model.ts";

/** So many rows may be empty before the rest moves up. */
const GAPS_MAX = 12;

export class Rows {
  /** From the uppermost on; nothing stands there: undefined. */
  rows: (Connection | undefined)[] = [];
  private places = new Map<Key, number>();

  /** @returns whether anything has moved */
  update(shown: readonly Connection[]): boolean {
    const keys = new Set(shown.map(({ key }) => key));
    let hasMoved = false;
    for (const [key, place] of this.places) {
      if (keys.has(key)) continue;
      this.places.delete(key);
      this.rows[place] = undefined;
      hasMoved = true;
    }
    let free = 0;
    for (const connection of shown) {
      if (this.places.has(connection.key)) continue;
      while (this.rows[free] !== undefined) free++;
      this.rows[free] = connection;
      this.places.set(connection.key, free);
      hasMoved = true;
    }
    while (this.rows.length > 0 && this.rows.at(-1) === undefined) this.rows.pop();
    if (this.rows.length - this.places.size > Math.max(GAPS_MAX, this.places.size)) this.close();
    return hasMoved;
  }

  /** Where a lane stands; it is not shown: undefined. */
  rowOf(key: Key): number | undefined {
    return this.places.get(key);
  }

  /** The lanes there are, from the uppermost on. */
  get lanes(): Connection[] {
    return this.rows.filter((row) => row !== undefined);
  }

  private close(): void {
    this.rows = this.lanes;
    this.places = new Map(this.rows.map((connection, place) => [connection?.key ?? "", place]));
  }
}
