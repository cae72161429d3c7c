/**
 * Measures how long idle connections live, on several at once: each idles for a time of its own and is then used.
 *
 * A close that is seen tells the time exactly. A connection that only stops answering (its server, or something on the way, forgot it
 * silently) is found by the ones that were used: the gap between the last that lived and the first that did not is then halved, on
 * new connections. So it takes as long as the timeout itself, and once more only where nothing was seen. Deliberately absent: a judgement.
 */
import { Kind } from "../../wire/fields.ts";
import type { CloseManner } from "../finding.ts";
import type { ProbeConnection } from "../probe/connection.ts";
import { Stopped } from "../probe/dialing.ts";
import type { Kit } from "../probe/kit.ts";
import { isLast } from "../probe/last-response.ts";
import { seconds } from "../words.ts";
import { isHeadInOrder } from "./messages.ts";
import { termsOf } from "./persistence.ts";

/** When connections are used again: a little before the times that servers are set to. */
const RUNGS_MS = [1_000, 2_000, 4_500, 9_000, 19_000, 29_000, 59_000, 74_000, 89_000, 119_000];
/** Some servers advertise terms to those alone who ask in the old way. */
const ASKING = ["Connection: keep-alive"];
/** Of an advertised time, this part is used. */
const PROMISE_PART = 0.95;
/** How exactly a silent end is found: a tenth, at least half a second. */
const EXACT_PART = 0.1;
const EXACT_MS = 500;
/** Of a server that thinks for longer before it answers, its timer is not taken to begin before that. */
const UNSURE_MS_MAX = 1_000;
/** Connections that all end so soon behind their response have no idle timeout: they do not persist, whatever was said. */
const AT_ONCE_MS = 250;
/** New connections in a gap, at the same distances. */
const SPLITS = 3;
const ROUNDS_MAX = 3;

export interface IdleRung {
  /** How long it idled before it was used, or ended. */
  readonly idle_ms: number;
  /** `alive`: a request was answered. `ended`: it closed by itself. `dead`: it was open, and a request got nothing. */
  readonly state: "alive" | "ended" | "dead";
  readonly manner: CloseManner | undefined;
  /** It may have idled for so much longer: the response was on its way, or waited for this process to look. */
  readonly unsure_ms: number;
  /** Unasked bytes came with its end, like a 408. */
  readonly hadWords: boolean;
  readonly connection: ProbeConnection;
}

export interface IdleMeasure {
  /** In the order of their idle times. */
  readonly rungs: readonly IdleRung[];
  readonly limit_ms: number;
  /** Advertised on these connections; nothing is: undefined. */
  readonly advertised_ms: number | undefined;
  /** Responses were not each the last of their connection, announced or not. */
  readonly persists: boolean;
  /** It was stopped before the limit. */
  readonly wasStopped: boolean;
}

export async function measureIdle(kit: Kit): Promise<IdleMeasure> {
  const { maxWait_ms } = kit.settings;
  const begun_ms = kit.now();
  const rungs: IdleRung[] = [];
  const probe = await kit.openAndAsk({ fields: ASKING });
  const answer = probe.outcome.kind === "answer" ? probe.outcome : undefined;
  const advertised_ms = answer === undefined ? undefined : termsOf(answer.fields.valuesOf(Kind.keepAlive))?.timeout_ms;
  const saysItPersists = answer !== undefined && !isLast(answer);
  const measure = (wasStopped: boolean): IdleMeasure => ({
    rungs: rungs.toSorted((one, other) => one.idle_ms - other.idle_ms),
    limit_ms: wasStopped ? Math.min(maxWait_ms, kit.now() - begun_ms) : maxWait_ms,
    advertised_ms,
    persists: saysItPersists && (rungs.length === 0 || rungs.some((rung) => !hasEndedAtOnce(rung))),
    wasStopped,
  });
  probe.connection.destroy();
  if (!saysItPersists) return measure(false);
  try {
    await kit.waitingFor(`idle connections, up to ${seconds(maxWait_ms)}`, maxWait_ms, async () => {
      await Promise.all(
        rungTimes(kit, advertised_ms).map(async (idle_ms) => addTo(rungs, await idleFor(kit, idle_ms))),
      );
      await halveSilentGap(kit, rungs);
    });
    return measure(false);
  } catch (error) {
    if (error instanceof Stopped) return measure(true);
    throw error;
  }
}

