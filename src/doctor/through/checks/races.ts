/**
 * What a proxy does when its connection to the origin ends at the wrong moment, and whether a response can reach somebody else.
 *
 * The stale-connection race is played without waiting: the origin takes the request on a connection that was used before, and closes
 * it without an answer, which looks the same to a proxy as a close that crossed its request.
 */
import {
  arrivalOrAnswer,
  caps,
  exchange,
  STRANGERS,
  type ThroughCheck,
  type ThroughResult,
  unclear,
  whatIsMissing,
} from "../check.ts";
import type { Peer } from "../peer.ts";
import { type Arrival, answer, type RequestShape, type Stage } from "../stage.ts";

interface Race {
  /** Connections of the origin on which the request arrived, in order. */
  readonly arrivals: readonly Arrival[];
  /** It came on a connection that had carried a request before. */
  readonly isReused: boolean;
  readonly client: Peer;
  /** What the client was told in the end; nothing: undefined. */
  readonly status: number | undefined;
}

/** A request on a used connection, which the origin closes instead of answering; a second attempt would be answered. */
async function race(stage: Stage, shape: RequestShape): Promise<Race | string> {
  const client = await stage.client();
  const first = await exchange(stage, client);
  const missing = whatIsMissing(first, client);
  if (missing !== undefined) return missing;
  const second = client.isOpen ? client : await stage.client();
  const number = second.log.messages.length + 1;
  const mark = stage.mark();
  stage.ask(second, mark, shape);
  const arrival = await arrivalOrAnswer(stage, second, mark, number);
  if (arrival === undefined) return "the request did not reach the origin";
  const isReused = arrival.origin === first.arrival?.origin;
  arrival.origin.destroy();
  const again = () => stage.arrivals(mark).filter(({ origin }) => origin !== arrival.origin);
  const isOver = () => second.whole.length >= number || second.ended !== undefined;
  await stage.until(() => isOver() || again().some(({ request }) => request.isComplete));
  for (const { origin } of again()) origin.send(answer("again"));
  await stage.until(isOver);
  return { arrivals: stage.arrivals(mark), isReused, client: second, status: second.whole[number - 1]?.status };
}

function whatTheClientGot({ status, client }: Race): string {
  if (status !== undefined) return `the client got ${status}`;
  return client.ended === undefined ? "the client got nothing" : "the client's connection closed without a response";
}

const seenOf = ({ client, arrivals }: Race) => [client, ...arrivals.map(({ origin }) => origin)];

export const getSurvives: ThroughCheck = {
  id: "HW911",
  claim: "A GET that meets the close of a used connection is sent again, and its client notices nothing.",
  reference: "RFC 9110 section 9.2.2",
  consequence:
    "Whenever the origin closes an idle connection as the proxy uses it, a client gets an error for nothing.",
  async run(stage) {
    const played = await race(stage, {});
    if (typeof played === "string") return unclear(played);
    const seen = seenOf(played);
    const values = { sent: played.arrivals.length, reused: played.isReused, status: played.status ?? 0 };
    if (played.status === 200)
      return { verdict: "pass", measured: `sent ${played.arrivals.length} times, and answered`, values, seen };
    if (!played.isReused)
      return {
        verdict: "info",
        measured: `the proxy used a fresh connection, so there was no race; ${whatTheClientGot(played)}`,
        values,
        seen,
      };
    return { verdict: "advice", measured: `sent once; ${whatTheClientGot(played)}`, values, seen };
  },
};

export const postIsSentOnce: ThroughCheck = {
  id: "HW912",
  claim: "A POST is never sent to the origin twice.",
  reference: "RFC 9110 section 9.2.2",
  consequence: "What the POST does is done twice: two orders, two payments, two mails.",
  async run(stage) {
    const played = await race(stage, { method: "POST", body: "order=1" });
    if (typeof played === "string") return unclear(played);
    const seen = seenOf(played);
    const count = played.arrivals.length;
    const values = { sent: count, reused: played.isReused, status: played.status ?? 0 };
    if (count > 1)
      return {
        verdict: "fail",
        measured: `the same POST reached the origin ${count} times`,
        values,
        cap: caps.twice,
        seen,
      };
    if (played.status === undefined && played.client.ended === undefined) {
      return {
        verdict: "fail",
        measured: "sent once; the client got nothing, and waits",
        values,
        cap: caps.hang,
        consequence: "A client hangs whose request has failed.",
        seen,
      };
    }
    return {
      verdict: "pass",
      measured: `sent once${played.isReused ? ", on a used connection" : ", on a fresh connection"}; ${whatTheClientGot(played)}`,
      values,
      seen,
    };
  },
};

const POISON = "a response that nobody asked for";

async function poisoned(stage: Stage, when: "with the response" | "between requests"): Promise<ThroughResult> {
  const victimOf = await stage.client();
  const mark = stage.mark();
  stage.ask(victimOf, mark);
  const arrival = await arrivalOrAnswer(stage, victimOf, mark, 1);
  if (arrival === undefined) return unclear("the request did not reach the origin", victimOf);
  const poison = answer(POISON);
  arrival.origin.send(when === "with the response" ? answer("ok") + poison : answer("ok"));
  const first = await stage.response(victimOf);
  if (first === undefined) return unclear("no whole response came", victimOf, arrival.origin);
  if (when === "between requests") {
    arrival.origin.send(poison);
    // A request that is sent before the proxy has seen these bytes cannot be told from one that they answer: nobody could judge that.
    await stage.until(() => arrival.origin.ended !== undefined, stage.pace.settle_ms);
  }
  const victims: Peer[] = [victimOf];
  const seen = (): Peer[] => [arrival.origin, ...victims];
  const desync = (measured: string): ThroughResult => {
    return { verdict: "fail", measured, values: { when }, cap: caps.desync, seen: seen() };
  };
  // A proxy that passes bytes on, and not messages, has done so by now.
  if (when === "with the response")
    await stage.until(() => arrival.origin.ended !== undefined, stage.pace.settle_ms / 10);
  if (victimOf.raw.includes(POISON)) return desync("the same client got it behind its response, unasked");
  // The same client, then others: a pool hands the connection to the first that comes.
  for (let index = 0; index < STRANGERS; index++) {
    const client = index === 0 && victimOf.isOpen ? victimOf : await stage.client();
    if (client !== victimOf) victims.push(client);
    const done = await exchange(stage, client, answer(`own ${index}`));
    const got = done.response ?? client.log.latest;
    if (got?.body.includes(POISON)) {
      const who = client === victimOf ? "the same client's next request" : "another client's request";
      return desync(`${who} was answered with it`);
    }
  }
  const wasLeft = arrival.origin.ended !== undefined;
  const measured = wasLeft ? "the proxy gave the connection up" : "nobody got it";
  return { verdict: "pass", measured, values: { when, gave_up: wasLeft }, seen: seen() };
}

const POISONED = "A client gets the response to somebody else's request, or one that an attacker has prepared.";

export const surplusIsNobodys: ThroughCheck = {
  id: "HW913",
  claim: "What an origin sends behind a response is nobody's.",
  reference: "RFC 9112 section 9.2",
  consequence: POISONED,
  run: (stage) => poisoned(stage, "with the response"),
};

export const unsolicitedIsNobodys: ThroughCheck = {
  id: "HW914",
  claim: "What an origin sends on an idle connection is nobody's.",
  reference: "RFC 9112 section 9.2",
  consequence: POISONED,
  run: (stage) => poisoned(stage, "between requests"),
};
