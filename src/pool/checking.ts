/**
 * When an endpoint is checked: one check at a time, again and again, until it is stopped.
 *
 * Waits differ by chance, so that neither the endpoints of a group nor the workers of a proxy march in step. The first one comes soon, since
 * nothing is known before. Deliberately absent: what a check is (http1/health-check.ts), and what its result means (check-verdict.ts).
 */
import type { CheckResult } from "../connection/connection-record.ts";
import type { Clock } from "../net/ports.ts";
import type { CheckPlan } from "./group.ts";
import type { OriginAddress } from "./origin-address.ts";

/** A wait is longer or shorter than the interval by at most this part of it. */
const JITTER = 0.1;
/** The first check comes within this time. */
const FIRST_MS_MAX = 500;

/** Asks an endpoint once, and tells the result later, within the plan's timeout. Returns how to give up; nothing is told then. */
export type CheckEndpoint = (origin: OriginAddress, plan: CheckPlan, tell: (result: CheckResult) => void) => () => void;

export interface CheckingOptions {
  readonly origin: OriginAddress;
  readonly plan: CheckPlan;
  readonly clock: Clock;
  readonly check: CheckEndpoint;
  /** From 0 to 1. */
  readonly random: () => number;
  /** @param began_ms when the check began: what happened later it does not know */
  readonly onResult: (result: CheckResult, began_ms: number) => void;
}

export class Checking {
  private readonly options: CheckingOptions;
  /** Gives up the present wait, or the present check; it is stopped: undefined. */
  private giveUp: (() => void) | undefined;

  constructor(options: CheckingOptions) {
    this.options = options;
  }

  /** Whether this is how it is checked already. */
  isFor(plan: CheckPlan | undefined): boolean {
    return JSON.stringify(plan) === JSON.stringify(this.options.plan);
  }

  start(): void {
    if (this.giveUp !== undefined) return;
    const { plan, random } = this.options;
    this.wait(random() * Math.min(FIRST_MS_MAX, plan.interval_ms));
  }

  stop(): void {
    this.giveUp?.();
    this.giveUp = undefined;
  }

  private wait(delay_ms: number): void {
    this.giveUp = this.options.clock.after(delay_ms, () => this.check());
  }

  private check(): void {
    const { origin, plan, clock, check, random, onResult } = this.options;
    const began_ms = clock.now();
    const next_ms = began_ms + plan.interval_ms * (1 + JITTER * (2 * random() - 1));
    this.giveUp = check(origin, plan, (result) => {
      this.wait(Math.max(0, next_ms - clock.now()));
      onResult(result, began_ms);
    });
  }
}
