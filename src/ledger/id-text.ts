/** Ids of connections and exchanges as people read them. Deliberately absent: JSON and metrics, which say the number itself. */

/** Ids of workers begin with their number (workers/protocol.ts). */
const IDS_PER_WORKER = 1e12;

/** `7`; of a worker `3.7`: the third's seventh. */
export function idText(id: number): string {
  return id < IDS_PER_WORKER ? String(id) : `${Math.floor(id / IDS_PER_WORKER)}.${id % IDS_PER_WORKER}`;
}

/** What somebody writes who looks for one, in the same form: `#3.7`, or the number from a log of JSON. */
export function idAsked(text: string): string {
  const id = text.trim().replace(/^#/, "");
  return /^[0-9]{13,16}$/.test(id) ? idText(Number(id)) : id;
}
