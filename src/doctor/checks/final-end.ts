/**
 * The end that follows a connection's last response, told from the end of its idle timeout.
 *
 * Some servers give idle connections up sooner than the doctor waits for a close (gunicorn after 2 s). Such a close ends a connection
 * that the server meant to keep: it neither honours a `close` nor breaks a keep-alive. Deliberately absent: how long idle connections
 * live where that is longer (idle-measure.ts).
 */
import type { End, ProbeConnection } from "../probe/connection.ts";
import type { Kit } from "../probe/kit.ts";
import { isLast } from "../probe/last-response.ts";
import { seconds } from "../words.ts";

/** A close within this time is not worth comparing with anything. */
const AT_ONCE_MS = 250;
/** Of the idle timeout: a close from here on is taken for its end, since a busy machine notices late. */
const IDLE_PART = 0.6;

export interface FinalEnd {
  /** Only a close that followed from the response; the connection stayed open, or its idle timeout ended it: undefined. */
  readonly end: End | undefined;
  /** Since the response. */
  readonly after_ms: number;
  /** Where it did not end: what was seen instead. */
  readonly stayed: string;
}

/** Awaits the end behind a response that should be the last of its connection. */
export async function finalEndOf(kit: Kit, connection: ProbeConnection): Promise<FinalEnd> {
  const since_ms = connection.latestByte_ms ?? kit.now();
  const end = await connection.untilEnd(kit.pace.settle_ms);
  if (end === undefined) return { end, after_ms: 0, stayed: `still open ${seconds(kit.pace.settle_ms)}` };
  const after_ms = end.at_ms - since_ms;
  if (after_ms > AT_ONCE_MS) {
    const idle_ms = await kit.once(shortIdleTimeout);
    if (idle_ms !== undefined && after_ms >= idle_ms * IDLE_PART) {
      return { end: undefined, after_ms, stayed: `open until its idle timeout ended it ${seconds(after_ms)}` };
    }
  }
  return { end, after_ms, stayed: "" };
}

/** How long a connection idles that nobody asked to be closed; longer than a close is waited for: undefined. */
async function shortIdleTimeout(kit: Kit): Promise<number | undefined> {
  const { connection, outcome } = await kit.openAndAsk();
  if (outcome.kind !== "answer" || isLast(outcome)) return undefined;
  const since_ms = connection.latestByte_ms ?? kit.now();
  const end = await connection.untilEnd(kit.pace.settle_ms);
  return end === undefined ? undefined : end.at_ms - since_ms;
}
