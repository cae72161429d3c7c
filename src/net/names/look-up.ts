/**
 * One look-up under way: candidate after candidate of a name, server after server, both families at once, until something is
 * known or its time is over.
 *
 * When one family's addresses are known the other gets a moment more (RFC 8305 section 3); what it brings later still goes
 * into the result. Deliberately absent: remembering, sharing and limits; see chosen-names.ts.
 */
import { type Clock, LOOKUP_TIMEOUT } from "../ports.ts";
import { limitTime } from "../time-limit.ts";
import type { Ask, Family, FamilyAnswer } from "./asking.ts";

/** The whole look-up: twice what a connection gets, so that a slow name is known when it is asked for again. */
export const LOOKUP_MS_MAX = 10_000;
/** RFC 8305 section 3. */
export const OTHER_FAMILY_MS = 50;
/** Addresses of one family that count: a zone may have thousands, and each would be judged for each connection. */
export const ADDRESSES_MAX = 16;
/** The preferred one first (RFC 6724 section 2.1). */
const FAMILIES: readonly Family[] = [6, 4];

export interface Question {
  readonly candidates: readonly string[];
  /** In the order in which they are asked. */
  readonly servers: readonly string[];
  readonly try_ms: number;
  readonly attempts: number;
}

export interface LookUpHandler {
  /** `server` knew something, if only that there is nothing. */
  onServerAnswered(server: string): void;
  /** Some addresses are known, and others were waited for long enough. */
  onAddresses(addresses: readonly string[]): void;
  /** It is over. */
  onEnd(result: LookUpResult): void;
}

/** No such name, no server that knew, or none that answered. */
export type LookUpFault = "ENOTFOUND" | "EAI_AGAIN" | typeof LOOKUP_TIMEOUT;

export type LookUpResult =
  | { readonly addresses: readonly string[]; readonly ttl_s: number; readonly isWhole: boolean }
  | { readonly fault: LookUpFault };

interface Answer {
  readonly addresses: readonly string[];
  readonly ttl_s: number;
}

const NOTHING: Answer = { addresses: [], ttl_s: Number.POSITIVE_INFINITY };

export class LookUp {
  private readonly question: Question;
  private readonly ask: Ask;
  private readonly clock: Clock;
  private readonly handler: LookUpHandler;
  /** What is known of the present candidate. */
  private readonly answers = new Map<Family, Answer>();
  private candidate = 0;
  /** Tries for the present candidate. */
  private tries = 0;
  /** Families that the present try still waits for. */
  private awaited = new Set<Family>();
  /** Why a candidate could not be decided, if any could not. */
  private fault: LookUpFault = "ENOTFOUND";
  private stopTry = () => {};
  private stopAsking = () => {};
  private stopOther = () => {};
  private readonly stopAll: () => void;
  private isOver = false;

  constructor(question: Question, ask: Ask, clock: Clock, handler: LookUpHandler) {
    this.question = question;
    this.ask = ask;
    this.clock = clock;
    this.handler = handler;
    this.stopAll = limitTime(clock, LOOKUP_MS_MAX, () => this.cancel());
    this.tryNext();
  }

  /** Ends it now, with what is known. */
  cancel(): void {
    if (this.isOver) return;
    this.fault = LOOKUP_TIMEOUT;
    this.finish();
  }

  private tryNext(): void {
    this.awaited = new Set();
    this.stopTry();
    this.stopAsking();
    const { candidates, servers, attempts, try_ms } = this.question;
    if (this.tries === servers.length * attempts) return this.finishOrGoOn();
    const server = servers[this.tries++ % servers.length] ?? "";
    const awaited = new Set(FAMILIES.filter((family) => !this.answers.has(family)));
    this.awaited = awaited;
    this.stopTry = limitTime(this.clock, try_ms, () => {
      this.fault = LOOKUP_TIMEOUT;
      this.tryNext();
    });
    this.stopAsking = this.ask(server, candidates[this.candidate] ?? "", [...awaited], (family, answer) => {
      // What a try before this one brings is late.
      if (this.isOver || this.awaited !== awaited || !awaited.delete(family)) return;
      this.onAnswer(server, family, answer);
    });
  }

  private onAnswer(server: string, family: Family, answer: FamilyAnswer): void {
    const meaning = meaningOf(answer);
    if (typeof meaning === "string") {
      this.fault = meaning;
    } else {
      this.answers.set(family, meaning);
      this.handler.onServerAnswered(server);
    }
    if (this.answers.size === FAMILIES.length) return this.finishOrGoOn();
    if (this.awaited.size === 0) this.tryNext();
    if (this.addresses.length > 0 && !this.isOver) {
      this.stopOther();
      this.stopOther = this.clock.after(OTHER_FAMILY_MS, () => this.handler.onAddresses(this.addresses));
    }
  }

  /** All is known of the present candidate, or all servers were asked. */
  private finishOrGoOn(): void {
    if (this.addresses.length > 0) this.finish();
    else this.nextCandidate();
  }

  private nextCandidate(): void {
    this.candidate++;
    this.tries = 0;
    this.answers.clear();
    if (this.candidate < this.question.candidates.length) this.tryNext();
    else this.finish();
  }

  private get addresses(): readonly string[] {
    return FAMILIES.flatMap((family) => this.answers.get(family)?.addresses ?? []);
  }

  private finish(): void {
    const { addresses, answers, fault } = this;
    this.isOver = true;
    for (const stop of [this.stopTry, this.stopAsking, this.stopOther, this.stopAll]) stop();
    if (addresses.length === 0) return this.handler.onEnd({ fault });
    const ttl_s = Math.min(...[...answers.values()].map((answer) => answer.ttl_s));
    this.handler.onEnd({ addresses, ttl_s, isWhole: answers.size === FAMILIES.length });
  }
}

/**
 * What a server says about one family. That there is no such name counts for this family alone: some servers say so of names
 * that have addresses of the other (RFC 4074 section 4.2).
 */
function meaningOf(answer: FamilyAnswer): Answer | LookUpFault {
  if (answer === "ENOTFOUND" || answer === "ENODATA") return NOTHING;
  if (typeof answer === "string") return answer === LOOKUP_TIMEOUT ? LOOKUP_TIMEOUT : "EAI_AGAIN";
  if (answer.length === 0) return NOTHING;
  return {
    addresses: answer.slice(0, ADDRESSES_MAX).map(({ address }) => address),
    ttl_s: answer.reduce((least, { ttl }) => Math.min(least, ttl), Number.POSITIVE_INFINITY),
  };
}
