/**
 * The rules of the Trace Event Format that a viewer depends on, as it reads a trace: events of a lane in the order of their times, a
 * stack of slices, arrows bound to what is on the stack.
 *
 * After Google's "Trace Event Format" and what Perfetto does with it: events need not be in order, since they are sorted by time first,
 * and those of the same time stay in the order of the file. Deliberately absent: what the events mean here (read-trace.ts).
 */
import type { TraceEvent } from "./read-trace.ts";

const METADATA: Readonly<Record<string, readonly [key: string, type: string]>> = {
  process_name: ["name", "string"],
  process_sort_index: ["sort_index", "number"],
  thread_name: ["name", "string"],
};
const SCOPES = ["g", "p", "t"];

/** What does not keep to the format; everything does: empty. */
export function formatFaults(events: readonly TraceEvent[]): string[] {
  return [...events.flatMap(fieldFaults), ...[...lanesOf(events).values()].flatMap(stackFaults), ...flowFaults(events)];
}

type Raw = TraceEvent & { readonly s?: unknown; readonly bp?: unknown };

function fieldFaults(event: TraceEvent): string[] {
  const { name, ph, dur, id, cat, args, s: scope, bp } = event as Raw;
  const faults: string[] = [];
  const must = (holds: boolean, rule: string) => {
    if (!holds) faults.push(`${rule}: ${JSON.stringify(event)}`);
  };
  must(typeof name === "string" && name !== "", "an event has a name");
  must(args === undefined || (typeof args === "object" && args !== null), "arguments are an object");
  switch (ph) {
    case "M": {
      const [key = "", type] = METADATA[name] ?? [];
      must(typeof args?.[key] === type, "metadata have their one argument");
      break;
    }
    case "X":
      must(Number.isSafeInteger(dur) && (dur ?? -1) >= 0, "a complete event has a duration");
      break;
    case "i":
      must(SCOPES.includes(scope as string), "an instant has a scope");
      break;
    case "s":
    case "f":
      must(id !== undefined && typeof cat === "string", "an arrow has an id and a category");
      must(ph === "s" || bp === "e", "an arrow ends at the slice around its end");
      break;
  }
  return faults;
}

/** Slices and ends of arrows, each lane's in the order of their times. */
function lanesOf(events: readonly TraceEvent[]): Map<string, TraceEvent[]> {
  const lanes = new Map<string, TraceEvent[]>();
  for (const event of events) {
    if (!["X", "s", "f"].includes(event.ph)) continue;
    const lane = `${event.pid}/${event.tid}`;
    lanes.set(lane, [...(lanes.get(lane) ?? []), event]);
  }
  for (const [lane, all] of lanes)
    lanes.set(
      lane,
      all.toSorted((one, other) => one.ts - other.ts),
    );
  return lanes;
}

const endOf = ({ ts, dur = 0 }: TraceEvent) => ts + dur;

function stackFaults(events: readonly TraceEvent[]): string[] {
  const faults: string[] = [];
  const stack: TraceEvent[] = [];
  /** One without a duration is over as soon as it is there: an arrow of the same moment is its own. */
  let instant: TraceEvent | undefined;
  for (const event of events) {
    while (stack.length > 0 && endOf(stack.at(-1) as TraceEvent) <= event.ts) stack.pop();
    if (event.ph !== "X") {
      if (stack.length === 0 && instant?.ts !== event.ts) faults.push(`an arrow at nothing: ${JSON.stringify(event)}`);
      continue;
    }
    const around = stack.at(-1);
    if (around !== undefined && endOf(event) > endOf(around))
      faults.push(`ends behind what is around it: ${JSON.stringify(around)} ${JSON.stringify(event)}`);
    if (event.dur === 0) instant = event;
    stack.push(event);
  }
  return faults;
}

/** Arrows are told apart by category, name and id; each begins once and ends once, and never before it began. */
function flowFaults(events: readonly TraceEvent[]): string[] {
  const begins = new Map<string, TraceEvent>();
  const ends = new Map<string, TraceEvent>();
  const faults: string[] = [];
  for (const event of events) {
    if (event.ph !== "s" && event.ph !== "f") continue;
    const key = `${event.cat} ${event.name} ${event.id}`;
    const those = event.ph === "s" ? begins : ends;
    if (those.has(key)) faults.push(`twice: ${JSON.stringify(event)}`);
    those.set(key, event);
  }
  for (const [key, begin] of begins) {
    const end = ends.get(key);
    if (end === undefined) faults.push(`arrow without an end: ${JSON.stringify(begin)}`);
    else if (end.ts < begin.ts) faults.push(`arrow goes back in time: ${JSON.stringify(begin)} ${JSON.stringify(end)}`);
  }
  for (const [key, end] of ends) if (!begins.has(key)) faults.push(`arrow without a begin: ${JSON.stringify(end)}`);
  return faults;
}
