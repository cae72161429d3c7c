/**
 * What a server allows on a connection beside idling: how many requests, and how long for the first byte and the rest of a head.
 *
 * The two waits last as long as the idle timeout is measured, or as long as somebody asks for: what is longer is told as "longer
 * than". Deliberately absent: how long for a body, which nobody can see without sending one.
 */
import { isPublic } from "../../net/dial-guard.ts";
import { type Check, type Result, unknown } from "../check.ts";
import type { Outcome, ProbeConnection } from "../probe/connection.ts";
import type { Kit } from "../probe/kit.ts";
import { isLast } from "../probe/last-response.ts";
import { endWords, outcomeWords, plural, seconds } from "../words.ts";
import { measureIdle } from "./idle-measure.ts";
import { isHeadInOrder } from "./messages.ts";

/** More than nginx's and lighttpd's 1,000. */
const REQUESTS_MAX = 1_100;
/** More than Apache's 100: strangers are spared the rest. */
const REQUESTS_MAX_PUBLIC = 150;
const REQUESTS_MS_MAX = 20_000;
/** Fewer are costly behind a proxy that keeps connections: each end is another handshake, and another race. */
const FEW_REQUESTS = 50;

const requestsPerConnection: Check = {
  id: "HW203",
  section: "time",
  claim: "The last response of a connection says close; how many there may be is enough for a pool in front.",
  reference: "RFC 9112 section 9.6",
  consequence: "Each end of a connection costs a handshake, and is one more moment in which a request can be lost.",
  takes: "moment",
  async run(kit) {
    const { method, first } = await firstSeries(kit);
    if (first === undefined) return unknown("requests are counted with HEAD, whose responses are not in order (HW403)");
    const isEarly = first.endedUnannounced || (first.saidClose && first.count < FEW_REQUESTS);
    if (first.count <= 1 || !isEarly) return judgeNumber(first);
    // One that ended for another reason (a process that was replaced, memory that was short, others who wait) says nothing of a number.
    const second = await requestsOn(kit, method);
    const evidence = [second.connection, first.connection];
    if (second.endedUnannounced || (first.endedUnannounced && second.count <= first.count)) return judgeNumber(first);
    if (second.saidClose && second.count < FEW_REQUESTS) {
      if (first.endedUnannounced || second.count === first.count) return judgeNumber(second);
      const [least, most] = [first.count, second.count].toSorted((one, other) => one - other);
      return {
        verdict: "info",
        measured: `${least} requests on one connection and ${most} on another; the last responses say close`,
        values: { requests: most ?? 0, is_announced: true },
        consequence: "",
        evidence,
      };
    }
    const result = judgeNumber(second);
    const how = first.endedUnannounced ? "ended" : "said close";
    const aside = `; another connection ${how} after ${plural(first.count, "response")}, for a reason of its own`;
    return { ...result, measured: `${result.measured}${aside}`, evidence };
  },
};

/** With HEAD, which costs a server least. One that sends bodies with it is asked with GET, unless the page is large. */
async function firstSeries(kit: Kit): Promise<{ readonly method: "GET" | "HEAD"; readonly first: Series | undefined }> {
  const first = await requestsOn(kit, "HEAD");
  if (first.outcome?.kind !== "malformed" || (await isHeadInOrder(kit))) return { method: "HEAD", first };
  return { method: "GET", first: kit.cheapMethod === "GET" ? await requestsOn(kit, "GET") : undefined };
}

interface Series {
  readonly connection: ProbeConnection;
  readonly count: number;
  readonly saidClose: boolean;
  /** What became of the last request. */
  readonly outcome: Outcome | undefined;
  readonly endedUnannounced: boolean;
}

/** Requests on one connection, one after the other, until it ends or there were enough. */
async function requestsOn(kit: Kit, method: "GET" | "HEAD"): Promise<Series> {
  const max =
    kit.settings.requestsMax ?? (isPublic(kit.examination.address ?? "") ? REQUESTS_MAX_PUBLIC : REQUESTS_MAX);
  const connection = await kit.open();
  const request = kit.requests.of({ method });
  const until_ms = kit.now() + REQUESTS_MS_MAX;
  let count = 0;
  let saidClose = false;
  let outcome: Outcome | undefined;
  while (count < max && !saidClose && kit.now() < until_ms) {
    outcome = await connection.ask(request, kit.pace.answer_ms, method);
    if (outcome.kind !== "answer") break;
    count++;
    saidClose = isLast(outcome);
  }
  return { connection, count, saidClose, outcome, endedUnannounced: outcome?.kind !== "answer" && !saidClose };
}

function judgeNumber({ connection, count, saidClose, outcome, endedUnannounced }: Series): Result {
  const values = { requests: count };
  const evidence = [connection];
  if (count <= 1)
    return unknown(
      count === 0 && outcome !== undefined ? outcomeWords(outcome) : "connections do not persist",
      connection,
    );
  if (!saidClose && !endedUnannounced) {
    return {
      verdict: "pass",
      measured: `${plural(count, "request")} on one connection, and no end of it`,
      values: { ...values, has_limit: false },
      evidence,
    };
  }
  const known = { ...values, has_limit: true, is_announced: saidClose };
  if (!saidClose) {
    return {
      verdict: "fail",
      measured: `after ${plural(count, "response")} the connection ended, and the last one did not say close: ${outcome === undefined ? "closed" : outcomeWords(outcome)}`,
      values: known,
      consequence: "The request that comes next is lost, or its client cannot tell whether it was served.",
      cap: { grade: "C", because: "connections end unannounced" },
      fix: "close-not-announced",
      evidence,
    };
  }
  const measured = `${plural(count, "request")} on a connection; the last response says close`;
  return {
    verdict: count < FEW_REQUESTS ? "advice" : "pass",
    measured,
    values: known,
    fix: "requests-per-connection",
    evidence,
  };
}

