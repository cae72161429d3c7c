/**
 * An examination from its first connection to its report: which checks run, in which order, and within which limits.
 *
 * First the target must answer, then it is seen whether it serves more than one connection at a time. Short checks run a few side by
 * side; those that wait run beside them all, since waiting costs a server nothing but idle connections. Deliberately absent: what
 * checks do.
 */

import { setMaxListeners } from "node:events";
import { HopwiseError } from "../config/error.ts";
import { version } from "../ledger/version.ts";
import { isPublic } from "../net/dial-guard.ts";
import { nodeClock } from "../net/node-clock.ts";
import { dialer } from "../net/runtime.ts";
import { type Check, type Result, unknown } from "./check.ts";
import { checks } from "./checks/all.ts";
import { isChosen, refuseNothing, refuseUnknownIds } from "./chosen.ts";
import type { Finding } from "./finding.ts";
import { DialFault, Stopped } from "./probe/dialing.ts";
import { Examination, Kit, type Ports } from "./probe/kit.ts";
import { readTarget } from "./probe/target.ts";
import { type Progress, tellProgress } from "./progress.ts";
import { recognised } from "./recognition.ts";
import { remediesFor } from "./remedies.ts";
import { type Report, reportOf, type Skipped, type TargetProduct } from "./report/report.ts";
import { defaultPace, type ExamineOptions, type Pace, readSettings, type Settings } from "./settings.ts";
import { answerProblem, dialProblem, schemeHint, speaksTls, unreachable, unreachedTarget } from "./unreachable.ts";

/** Short checks side by side. */
const SIDE_BY_SIDE = 3;
/** What all short checks together may take beside the waits: then the examination ends with what is known. */
const BUDGET_MS = 90_000;
/** The first response may take longer than the others: the server may have been asleep. */
const FIRST_ANSWER_MS = 10_000;
/** So many times what a response takes, until its absence counts. */
const PATIENCE = 2.5;

const realPorts: Ports = { clock: nodeClock, dialer };

/** What tests exchange. */
export interface ExamineWorld {
  readonly ports?: Ports;
  readonly pace?: Partial<Pace>;
}

/**
 * Examines how a server treats its connections.
 *
 * @throws HopwiseError `target-unreachable` where there is nothing to examine, `option-invalid` for wrong options
 */
export async function examine(url: string | URL, options: ExamineOptions = {}): Promise<Report> {
  return await examineIn({}, url, options);
}

/** The same in a world of one's own. */
export async function examineIn(world: ExamineWorld, url: string | URL, options: ExamineOptions = {}): Promise<Report> {
  const target = readTarget(String(url));
  const settings = readSettings(options);
  refuseUnknownIds(
    settings,
    checks.map(({ id }) => id),
    "a server",
  );
  const { clock, dialer: dials } = world.ports ?? realPorts;
  const pace = { ...defaultPace, ...world.pace };
  const stopper = new AbortController();
  // Each wait listens to it.
  setMaxListeners(0, stopper.signal);
  const onAbort = () => stopper.abort();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted === true) stopper.abort();
  const examination = new Examination(target, settings, pace, { clock, dialer: dials }, stopper.signal);
  // Timers of the clock do not keep a process alive.
  const alive = setInterval(() => {}, BUDGET_MS);
  try {
    return await new Run(examination, options, stopper).run();
  } finally {
    clearInterval(alive);
    stopper.abort();
    options.signal?.removeEventListener("abort", onAbort);
  }
}

class Run {
  private readonly examination: Examination;
  private readonly options: ExamineOptions;
  private readonly stopper: AbortController;
  private readonly settings: Settings;
  private readonly begun_ms: number;
  private readonly findings: Finding[] = [];
  private readonly skipped: Skipped[] = [];
  private product: TargetProduct | undefined;
  private total = 0;
  private wasCut = false;

