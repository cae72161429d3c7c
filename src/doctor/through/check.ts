/**
 * A check of a proxy, seen from both sides: what a healthy one does, and how to find out.
 *
 * Deliberately absent: their order, and what becomes of the results (examine-through.ts).
 */
import type { Cap, Evidence, Verdict } from "../finding.ts";
import type { Message } from "./message-log.ts";
import type { Peer } from "./peer.ts";
import { type Arrival, answer, type RequestShape, type Stage } from "./stage.ts";

export interface ThroughResult {
  readonly verdict: Verdict;
  /** One line, with its figures. */
  readonly measured: string;
  readonly values?: Readonly<Record<string, number | string | boolean>>;
  /** What follows; by default the check's own, where the verdict is advice or fail. */
  readonly consequence?: string;
  readonly cap?: Cap;
  /** Whose bytes show it. */
  readonly seen: readonly (Peer | undefined)[];
}

export interface ThroughCheck {
  readonly id: string;
  /** What a healthy proxy does, in one sentence. */
  readonly claim: string;
  readonly reference?: string;
  /** What follows where it does not. */
  readonly consequence: string;
  readonly needs?: "intrusive" | "drain";
  run(stage: Stage): Promise<ThroughResult>;
}

/** How a check ends in findings. */
export function findingEvidence(stage: Stage, { seen }: ThroughResult): Evidence[] {
  return stage.evidenceOf(...seen);
}

/** Caps that several checks share. */
export const caps = {
  hang: { grade: "F", because: "a client hangs" },
  twice: { grade: "F", because: "a request that must not be repeated was sent twice" },
  desync: { grade: "F", because: "a response reached somebody who did not ask for it" },
  smuggling: { grade: "F", because: "an ambiguous message went on to the origin" },
  lent: { grade: "F", because: "one client's authenticated connection was lent to another" },
  looksComplete: { grade: "D", because: "a truncated response looks complete" },
  lost: { grade: "D", because: "requests are lost" },
} as const satisfies Readonly<Record<string, Cap>>;

/** So many clients come behind one whose connection to the origin may be lent on: a proxy of several processes has several pools. */
export const STRANGERS = 8;

/** Something else went wrong first, so that nothing can be told. */
export function unclear(measured: string, ...seen: readonly (Peer | undefined)[]): ThroughResult {
  return { verdict: "not-measurable", measured, seen };
}

export interface Exchange {
  /** It did not reach the origin: undefined. */
  readonly arrival: Arrival | undefined;
  /** It did not come whole: undefined. */
  readonly response: Message | undefined;
}

/** One request and its response, both whole. @param reply what the origin says */
export async function exchange(
  stage: Stage,
  client: Peer,
  reply: string = answer("ok"),
  shape: RequestShape = {},
): Promise<Exchange> {
  const mark = stage.mark();
  const number = client.log.messages.length + 1;
  stage.ask(client, mark, shape);
  const arrival = await arrivalOrAnswer(stage, client, mark, number);
  arrival?.origin.send(reply);
  return { arrival, response: await stage.response(client, number) };
}

/** A proxy that answers by itself need not be waited for. */
export async function arrivalOrAnswer(
  stage: Stage,
  client: Peer,
  mark: string,
  number: number,
  until: "head" | "whole" = "whole",
): Promise<Arrival | undefined> {
  const arrived = () => stage.arrivals(mark).find(({ request }) => until === "head" || request.isComplete);
  await stage.until(() => arrived() !== undefined || client.whole.length >= number || client.ended !== undefined);
  return arrived();
}

/** What did not come of an exchange, in words; all did: undefined. */
export function whatIsMissing({ arrival, response }: Exchange, client: Peer): string | undefined {
  if (arrival === undefined)
    return response === undefined
      ? "the request did not reach the origin"
      : `the proxy answered ${response.status} by itself`;
  if (response !== undefined) return undefined;
  if (client.log.refusal !== undefined) return `the proxy's response cannot be read (${client.log.refusal})`;
  return client.ended === undefined ? "no response came" : "the proxy closed without a whole response";
}

export const seconds = (ms: number) => `${Number((ms / 1_000).toFixed(2))} s`;
