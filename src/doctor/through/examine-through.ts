/**
 * An examination of a proxy from both sides: the doctor is its client and its origin, and sees what went in and what came out.
 *
 * First one request must come through, then the checks run one after the other, since each looks at connections that all share.
 * Deliberately absent: what checks do.
 */
import { HopwiseError } from "../../config/error.ts";
import { version } from "../../ledger/version.ts";
import { isPublic } from "../../net/dial-guard.ts";
import { nodeClock } from "../../net/node-clock.ts";
import { dialer, listen } from "../../net/runtime.ts";
import { type Choice, isChosen, refuseNothing, refuseUnknownIds } from "../chosen.ts";
import type { Finding } from "../finding.ts";
import { DialFault, Stopped } from "../probe/dialing.ts";
import { readTarget } from "../probe/target.ts";
import { productNamed } from "../products/all.ts";
import { recognise } from "../products/recognise.ts";
import { type Progress, tellProgress } from "../progress.ts";
import { type Report, reportOf, type Skipped, type TargetProduct } from "../report/report.ts";
import { dialProblem, schemeHint, speaksTls, unreachedTarget } from "../unreachable.ts";
import { throughChecks } from "./all.ts";
import {
  caps,
  exchange,
  findingEvidence,
  type ThroughCheck,
  type ThroughResult,
  unclear,
  whatIsMissing,
} from "./check.ts";
import { DRAIN_ID } from "./checks/drain.ts";
import { fieldOf } from "./message-log.ts";
import { goneFixes, throughFixes } from "./remedies.ts";
import { type OriginPlace, Stage, type ThroughPace, type ThroughPorts, throughPace } from "./stage.ts";

export interface ThroughOptions {
  /** Where the proxy sends what comes to it: the doctor listens there. */
  readonly origin: OriginPlace;
  /** The proxy is a forward proxy. Default: `false`. */
  readonly isForward?: boolean;
  /** Also sends ambiguous messages. Default: `false`. */
  readonly isIntrusive?: boolean;
  /** Host that may be examined with `isIntrusive` although its address is public. */
  readonly authorised?: string | undefined;
  /** Takes any certificate of the proxy's. Default: `false`. */
  readonly takesAnyCertificate?: boolean;
  /** Further certificate authorities, in PEM. */
  readonly ca?: string | undefined;
  /** Ids of checks to run, or their beginnings. Default: all. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly product?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** A further check that ends the proxy, so it comes last. */
  readonly last?: ThroughCheck;
}

/** What tests exchange. @internal */
export interface ThroughWorld {
  readonly ports?: ThroughPorts;
  readonly pace?: Partial<ThroughPace>;
}

/**
 * @param proxy its URL
 * @throws HopwiseError `target-unreachable` where nothing comes through, `option-invalid` for wrong options
 */
export async function examineThrough(
  proxy: string,
  options: ThroughOptions,
  world: ThroughWorld = {},
): Promise<Report> {
  refuseUnknownIds(choiceOf(options), [...throughChecks.map(({ id }) => id).toSorted(), DRAIN_ID], "a proxy");
  const ports = world.ports ?? { dialer, listen, clock: nodeClock };
  const pace = { ...throughPace, ...world.pace };
  const stopper = new AbortController();
  const stop = () => stopper.abort();
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted === true) stop();
  const { isForward = false, takesAnyCertificate = false, ca } = options;
  const settings = { target: readTarget(proxy), place: options.origin, isForward, takesAnyCertificate, ca, pace };
  const stage = new Stage(settings, ports, stopper.signal);
  try {
    await open(stage);
    return await new Run(stage, options, ports).run();
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await stage.close();
  }
}

async function open(stage: Stage): Promise<void> {
  try {
    await stage.open();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "EADDRINUSE"
        ? "something listens there already: stop the real origin, or let the proxy send elsewhere"
        : code;
    throw new HopwiseError("address-in-use", `${stage.originAuthority}: ${why}`, "originListen", error);
  }
}