  constructor(examination: Examination, options: ExamineOptions, stopper: AbortController) {
    this.stopper = stopper;
    this.examination = examination;
    this.options = options;
    this.settings = examination.settings;
    this.begun_ms = examination.ports.clock.now();
  }

  async run(): Promise<Report> {
    const { clock } = this.examination.ports;
    const startedAt = new Date(clock.date()).toISOString();
    const chosen = checks.filter((check) => this.isChosen(check));
    if (chosen.length === 0) refuseNothing(this.settings, this.skipped);
    this.total = chosen.length;
    const stopProgress = tellProgress(this.options.onProgress, () => this.progress());
    try {
      await this.meet();
      this.refuseUnauthorised();
      await this.runAll(chosen);
    } finally {
      stopProgress();
    }
    return reportOf({
      mode: "server",
      doctor: { name: "hopwise-doctor", version },
      target: this.examination.target.shown,
      ...(this.product === undefined ? {} : { product: this.product }),
      startedAt,
      took_ms: Math.round(clock.now() - this.begun_ms),
      isComplete: !this.wasCut,
      cost: { ...this.examination.cost },
      findings: this.findings,
      skipped: this.skipped,
    });
  }

  /** The first connection and the first response: without them there is nothing to examine. */
  private async meet(): Promise<void> {
    const { examination } = this;
    const { target } = examination;
    const kit = new Kit(examination);
    const { signal, ports, pace } = examination;
    const it = unreachedTarget(target, { ...ports, signal, limit_ms: pace.dial_ms });
    try {
      const connection = await kit.waitingFor("a connection", pace.dial_ms, () => kit.open());
      const limit_ms = Math.max(pace.answer_ms, Math.min(FIRST_ANSWER_MS, 2 * pace.answer_ms));
      const begun_ms = kit.now();
      const asked = () => connection.ask(kit.requests.of(), limit_ms);
      const outcome = await kit.waitingFor("the first response", limit_ms, asked);
      if (outcome.kind !== "answer") {
        if (outcome.kind === "none" && outcome.why === "closed" && target.isSecure) {
          // What ended its TLS is known once both sides are closed.
          connection.finish();
          await connection.untilGone(pace.settle_ms);
        }
        throw unreachable(target, await answerProblem(outcome, it, limit_ms, connection.tlsFault));
      }
      if (outcome.status === 400 && (await speaksTls(it))) throw unreachable(target, schemeHint(it));
      examination.address = connection.socket.remoteAddress;
      examination.baseline = outcome;
      this.product = recognised(this.settings.product, outcome);
      await this.takeItsPace(kit, kit.now() - begun_ms);
    } catch (error) {
      if (error instanceof DialFault) throw unreachable(target, await dialProblem(error, it));
      if (error instanceof Stopped) throw unreachable(target, "it was stopped before the first response");
      throw error;
    } finally {
      kit.end();
    }
  }

  /** A server that needs long for each response must not be taken for one that hangs. The first may have woken it, so another is asked for. */
  private async takeItsPace(kit: Kit, first_ms: number): Promise<void> {
    const { examination } = this;
    const { pace } = examination;
    if (first_ms * PATIENCE <= pace.answer_ms) return;
    const begun_ms = kit.now();
    await kit.openAndAsk({}, first_ms * PATIENCE);
    const took_ms = Math.min(first_ms, kit.now() - begun_ms);
    examination.pace = { ...pace, answer_ms: Math.max(pace.answer_ms, Math.round(took_ms * PATIENCE)) };
  }

  /** What could harm a server of strangers is done only where its host was named for that. */
  private refuseUnauthorised(): void {
    const { isIntrusive, loadConnections, authorised } = this.settings;
    const { target, address = "" } = this.examination;
    if ((!isIntrusive && loadConnections === undefined) || !isPublic(address)) return;
    if (authorised === target.host.toLowerCase()) return;
    const which = isIntrusive ? "intrusive" : "load";
    throw new HopwiseError(
      "option-invalid",
      `${target.host} has a public address (${address}): write --i-am-authorised ${target.host} if you may do this to it`,
      which,
    );
  }

