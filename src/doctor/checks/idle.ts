/**
 * The idle timeout: what it is, whether it keeps what was advertised, how it ends connections, and who loses races against it.
 *
 * Deliberately absent: the measurement, which these share (idle-measure.ts).
 */
import { type Check, type Result, unknown } from "../check.ts";
import { poolsThatLose } from "../neighbours.ts";
import { endWords, seconds } from "../words.ts";
import { firstOf, type IdleMeasure, measureIdle } from "./idle-measure.ts";

/** A close this little before the advertised time is the way there and the timers. */
const PROMISE_SLACK_MS = 100;
/** Ends that differ by more are told as a range. */
const SPREAD_MS = 1_000;

const idleTimeout: Check = {
  id: "HW201",
  section: "time",
  claim: "An idle connection lives at least as long as is advertised, and ends with a close.",
  reference: "RFC 9112 section 9.5",
  consequence: "Clients that go by the advertised time send requests into connections that are already gone.",
  takes: "wait",
  async run(kit) {
    const idle = await kit.once(measureIdle);
    if (!idle.persists) return unknown("connections do not persist");
    if (idle.rungs.length === 0)
      return unknown(idle.wasStopped ? "stopped before anything was known" : "no idle connection could be had");
    const { advertised_ms } = idle;
    const alive_ms = longestAlive(idle);
    const [ended_ms, dead_ms] = [firstOf(idle.rungs, "ended"), firstOf(idle.rungs, "dead")];
    const values = {
      ...(advertised_ms === undefined ? {} : { advertised_timeout_ms: advertised_ms }),
      ...(alive_ms === undefined ? {} : { served_after_ms: Math.round(alive_ms) }),
    };
    const evidence = idle.rungs
      .filter(
        ({ idle_ms, state }) =>
          idle_ms ===
            (Number.isFinite(ended_ms) || Number.isFinite(dead_ms) ? Math.min(ended_ms, dead_ms) : alive_ms) ||
          (idle_ms === alive_ms && state === "alive"),
      )
      .slice(0, 2)
      .map(({ connection }) => connection);
    if (dead_ms < ended_ms) {
      return {
        verdict: "fail",
        measured: `after ${seconds(dead_ms)} a request gets no response on a connection that nobody closed; after ${seconds(alive_ms ?? 0)} it still did`,
        values: { ...values, silent_death_ms: Math.round(dead_ms) },
        consequence:
          "Clients hang on such a connection until a timeout of their own: nothing told them that it is gone.",
        cap: { grade: "D", because: "idle connections die without a close" },
        fix: "idle-timeout-too-short",
        evidence,
      };
    }
    if (!Number.isFinite(ended_ms)) {
      const measured = idle.wasStopped
        ? `stopped: longer than ${seconds(alive_ms ?? idle.limit_ms)}`
        : `longer than ${seconds(alive_ms ?? idle.limit_ms)}, which is as long as was waited`;
      return { verdict: "info", measured, values, consequence: "", evidence };
    }
    return judgedTimeout(idle, ended_ms, values, evidence);
  },
};

function judgedTimeout(
  idle: IdleMeasure,
  ended_ms: number,
  known: Result["values"],
  evidence: Result["evidence"],
): Result {
  const { advertised_ms } = idle;
  const ends = idle.rungs.filter(({ state }) => state === "ended");
  const last_ms = Math.max(...ends.map(({ idle_ms }) => idle_ms));
  const manner = ends[0]?.manner ?? "fin";
  const isOneTime = last_ms - ended_ms <= SPREAD_MS;
  const timeout_ms = timeoutOf(idle);
  const range = isOneTime ? `after ${seconds(timeout_ms)}` : `between ${seconds(ended_ms)} and ${seconds(last_ms)}`;
  const said = advertised_ms === undefined ? "nothing advertised" : `advertised ${seconds(advertised_ms)}`;
  const values = { ...known, idle_timeout_ms: Math.round(timeout_ms), closed_with: manner };
  const measured = `${said}, closed ${range} with ${endWords[manner]}`;
  // A busy machine sees responses late and ends in time: what may have been kept counts.
  const unsure_ms = Math.max(...ends.map((rung) => rung.unsure_ms));
  if (advertised_ms !== undefined && timeout_ms + unsure_ms < advertised_ms - PROMISE_SLACK_MS) {
    return {
      verdict: "fail",
      measured,
      values,
      cap: { grade: "D", because: "less time is kept than was advertised" },
      fix: "idle-timeout-promise-broken",
      ...(evidence === undefined ? {} : { evidence }),
    };
  }
  return { verdict: "pass", measured, values, ...(evidence === undefined ? {} : { evidence }) };
}