/** It listens no more: what it was sent last was too much for it. */
const GONE = {
  verdict: "fail",
  measured: "the proxy is gone since this check, or the one before: nobody listens there any more",
  consequence: "One message of a client or of an origin ends the proxy for everybody.",
  cap: { grade: "F", because: "the proxy ends" },
} as const;

class Run {
  private readonly stage: Stage;
  private readonly options: ThroughOptions;
  private readonly ports: ThroughPorts;
  private readonly begun_ms: number;
  private readonly findings: Finding[] = [];
  private readonly skipped: Skipped[] = [];
  private product: TargetProduct | undefined;
  private wasCut = false;
  /** A request has come through. */
  private hasMet = false;
  /** The proxy has ended. */
  private isGone = false;

  constructor(stage: Stage, options: ThroughOptions, ports: ThroughPorts) {
    this.stage = stage;
    this.options = options;
    this.ports = ports;
    this.begun_ms = ports.clock.now();
  }

  async run(): Promise<Report> {
    const { clock } = this.ports;
    const startedAt = new Date(clock.date()).toISOString();
    const checks = [
      ...throughChecks.filter((check) => this.isChosen(check)),
      ...(this.options.last === undefined ? [] : [this.options.last]),
    ];
    if (checks.length === 0 && isChosen(DRAIN_ID, choiceOf(this.options)))
      this.skipped.push({ id: DRAIN_ID, claim: "", because: "needs --drain" });
    if (checks.length === 0) refuseNothing(choiceOf(this.options), this.skipped);
    const stopProgress = tellProgress(this.options.onProgress, () => this.progress(checks));
    try {
      await this.meet();
      this.hasMet = true;
      for (const check of checks) {
        this.options.onProgress?.(this.progress(checks));
        if (this.isGone) this.skipped.push({ id: check.id, claim: check.claim, because: "the proxy was gone" });
        else if (!this.wasCut) await this.runOne(check);
      }
    } finally {
      stopProgress();
    }
    return reportOf({
      mode: "through",
      doctor: { name: "hopwise-doctor", version },
      target: `${this.stage.settings.target.shown} to ${this.stage.originUrl}`,
      ...(this.product === undefined ? {} : { product: this.product }),
      startedAt,
      took_ms: Math.round(clock.now() - this.begun_ms),
      isComplete: !this.wasCut && !this.isGone,
      cost: { ...this.stage.cost },
      findings: this.findings,
      skipped: this.skipped,
    });
  }

  private progress(checks: readonly ThroughCheck[]): Progress {
    const elapsed_ms = this.ports.clock.now() - this.begun_ms;
    const done = this.findings.length;
    const { dial_ms, answer_ms } = this.stage.pace;
    // The connection, the request's way to the origin, and the response's way back.
    const limit_ms = dial_ms + 2 * answer_ms;
    return {
      done,
      total: checks.length,
      running: this.hasMet ? checks.slice(done, done + 1).map(({ claim }) => claim) : ["the first request through it"],
      elapsed_ms,
      left_ms: this.hasMet ? undefined : Math.max(0, limit_ms - elapsed_ms),
    };
  }

  /** One request comes through: without it there is nothing to examine. */
  private async meet(): Promise<void> {
    const { stage } = this;
    const { target } = stage.settings;
    const it = unreachedTarget(target, stage.dialing);
    try {
      const client = await stage.client();
      const done = await exchange(stage, client);
      const missing = whatIsMissing(done, client);
      if (missing !== undefined) {
        const { response } = done;
        const mayBeTls =
          response === undefined
            ? client.ended !== undefined || client.log.refusal !== undefined
            : response.status === 400;
        if (mayBeTls && (await speaksTls(it))) throw unreachable(`${target.shown}: ${schemeHint(it)}`);
        throw unreachable(`${target.shown}: ${missing}; is ${stage.originAuthority} where it sends to?`);
      }
      const { response } = done;
      // The origin says nothing of itself, so whatever stands there is the proxy's.
      const server = response && fieldOf(response, "server");
      const via = done.arrival && fieldOf(done.arrival.request, "via");
      this.product = productOf(this.options.product, server, (response && fieldOf(response, "via")) ?? via);
      this.refuseUnauthorised(client.remoteAddress);
      client.destroy();
    } catch (error) {
      if (error instanceof DialFault)
        throw unreachable(`the proxy ${target.shown} cannot be reached: ${await dialProblem(error, it)}`);
      if (error instanceof Stopped) throw unreachable("it was stopped before the first response");
      throw error;
    }
  }

