/**
 * One name that is looked up again and again: which addresses it leads to, as far as is known.
 *
 * A look-up that fails changes nothing, whatever it was that failed: name servers are ill more often than all endpoints of a group go at
 * once. An answer without an address is a failure as well. Waits differ by chance, so that names and workers do not march in step.
 * Deliberately absent: what follows for the group, see followed-names.ts; and how long an answer is good for, which the system's
 * resolver does not tell.
 */

import type { FailedLookup, NameLookup, NameRecord } from "../connection/connection-record.ts";
import { familyOf } from "../net/address-family.ts";
import { type Clock, LOOKUP_TIMEOUT } from "../net/ports.ts";
import type { Found, Names } from "../net/resolving.ts";
import { limitTime } from "../net/time-limit.ts";
import type { ResolvePlan } from "./group.ts";

/** A wait is longer or shorter than the interval by at most this part of it. */
const JITTER = 0.1;
/** Twice what a connection gets by default: what takes longer helps nobody who waits for it. */
const LOOKUP_MS_MAX = 10_000;
/** Addresses of one name that are endpoints: each costs some memory, and health checks of its own. */
export const NAME_ADDRESSES_MAX = 256;

export interface FollowedNameOptions {
  readonly record: NameRecord;
  /** What is looked up. */
  readonly host: string;
  readonly names: Names;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A look-up is over, and `addresses` is what follows from it. */
  readonly onLookup: (lookup: NameLookup) => void;
}

export class FollowedName {
  readonly record: NameRecord;
  plan: ResolvePlan;
  /** Where it leads, in an order that does not depend on the answer's; nothing was found yet: undefined. */
  addresses: readonly string[] | undefined;
  /** Since when these; none: since it is followed. */
  since_ms: number;
  /** The latest that failed, and when; none has: undefined. */
  lastFailed: (FailedLookup & { readonly at_ms: number }) | undefined;
  /** The latest look-up failed. */
  isFailing = false;
  private readonly options: FollowedNameOptions;
  /** Gives up the present wait, or the present look-up; it is stopped: undefined. */
  private giveUp: (() => void) | undefined;

  constructor(plan: ResolvePlan, options: FollowedNameOptions) {
    this.plan = plan;
    this.options = options;
    this.record = options.record;
    this.since_ms = options.clock.now();
  }

  /** Looks it up now, and from then on again and again. */
  start(): void {
    if (this.giveUp === undefined) this.lookUp();
  }

  stop(): void {
    this.giveUp?.();
    this.giveUp = undefined;
  }

  /** It is looked up otherwise from now on: at once, if that is going on. */
  replan(plan: ResolvePlan): void {
    if (JSON.stringify(plan) === JSON.stringify(this.plan)) return;
    this.plan = plan;
    if (this.giveUp === undefined) return;
    this.stop();
    this.start();
  }

  private lookUp(): void {
    const { names, host, clock } = this.options;
    let isOver = false;
    let stop = () => {};
    const end = (found: Found) => {
      if (isOver) return;
      isOver = true;
      stop();
      stopTime();
      this.wait();
      this.note(found);
    };
    const stopTime = limitTime(clock, LOOKUP_MS_MAX, () => end(LOOKUP_TIMEOUT));
    this.giveUp = () => {
      isOver = true;
      stop();
      stopTime();
    };
    stop = names.find(host, "", end);
  }

  private wait(): void {
    const { clock, random } = this.options;
    const wait_ms = this.plan.interval_ms * (1 + JITTER * (2 * random() - 1));
    this.giveUp = clock.after(wait_ms, () => this.lookUp());
  }

  private note(found: Found): void {
    const { clock, onLookup } = this.options;
    const wasFailing = this.isFailing;
    const before = this.addresses ?? [];
    const counting = typeof found === "string" ? failureOf(found) : this.counting(found);
    this.isFailing = !isAddresses(counting);
    const hasTurned = this.isFailing !== wasFailing;
    if (!isAddresses(counting)) {
      this.lastFailed = { ...counting, at_ms: clock.now() };
      return onLookup({ result: counting, addresses: before, added: [], removed: [], hasTurned });
    }
    const added = counting.filter((address) => !before.includes(address));
    const removed = before.filter((address) => !counting.includes(address));
    if (added.length + removed.length > 0) {
      this.addresses = counting;
      this.since_ms = clock.now();
    }
    onLookup({ result: "found", addresses: counting, added, removed, hasTurned });
  }

  /**
   * Those that count, in an order of their own; none: why. A machine with an address of either kind would get requests twice, so one
   * kind counts where nothing else is said: the one that is in use, as long as there is any, otherwise what the system puts first.
   */
  private counting(found: readonly string[]): readonly string[] | FailedLookup {
    const addresses = found.filter((address) => familyOf(address) !== 0);
    const families = addresses.map((address) => familyOf(address));
    const { family } = this.plan;
    const inUse = this.addresses === undefined ? 0 : familyOf(this.addresses[0] ?? "");
    const usual = families.includes(inUse) ? inUse : families[0];
    const wanted = family === undefined ? usual : family === "ipv4" ? 4 : 6;
    const counting = family === "both" ? addresses : addresses.filter((_, index) => families[index] === wanted);
    if (counting.length === 0) return { failure: found.length === 0 ? "not-found" : "empty", detail: "" };
    return [...new Set(counting)].toSorted().slice(0, NAME_ADDRESSES_MAX);
  }
}

function isAddresses(counting: readonly string[] | FailedLookup): counting is readonly string[] {
  return Array.isArray(counting);
}

/** @param fault the resolver's error code */
function failureOf(fault: string): FailedLookup {
  switch (fault) {
    case "ENOTFOUND":
    case "ENODATA":
    case "EAI_NONAME":
    case "EAI_NODATA":
      return { failure: "not-found", detail: fault };
    case LOOKUP_TIMEOUT:
    case "EAI_AGAIN":
    case "ESERVFAIL":
    case "EREFUSED":
    case "ECONNREFUSED":
    case "ETIMEDOUT":
      return { failure: "no-answer", detail: fault };
    default:
      return { failure: "failed", detail: fault };
  }
}
