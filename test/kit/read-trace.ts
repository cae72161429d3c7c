/**
 * Reads Chrome trace events as strictly as a viewer needs them, and says what is in them.
 *
 * The JSON Array Format may lack its closing bracket; nothing else may be amiss. Then what makes a trace readable is judged: slices of a
 * lane lie inside or behind each other, and arrows begin and end in slices.
 */
import { formatFaults } from "./trace-format.ts";

export interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: "M" | "X" | "i" | "s" | "f";
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly id?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface Slice extends TraceEvent {
  readonly dur: number;
}

const MARKS = ["M", "X", "i", "s", "f"];

/** @throws Error for what is no trace */
export function readTrace(text: string): TraceEvent[] {
  const closed = text.endsWith("\n]\n") ? text : `${text.slice(0, text.lastIndexOf("\n")).replace(/,$/, "")}\n]`;
  const events = JSON.parse(closed) as TraceEvent[];
  for (const event of events) {
    if (!MARKS.includes(event.ph)) throw new Error(`no such phase: ${JSON.stringify(event)}`);
    const numbers = event.ph === "M" ? [event.pid, event.tid] : [event.ts, event.pid, event.tid];
    for (const number of numbers) {
      if (!Number.isSafeInteger(number) || number < 0) throw new Error(`not a whole number: ${JSON.stringify(event)}`);
    }
    if (event.tid > 0xffff_ffff) throw new Error(`a lane beyond 32 bits: ${JSON.stringify(event)}`);
  }
  return events;
}

export function slicesOf(events: readonly TraceEvent[], cat?: string): Slice[] {
  return events.filter((event): event is Slice => event.ph === "X" && (cat === undefined || event.cat === cat));
}

/** What does not hold; everything does: empty. */
export function faultsOf(events: readonly TraceEvent[]): string[] {
  return [...formatFaults(events), ...laneFaults(events), ...arrowFaults(events), ...nameFaults(events)];
}

const laneOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
const told = (event: TraceEvent) => JSON.stringify(event);

/** On each lane what belongs to a connection lies one behind the other, and phases inside. */
function laneFaults(events: readonly TraceEvent[]): string[] {
  const faults: string[] = [];
  const lanes = grouped(slicesOf(events), laneOf);
  for (const lane of lanes.values()) {
    for (const slice of lane) if (!(slice.dur >= 0)) faults.push(`without a duration: ${told(slice)}`);
    const outer = lane.filter(({ cat }) => cat !== "phase").toSorted((one, other) => one.ts - other.ts);
    for (const [index, slice] of outer.entries()) {
      const before = outer[index - 1];
      if (before !== undefined && before.ts + before.dur > slice.ts)
        faults.push(`overlaps: ${told(before)} ${told(slice)}`);
    }
    for (const phase of lane.filter(({ cat }) => cat === "phase")) {
      const isInside = outer.some(
        (it) => it.cat === "exchange" && it.ts <= phase.ts && phase.ts + phase.dur <= it.ts + it.dur,
      );
      if (!isInside) faults.push(`a phase of nothing: ${told(phase)}`);
    }
  }
  return faults;
}

function arrowFaults(events: readonly TraceEvent[]): string[] {
  const arrows = grouped(
    events.filter(({ ph }) => ph === "s" || ph === "f"),
    ({ id }) => id,
  );
  const exchanges = slicesOf(events, "exchange");
  const faults: string[] = [];
  for (const [id, ends] of arrows) {
    if (ends.map(({ ph }) => ph).join() !== "s,f") faults.push(`arrow ${id} has not both ends`);
    for (const end of ends) {
      const slice = exchanges.find((it) => laneOf(it) === laneOf(end) && it.ts <= end.ts && end.ts <= it.ts + it.dur);
      if (slice === undefined) faults.push(`points to nothing: ${told(end)}`);
    }
  }
  return faults;
}

/** Every lane and process is named, once. */
function nameFaults(events: readonly TraceEvent[]): string[] {
  const names = events.filter(({ name }) => name === "thread_name").map(laneOf);
  const known = new Set(names);
  if (known.size !== names.length) return ["a lane is named twice"];
  const unnamed = events.filter((event) => event.tid !== 0 && !known.has(laneOf(event)));
  return unnamed.map((event) => `on a lane without a name: ${told(event)}`);
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
