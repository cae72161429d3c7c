/**
 * How an endpoint is, all told: what its traffic shows (health.ts), the share of failures among its answers, and what health checks say
 * (check-verdict.ts). From that follows when it is used, and how much of it.
 *
 * Each that speaks against it counts by itself; what speaks for it takes back only what it contradicts. Time is handed in. Deliberately
 * absent: choosing, see balancing.ts; making checks, see checking.ts.
 */
import type { CheckResult, EndpointRecord } from "../connection/connection-record.ts";
import { CheckVerdict } from "./check-verdict.ts";
import type { Care } from "./group.ts";
import { Health, type Standing } from "./health.ts";
import type { PoolObserver } from "./observer.ts";
import { SlidingCount } from "./sliding-count.ts";

/** The least part of its requests that an endpoint gets while it starts slowly: without any it would never be warm. */
const SLOW_START_LEAST = 0.1;

export interface ConditionOptions {
  readonly record: EndpointRecord;
  readonly observer: Pick<PoolObserver, "endpointFailed" | "endpointRecovered" | "endpointChecked">;
  readonly plan: Care;
  /** Whether its pool has no other endpoint. */
  readonly isAlone: () => boolean;
  /** Whether the group can do without one more. */
  readonly mayEject: () => boolean;
}

/** `avoided`, `ejected`: its requests failed; `unhealthy`: its checks did. */
export const endpointStates = ["available", "avoided", "ejected", "unhealthy"] as const;
export type EndpointState = (typeof endpointStates)[number];

export class Condition {
  /** What checks say; there are none: undefined. */
  verdict: CheckVerdict | undefined;
  private readonly options: ConditionOptions;
  private readonly health: Health;
  /** Answers, and the failures among them; they eject nobody: undefined. */
  private answers: SlidingCount | undefined;
  private plan: Care = {};
  /** It gets all of its part. */
  isWarm = true;
  /** When it came back last; it has never been away: undefined. */
  private backSince_ms: number | undefined;
  private warmUntil_ms = Number.NEGATIVE_INFINITY;
  private readonly began_ms: number;

  constructor(options: ConditionOptions, now: number) {
    this.options = options;
    this.began_ms = now;
    this.health = new Health();
    this.replan(options.plan, now);
  }

  /** From now on it is looked after like this. What is known of it stays, as far as it is still asked for. */
  replan(plan: Care, now: number): void {
    const { health, ejection } = plan;
    const { verdict } = this;
    this.health.isChecked = health !== undefined;
    if (health === undefined) this.verdict = undefined;
    else if (verdict === undefined) this.verdict = new CheckVerdict(health, now);
    else verdict.thresholds = health;
    if (ejection?.window_ms !== this.plan.ejection?.window_ms) {
      this.answers = ejection === undefined ? undefined : new SlidingCount(ejection.window_ms);
    }
    this.plan = plan;
  }

  // What follows.

  standing(now: number): Standing {
    return this.verdict?.state === "unhealthy" ? "avoided" : this.health.standing(now);
  }

  /** Not used before this time if there are other endpoints; nobody knows when: infinite. */
  get avoidUntil_ms(): number {
    return this.verdict?.state === "unhealthy" ? Number.POSITIVE_INFINITY : this.health.avoidUntil_ms;
  }

  /** Whether it gets no requests, or one at most, as long as others are well. */
  get isOut(): boolean {
    return this.verdict?.state === "unhealthy" || !this.health.isWell;
  }

  /** How much of its usual part it should get, from 0 to 1: less than all while it starts slowly. */
  part(now: number): number {
    if (now >= this.warmUntil_ms) {
      this.isWarm = true;
      return 1;
    }
    const { slowStart_ms = 0 } = this.plan;
    return Math.max(SLOW_START_LEAST, 1 - (this.warmUntil_ms - now) / slowStart_ms);
  }

  state(now: number): EndpointState {
    if (this.verdict?.state === "unhealthy") return "unhealthy";
    if (this.health.isWell || now >= this.health.avoidUntil_ms) return "available";
    return this.health.isEjected ? "ejected" : "avoided";
  }

