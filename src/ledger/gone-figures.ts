/**
 * What processes that are gone have done, beside those that work.
 *
 * Counts stay, whatever becomes of their process. Those of an endpoint, or of a name that is looked up, are told for as long as a process
 * that works has it: where it goes, its counts go, as in one process. Otherwise each process that is lost would leave rows of endpoints
 * that a reload or a name server has taken away since, more with each. While no process works, all are told. Deliberately absent: how
 * figures are added (figures.ts).
 */
import { departed, type Figures, sumOf } from "./figures.ts";

export class GoneFigures {
  private sum: Figures | undefined;

  /**
   * A process is gone.
   *
   * @param last what it had done
   * @param working what those have done that go on
   */
  note(last: Figures, working: readonly Figures[]): void {
    const kept = this.beside([last, ...working]);
    this.sum = sumOf([departed(last), ...kept]);
  }

  /** What there is to add to the figures of those that work; nothing: empty. */
  beside(working: readonly Figures[]): readonly Figures[] {
    if (this.sum === undefined) return [];
    if (working.length === 0) return [this.sum];
    const endpoints = new Set(working.flatMap((figures) => figures.endpoints.map(endpointKey)));
    const names = new Set(working.flatMap((figures) => figures.names.map(nameKey)));
    return [
      {
        ...this.sum,
        endpoints: this.sum.endpoints.filter((one) => endpoints.has(endpointKey(one))),
        names: this.sum.names.filter((one) => names.has(nameKey(one))),
      },
    ];
  }
}

function endpointKey({ group, endpoint }: Figures["endpoints"][number]): string {
  return JSON.stringify([group, endpoint]);
}

function nameKey({ group, name }: Figures["names"][number]): string {
  return JSON.stringify([group, name]);
}