/** Waits in which nothing shows are given at least this. */
const WAIT_MS_MIN = 10_000;
/** Between two pieces of a head that trickles. */
const TRICKLE_MS = 1_000;
/** Nobody needs longer for a head, and longer waits are unlimited for all that can be told. */
const LONG_MS = 120_000;

/** Waits for the end of `connection`, as long as waits are worth here. Returns how long it stayed open, and whether it ended. */
async function waitForEnd(
  kit: Kit,
  connection: ProbeConnection,
  what: string,
  meanwhile?: () => void,
): Promise<{ readonly open_ms: number; readonly hasEnded: boolean }> {
  const { maxWait_ms, isMaxWaitAsked } = kit.settings;
  const since_ms = kit.now();
  let isOver = false;
  const isWorthIt = () => isMaxWaitAsked || kit.now() - since_ms < WAIT_MS_MIN || !isOver;
  const idle = kit.once(measureIdle).then(
    () => (isOver = true),
    () => (isOver = true),
  );
  if (kit.examination.servesOneAtATime) await idle;
  await kit.waitingFor(what, maxWait_ms, async () => {
    while (kit.now() - since_ms < maxWait_ms && isWorthIt()) {
      if (!(await connection.idle(Math.min(TRICKLE_MS, maxWait_ms)))) return;
      meanwhile?.();
    }
  });
  const end_ms = connection.end?.at_ms ?? kit.now();
  return { open_ms: end_ms - since_ms, hasEnded: connection.end !== undefined };
}

/** Reads what came before the end: a 408, most often. */
async function lastWords(connection: ProbeConnection): Promise<string> {
  if (connection.unreadBytes === 0) return "without a word";
  const outcome = await connection.next("GET", 100);
  return outcome.kind === "answer" ? `with ${outcome.status}` : "with bytes that are not a response";
}

function judgedWait(
  kind: "silent" | "head",
  waited: { readonly open_ms: number; readonly hasEnded: boolean },
  words: string,
  connection: ProbeConnection,
): Result {
  const { open_ms, hasEnded } = waited;
  const evidence = [connection];
  if (hasEnded) {
    const manner = connection.end?.manner ?? "fin";
    const values = { closed_after_ms: Math.round(open_ms), closed_with: manner };
    return {
      verdict: "pass",
      measured: `ended after ${seconds(open_ms)} ${words}, ${endWords[manner]}`,
      values,
      evidence,
    };
  }
  const values = { open_after_ms: Math.round(open_ms) };
  const fix = kind === "silent" ? "silent-connection-unlimited" : "head-time-unlimited";
  if (open_ms < LONG_MS)
    return {
      verdict: "info",
      measured: `longer than ${seconds(open_ms)}, which is as long as was waited`,
      values,
      consequence: "",
      evidence,
    };
  return { verdict: "advice", measured: `still open after ${seconds(open_ms)}`, values, fix, evidence };
}

const silentConnection: Check = {
  id: "HW204",
  section: "time",
  claim: "A new connection on which nothing is asked is given up after a while.",
  consequence: "A client that opens connections and says nothing holds places that others need.",
  takes: "wait",
  async run(kit) {
    const connection = await kit.open();
    const waited = await waitForEnd(kit, connection, "a connection that says nothing");
    return judgedWait("silent", waited, await lastWords(connection), connection);
  },
};

const stalledHead: Check = {
  id: "HW205",
  section: "time",
  claim: "A request's head that stops half way is given up after a while.",
  reference: "RFC 9110 section 15.5.9",
  consequence: "Half a request holds a connection for as long as its sender likes: that is all Slowloris does.",
  takes: "wait",
  async run(kit) {
    const connection = await kit.open();
    connection.send(halfHead(kit));
    const waited = await waitForEnd(kit, connection, "half a request");
    return judgedWait("head", waited, await lastWords(connection), connection);
  },
};

const tricklingHead: Check = {
  id: "HW206",
  section: "time",
  claim: "A request's head that comes a line a second is given up after a while, as a whole.",
  reference: "RFC 9110 section 15.5.9",
  consequence: "A sender that adds a line now and then holds a connection for as long as it likes: that is Slowloris.",
  takes: "wait",
  async run(kit) {
    const connection = await kit.open();
    connection.send(halfHead(kit));
    let lines = 0;
    const waited = await waitForEnd(kit, connection, "a request that comes a line a second", () => {
      connection.send(`X-Slow-${++lines}: 1\r\n`);
    });
    return judgedWait("head", waited, await lastWords(connection), connection);
  },
};

function halfHead(kit: Kit): string {
  return kit.requests.of().slice(0, -2);
}

export const limitChecks: readonly Check[] = [requestsPerConnection, silentConnection, stalledHead, tricklingHead];
