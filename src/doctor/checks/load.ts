/** How many connections a server takes, and whether those that say nothing keep others out. */
import { type Check, type Result, unknown } from "../check.ts";
import type { ProbeConnection } from "../probe/connection.ts";
import { DialFault } from "../probe/dialing.ts";
import type { Kit } from "../probe/kit.ts";
import { outcomeWords, plural, seconds } from "../words.ts";

/** Connections that are opened at once. */
const BATCH = 32;

const silentNeighbour: Check = {
  id: "HW601",
  section: "load",
  claim: "One connection that says nothing does not keep others from being served.",
  consequence: "A browser that opens a connection in advance, or a port scan, stops the whole server.",
  takes: "alone",
  async run(kit) {
    const silent = await kit.open();
    const begun_ms = kit.now();
    const asked = await askOrFault(kit);
    // Over TLS a server that has no time for a handshake does not let anybody in.
    if (asked instanceof DialFault) return await whenKeptOut(kit, silent, asked);
    const { connection, outcome } = asked;
    const took_ms = kit.now() - begun_ms;
    const evidence = [silent, connection];
    // A 408 says that it was not looked at while the silent one was.
    const isServed = outcome.kind === "answer" && (outcome.status !== 408 || kit.baseline.status === 408);
    const waitedForEnd = isServed && took_ms > WAITED_MS && (await endedIt(kit, silent, connection, took_ms));
    if (isServed && !waitedForEnd) {
      return {
        verdict: "pass",
        measured: `another client was answered within ${seconds(took_ms)}`,
        values: { serves_others: true },
        evidence,
      };
    }
    if (outcome.kind === "malformed") return unknown(outcomeWords(outcome), ...evidence);
    silent.destroy();
    if (!waitedForEnd) {
      const isWaiting = outcome.kind === "none" && outcome.why === "timeout";
      const later = isWaiting ? await connection.next("GET", kit.pace.answer_ms) : (await kit.openAndAsk()).outcome;
      if (later.kind !== "answer" || later.status === 408) return unknown(outcomeWords(later), ...evidence);
    }
    return {
      verdict: "fail",
      measured: waitedForEnd
        ? `another client was answered after ${seconds(took_ms)}, once the silent connection was given up`
        : outcome.kind === "none" && outcome.why === "timeout"
          ? "another client was answered only once the silent connection was gone"
          : `another client was turned away (${outcomeWords(outcome)}), and answered once the silent connection was gone`,
      values: { serves_others: false },
      cap: STOPS_THE_SERVER,
      fix: "connection-limit",
      evidence,
    };
  },
};

/** A fresh connection with one request on it; none can be opened: why. */
async function askOrFault(kit: Kit): Promise<Awaited<ReturnType<Kit["openAndAsk"]>> | DialFault> {
  try {
    return await kit.openAndAsk();
  } catch (error) {
    if (error instanceof DialFault) return error;
    throw error;
  }
}

/** Nobody was let in beside a silent connection. Whether it was that which kept them out shows once it is gone. */
async function whenKeptOut(kit: Kit, silent: ProbeConnection, fault: DialFault): Promise<Result> {
  silent.destroy();
  const later = await askOrFault(kit);
  if (later instanceof DialFault) return unknown(`no further connection could be opened (${later.fault})`, silent);
  const evidence = [silent, later.connection];
  if (later.outcome.kind !== "answer") return unknown(outcomeWords(later.outcome), ...evidence);
  return {
    verdict: "fail",
    measured: `another client was not let in (${fault.fault}), and answered once the silent connection was gone`,
    values: { serves_others: false },
    cap: STOPS_THE_SERVER,
    fix: "connection-limit",
    evidence,
  };
}

const STOPS_THE_SERVER = { grade: "D", because: "one silent connection stops the server" } as const;
const KEEPS_OUT = { grade: "D", because: "idle connections keep newcomers out" } as const;

/** A response within this time waited for nothing. */
const WAITED_MS = 1_000;
/** The silent connection's end may be seen a little after the response that waited for it. */
const END_SEEN_MS = 250;

/** Whether it was the end of the silent connection that let the other be answered: alone, it is answered sooner. */
async function endedIt(kit: Kit, silent: ProbeConnection, other: ProbeConnection, took_ms: number): Promise<boolean> {
  if (await silent.idle(END_SEEN_MS)) return false;
  other.destroy();
  const { outcome } = await kit.openAndAsk({}, took_ms / 2);
  return outcome.kind === "answer";
}

const manyConnections: Check = {
  id: "HW602",
  section: "load",
  claim: "Idle connections do not keep a newcomer from being served.",
  consequence: "Idle clients of one kind shut out all others.",
  needs: "load",
  takes: "alone",
  async run(kit) {
    const wanted = kit.settings.loadConnections ?? 0;
    const idle: ProbeConnection[] = [];
    let refusal: string | undefined;
    while (idle.length < wanted && refusal === undefined) {
      const batch = Array.from({ length: Math.min(BATCH, wanted - idle.length) }, () => openIdle(kit));
      for (const one of await Promise.all(batch)) {
        if (typeof one === "string") refusal ??= one;
        else idle.push(one);
      }
    }
    const values = { wanted, open: idle.length };
    if (refusal !== undefined && idle.length === 0) return unknown(refusal);
    if (refusal !== undefined) {
      const measured = `${idle.length} idle connections, and the next client: ${refusal}`;
      return {
        verdict: "fail",
        measured,
        values,
        cap: KEEPS_OUT,
        fix: "connection-limit",
      };
    }
    const begun_ms = kit.now();
    const asked = await askOrFault(kit);
    if (asked instanceof DialFault || asked.outcome.kind !== "answer") {
      const why = asked instanceof DialFault ? `no connection (${asked.fault})` : outcomeWords(asked.outcome);
      return {
        verdict: "fail",
        measured: `${plural(idle.length, "idle connection")}, and a newcomer: ${why}`,
        values,
        cap: KEEPS_OUT,
        fix: "connection-limit",
        evidence: asked instanceof DialFault ? [] : [asked.connection],
      };
    }
    const { connection } = asked;
    const alive = idle.filter(({ end }) => end === undefined).length;
    const measured = `${plural(wanted, "connection")} were served, ${alive} are still open, and a newcomer waited ${seconds(kit.now() - begun_ms)}`;
    return { verdict: "pass", measured, values: { ...values, still_open: alive }, evidence: [connection] };
  },
};

/** An idle connection, or why there is none. */
async function openIdle(kit: Kit): Promise<ProbeConnection | string> {
  try {
    const { connection, outcome } = await kit.openAndAsk({ method: "HEAD" });
    return outcome.kind === "answer" ? connection : outcomeWords(outcome);
  } catch (error) {
    if (error instanceof DialFault) return `no connection (${error.fault})`;
    throw error;
  }
}

export const loadChecks: readonly Check[] = [silentNeighbour, manyConnections];