function rungTimes(kit: Kit, advertised_ms: number | undefined): readonly number[] {
  const { maxWait_ms } = kit.settings;
  // A server that serves one connection at a time is not given twelve.
  if (kit.examination.servesOneAtATime) return [maxWait_ms];
  const promise = advertised_ms === undefined ? [] : [advertised_ms * PROMISE_PART];
  return [...new Set([...RUNGS_MS, ...promise].filter((idle_ms) => idle_ms < maxWait_ms)), maxWait_ms];
}

const hasEndedAtOnce = ({ state, idle_ms }: IdleRung) => state === "ended" && idle_ms < AT_ONCE_MS;

function addTo(rungs: IdleRung[], rung: IdleRung | undefined): void {
  if (rung !== undefined) rungs.push(rung);
}

/** A connection that idles for so long, and is then used. Its first request was not answered, or was its last: undefined. */
async function idleFor(kit: Kit, duration_ms: number): Promise<IdleRung | undefined> {
  const method = kit.cheapMethod === "HEAD" && (await isHeadInOrder(kit)) ? "HEAD" : "GET";
  const connection = await kit.open();
  const asked_ms = kit.now();
  const outcome = await connection.ask(kit.requests.of({ method, fields: ASKING }), kit.pace.answer_ms, method);
  // One that is told to be the last, as by a server that is full, was never idle.
  if (outcome.kind !== "answer" || isLast(outcome)) return undefined;
  // Not when this was noticed: a busy machine notices late.
  const since_ms = connection.latestByte_ms ?? kit.now();
  const unsure_ms = Math.min(since_ms - asked_ms, UNSURE_MS_MAX);
  const ended = (): IdleRung => ({
    idle_ms: (connection.end?.at_ms ?? kit.now()) - since_ms,
    state: "ended",
    manner: connection.end?.manner,
    unsure_ms,
    hadWords: connection.unreadBytes > 0,
    connection,
  });
  if (!(await connection.idle(duration_ms))) return ended();
  const idle_ms = kit.now() - since_ms;
  connection.note(`idle for ${seconds(idle_ms)}`);
  const again = await connection.ask(kit.requests.of({ method, fields: ASKING }), kit.pace.answer_ms, method);
  if (again.kind === "answer") {
    connection.destroy();
    return { idle_ms, state: "alive", manner: undefined, unsure_ms, hadWords: false, connection };
  }
  // The race itself: its FIN and our request passed each other.
  if (connection.end?.manner === "fin") return ended();
  return { idle_ms, state: "dead", manner: connection.end?.manner, unsure_ms, hadWords: false, connection };
}

/** Where connections die without a close: tries between the last that lived and the first that did not. */
async function halveSilentGap(kit: Kit, rungs: IdleRung[]): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const dead_ms = firstOf(rungs, "dead");
    if (dead_ms > firstOf(rungs, "ended")) return;
    const alive_ms = Math.max(
      0,
      ...rungs.filter(({ state, idle_ms }) => state === "alive" && idle_ms < dead_ms).map(({ idle_ms }) => idle_ms),
    );
    const gap_ms = dead_ms - alive_ms;
    if (!Number.isFinite(gap_ms) || gap_ms <= Math.max(EXACT_MS, dead_ms * EXACT_PART)) return;
    const splits = Array.from({ length: SPLITS }, (_, index) => alive_ms + (gap_ms * (index + 1)) / (SPLITS + 1));
    await Promise.all(splits.map(async (idle_ms) => addTo(rungs, await idleFor(kit, idle_ms))));
  }
}

/** The shortest idle time that came to this; none did: infinite. */
export function firstOf(rungs: readonly IdleRung[], state: IdleRung["state"]): number {
  return Math.min(...rungs.filter((rung) => rung.state === state).map(({ idle_ms }) => idle_ms));
}