  private refuseUnauthorised(address: string): void {
    const { isIntrusive = false, authorised } = this.options;
    const { target } = this.stage.settings;
    if (!isIntrusive || !isPublic(address) || authorised === target.host.toLowerCase()) return;
    throw new HopwiseError(
      "option-invalid",
      `${target.host} has a public address (${address}): write --i-am-authorised ${target.host} if you may do this to it`,
      "intrusive",
    );
  }

  private isChosen({ id, claim, needs }: ThroughCheck): boolean {
    const { isIntrusive = false } = this.options;
    if (!isChosen(id, choiceOf(this.options))) return false;
    if (needs !== "intrusive" || isIntrusive) return true;
    this.skipped.push({ id, claim, because: "needs --intrusive" });
    return false;
  }

  private async runOne(check: ThroughCheck): Promise<void> {
    let isTold = false;
    try {
      const result = await check.run(this.stage);
      isTold = result.cap === caps.desync;
      this.isGone = check !== this.options.last && (await this.hasEnded());
      this.add(check, this.isGone ? { ...result, ...GONE } : result);
    } catch (error) {
      if (error instanceof Stopped) this.wasCut = true;
      this.add(check, unclear(whyNot(error)));
    }
    this.stage.endClients(isTold);
  }

  /** Whether nobody listens there any more. A request goes through first, since a fault may need a moment to end the proxy. */
  private async hasEnded(): Promise<boolean> {
    const { stage } = this;
    try {
      const client = await stage.client();
      if ((await exchange(stage, client)).response === undefined) (await stage.client()).destroy();
      return false;
    } catch (error) {
      if (error instanceof DialFault) return error.fault === "ECONNREFUSED" || error.fault === "ENOENT";
      throw error;
    }
  }

  private add(check: ThroughCheck, result: ThroughResult): void {
    const { verdict, measured, values = {}, cap } = result;
    const isWrong = verdict === "advice" || verdict === "fail";
    this.findings.push({
      id: check.id,
      section: "through",
      claim: check.claim,
      verdict,
      measured,
      values,
      consequence: isWrong ? (result.consequence ?? check.consequence) : "",
      ...(check.reference === undefined ? {} : { reference: check.reference }),
      fixes: !isWrong ? [] : this.isGone ? goneFixes : throughFixes(check.id, this.product?.name),
      ...(isWrong && cap !== undefined ? { cap } : {}),
      evidence: findingEvidence(this.stage, result),
    });
  }
}

function choiceOf({ only = [], skip = [] }: ThroughOptions): Choice {
  return { only, skip };
}

function productOf(
  told: string | undefined,
  server: string | undefined,
  via: string | undefined,
): TargetProduct | undefined {
  if (told !== undefined) {
    const [name = told, version] = told.split("@");
    return {
      name: productNamed(name)?.name ?? name.toLowerCase(),
      ...(version === undefined ? {} : { version }),
      from: "told",
    };
  }
  const found = recognise(server, via);
  if (found === undefined) return undefined;
  return {
    name: found.product.name,
    ...(found.version === undefined ? {} : { version: found.version }),
    from: "server-field",
  };
}

function unreachable(problem: string): HopwiseError {
  return new HopwiseError("target-unreachable", problem);
}

/** Why a check could not tell. */
function whyNot(error: unknown): string {
  if (error instanceof Stopped) return "stopped before it was known";
  if (error instanceof DialFault) return `no further connection to the proxy could be opened (${error.fault})`;
  return `a fault of the doctor's own, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