const behindBalancers: Check = {
  id: "HW202",
  section: "time",
  claim: "Idle connections live longer here than in the pools of the load balancers and proxies in front.",
  consequence:
    "Behind such a neighbour some requests meet a connection that is just closing, and fail as 502 although nothing is broken.",
  takes: "wait",
  async run(kit) {
    const idle = await kit.once(measureIdle);
    if (!idle.persists) return unknown("connections do not persist, so nobody keeps them");
    const end_ms = Math.min(timeoutOf(idle), firstOf(idle.rungs, "dead"));
    const known_ms = Number.isFinite(end_ms) ? end_ms : (longestAlive(idle) ?? 0);
    const { common, longLived } = poolsThatLose(known_ms);
    const isExact = Number.isFinite(end_ms);
    if (!isExact && common.length > 0) return unknown(`known is only that it is longer than ${seconds(known_ms)}`);
    const values = { idle_timeout_ms: Math.round(known_ms), is_exact: isExact };
    if (common.length > 0) {
      return {
        verdict: "advice",
        measured: `${seconds(known_ms)} is too short behind ${common.join(", ")}`,
        values,
        cap: { grade: "B", because: "idle connections end before the pools in front give them up" },
        evidence: [idle.rungs.find(({ state }) => state !== "alive")?.connection],
        fix: "idle-timeout-too-short",
      };
    }
    const measured = `${isExact ? "" : "more than "}${seconds(known_ms)} outlives the common pools of 60 s`;
    return {
      verdict: "pass",
      measured: longLived.length === 0 ? measured : `${measured}, but not ${longLived.join(", ")}`,
      values,
    };
  },
};

const mannerOfIdleEnd: Check = {
  id: "HW301",
  section: "closing",
  claim: "An idle connection ends in order, with FIN.",
  reference: "RFC 9112 section 9.6",
  consequence:
    'A client whose request is on its way at that moment sees "connection reset by peer", and cannot tell whether it was served.',
  takes: "wait",
  async run(kit) {
    const idle = await kit.once(measureIdle);
    if (!idle.persists) return unknown("connections do not persist");
    const ended = idle.rungs.find(({ state }) => state === "ended");
    if (ended === undefined) return unknown("no idle connection ended while it was watched");
    const { manner = "fin", hadWords, connection } = ended;
    const values = { closed_with: manner, had_words: hadWords };
    const words = hadWords ? ", with a response that nobody asked for before it" : "";
    const measured = `${endWords[manner]}${words}`;
    if (manner === "rst" || hadWords) {
      return {
        verdict: "advice",
        measured,
        values,
        ...(hadWords
          ? {
              consequence:
                "A client takes these bytes for the response to its next request, if that is on its way at that moment.",
            }
          : {}),
        fix: "close-with-reset",
        evidence: [connection],
      };
    }
    return { verdict: "pass", measured, values, evidence: [connection] };
  },
};

/**
 * When idle connections are closed: the longest of what several saw, since a busy machine begins to count late; where they differ for good,
 * the earliest. They are not closed: infinite.
 */
function timeoutOf({ rungs }: IdleMeasure): number {
  const ends = rungs.filter(({ state }) => state === "ended").map(({ idle_ms }) => idle_ms);
  const [first = Number.POSITIVE_INFINITY] = ends;
  const last = ends.at(-1) ?? first;
  return last - first <= SPREAD_MS ? last : first;
}

function longestAlive({ rungs }: IdleMeasure): number | undefined {
  const alive = rungs.filter(({ state }) => state === "alive").map(({ idle_ms }) => idle_ms);
  return alive.length === 0 ? undefined : Math.max(...alive);
}

export const idleChecks: readonly Check[] = [idleTimeout, behindBalancers, mannerOfIdleEnd];