  /** For how long still its requests are kept away for what they have shown; they are not: 0. */
  avoidedFor_ms(now: number): number {
    return Math.max(0, this.health.avoidUntil_ms - now);
  }

  /** Since when its state is what it is. */
  since_ms(now: number): number {
    const { verdict, health } = this;
    if (verdict?.state === "unhealthy") return verdict.since_ms;
    if (health.isWell) return this.backSince_ms ?? this.began_ms;
    return now < health.avoidUntil_ms ? health.failsSince_ms : health.avoidUntil_ms;
  }

  // What its traffic shows.

  /** It is dialed, or a request goes there. Returns what `end` needs to know. */
  begin(): number {
    return this.health.begin();
  }

  end(span: number): void {
    this.health.end(span);
  }

  noteOpened(now: number): void {
    // There is nobody else, so nothing is tried.
    if (this.health.noteOpened(this.options.isAlone())) this.recovered(now);
  }

  noteAnswered(now: number): void {
    if (this.health.noteAnswered()) this.recovered(now);
  }

  noteStatus(status: number, now: number): void {
    if (this.options.isAlone()) return;
    const { ejection } = this.plan;
    const shown = this.health.noteStatus(status, now, ejection);
    if (shown === "recovered") this.recovered(now);
    else if (shown === "failed") this.tellFailed(`HTTP ${status}`);
    else if (this.answers !== undefined) this.countAnswer(status >= 500, "HTTP 5xx", now);
  }

  noteDialFailed(fault: string, now: number): void {
    this.health.fail("dial", now);
    this.tellFailed(fault);
  }

  /** A fresh connection ended, or fell silent, without an answer. That matters only where somebody else might give one. */
  noteUnanswered(fault: string, now: number): void {
    const { isAlone, mayEject } = this.options;
    if (isAlone()) return;
    if (this.answers !== undefined && this.health.isWell && !mayEject()) return this.countAnswer(true, fault, now);
    this.health.fail("answer", now);
    this.tellFailed(fault);
  }

  private countAnswer(isFailure: boolean, fault: string, now: number): void {
    const { answers, plan } = this;
    if (answers === undefined || plan.ejection === undefined || !this.health.isWell) return;
    answers.count(now);
    if (!isFailure) return;
    answers.mark(now);
    const { requests, errors } = plan.ejection;
    if (answers.all < requests || answers.marked < errors * answers.all) return;
    if (!this.options.mayEject()) return;
    answers.clear();
    this.health.fail("errors", now, plan.ejection);
    this.tellFailed(fault);
  }

  private tellFailed(fault: string): void {
    const { observer, record } = this.options;
    observer.endpointFailed(record, fault, this.health.avoidUntil_ms);
  }

  // What checks show.

  /** @param began_ms when the check began */
  noteCheck(result: CheckResult, began_ms: number, now: number): void {
    const { verdict } = this;
    if (verdict === undefined) return;
    const before = verdict.state;
    const hasChanged = verdict.note(result, now);
    const { observer, record } = this.options;
    observer.endpointChecked?.(record, { result, state: verdict.state, hasChanged });
    if (verdict.state !== "healthy" || result !== "passed") return;
    if (this.health.notePassed(began_ms, now)) this.recovered(now);
    else if (hasChanged && before === "unhealthy") this.noteBack(now);
  }

  private recovered(now: number): void {
    const { observer, record } = this.options;
    this.noteBack(now);
    observer.endpointRecovered(record);
  }

  private noteBack(now: number): void {
    this.backSince_ms = now;
    this.answers?.clear();
    this.startSlowly(now);
  }

  /** From now on it gets a part that grows, if its group says so: it has come back, or come to others that are warm. */
  startSlowly(now: number): void {
    this.warmUntil_ms = now + (this.plan.slowStart_ms ?? 0);
    this.isWarm = this.warmUntil_ms <= now;
  }
}