  private isChosen(check: Check): boolean {
    const { postPath, isIntrusive, loadConnections } = this.settings;
    if (!isChosen(check.id, this.settings)) return false;
    const missing = {
      post: postPath === undefined ? "needs --allow-post PATH" : undefined,
      intrusive: isIntrusive ? undefined : "needs --intrusive",
      load: loadConnections === undefined ? "needs --load N" : undefined,
      https: this.examination.target.isSecure ? undefined : "needs https",
    };
    const because = check.needs === undefined ? undefined : missing[check.needs];
    if (because !== undefined && (check.needs !== "https" || this.settings.only.includes(check.id)))
      this.skipped.push({ id: check.id, claim: check.claim, because });
    return because === undefined;
  }

  private async runAll(chosen: readonly Check[]): Promise<void> {
    const { examination } = this;
    const stopBudget = examination.ports.clock.after(BUDGET_MS + this.settings.maxWait_ms * 3, () => {
      this.wasCut = true;
      this.stopper.abort();
    });
    const alone = chosen.filter(({ takes }) => takes === "alone");
    const short = chosen.filter(({ takes }) => takes === "moment");
    const waits = chosen.filter(({ takes }) => takes === "wait");
    try {
      // Known before anything runs side by side: a server that serves one connection at a time is asked one thing at a time.
      for (const check of alone) await this.runOne(check);
      examination.servesOneAtATime = this.findings.some(({ values }) => values.serves_others === false);
      if (examination.servesOneAtATime) {
        for (const check of [...short, ...waits]) await this.runOne(check);
      } else {
        await Promise.all([this.runSideBySide(short), ...waits.map((check) => this.runOne(check))]);
      }
    } finally {
      stopBudget();
    }
  }

  private async runSideBySide(short: readonly Check[]): Promise<void> {
    const queue = [...short];
    const worker = async () => {
      for (let check = queue.shift(); check !== undefined; check = queue.shift()) await this.runOne(check);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  }

  private async runOne(check: Check): Promise<void> {
    const kit = new Kit(this.examination);
    try {
      this.add(check, await check.run(kit));
    } catch (error) {
      if (error instanceof Stopped) this.wasCut = true;
      this.add(check, unknown(whyNot(error)));
    } finally {
      kit.end();
    }
    if (this.stopper.signal.aborted) this.wasCut = true;
  }

  private add(check: Check, result: Result): void {
    const { verdict, measured, values = {}, cap, fix, evidence = [] } = result;
    const isWrong = verdict === "advice" || verdict === "fail";
    this.findings.push({
      id: check.id,
      section: check.section,
      claim: check.claim,
      verdict,
      measured,
      values,
      consequence: isWrong ? (result.consequence ?? check.consequence) : "",
      ...(check.reference === undefined ? {} : { reference: check.reference }),
      fixes: isWrong && fix !== undefined ? remediesFor(fix, this.product?.name) : [],
      ...(isWrong && cap !== undefined ? { cap } : {}),
      evidence: evidence.flatMap((one) => (one === undefined ? [] : ["evidence" in one ? one.evidence : one])),
    });
  }

  private progress(): Progress {
    const now = this.examination.ports.clock.now();
    const waiting = [...this.examination.waiting.values()].toSorted((one, other) => other.until_ms - one.until_ms);
    return {
      done: this.findings.length,
      total: this.total,
      running: waiting.map(({ text }) => text),
      elapsed_ms: now - this.begun_ms,
      left_ms: waiting[0] === undefined ? undefined : Math.max(0, waiting[0].until_ms - now),
    };
  }
}

/** Why a check could not tell. */
function whyNot(error: unknown): string {
  if (error instanceof Stopped) return "stopped before it was known";
  if (error instanceof DialFault) return `no further connection could be opened (${error.fault})`;
  return `a fault of the doctor's own, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
