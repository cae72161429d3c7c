/**
 * The configuration of a proxy that is several processes: which one is in force, and how another takes its place, in all of them or in
 * none.
 *
 * It is read once, here. What this process does itself (the admin port, a log that it writes) and what the workers do is had ready
 * first, and then changed. Deliberately absent: how workers agree (reloading.ts).
 */

import { HopwiseError, together } from "../config/error.ts";
import { inheritedError, listenError, refuseWhatCannotBe } from "../config/listen-error.ts";
import { type ProxyConfig, withNameOf } from "../config/options.ts";
import type { ReloadEntry } from "../ledger/config-figures.ts";
import type { AdminDoor } from "../proxy/admin-door.ts";
import { changesBetween } from "../proxy/changes.ts";
import { configView } from "../proxy/config-view.ts";
import type { FailedReload } from "../proxy/reload-report.ts";
import type { LogWriter } from "./log-writer.ts";
import { ListenFailure } from "./places.ts";
import type { WorkPlan } from "./supervising.ts";
import type { Supervisor } from "./supervisor.ts";

/** A configuration that was read, and what follows from it for workers. */
export interface SharedConfigRead {
  readonly config: ProxyConfig;
  /** What each worker does, by the configuration as it will be. */
  plan(config: ProxyConfig): WorkPlan;
  /** A text with the names of secrets where they were. */
  hide(text: string): string;
  /** It is in force now. */
  onApplied?(): void;
}

export interface SharedConfigParts {
  readonly supervisor: Supervisor;
  readonly door: AdminDoor;
  readonly log: LogWriter;
  /** Reads it again. @throws HopwiseError with all that is wrong */
  readonly readAgain: () => Promise<SharedConfigRead>;
  readonly onReload: (entry: ReloadEntry) => void;
}

/** What is answered to who asked for it. */
export interface SharedReloadReport {
  readonly version: number;
  readonly changes: readonly string[];
  readonly listeners: readonly { readonly host: string; readonly port: number }[];
  readonly warnings: readonly string[];
  /** Processes that go on with it. */
  readonly workers: number;
  /** Those that have it, and have not said yet that they go on with it. */
  readonly silent?: readonly number[];
}

export class SharedConfig {
  private config: ProxyConfig;
  private readonly parts: SharedConfigParts;
  private latestFailure: FailedReload | undefined;
  /** One after the other. */
  private reloading: Promise<unknown> = Promise.resolve();

  /** @param config what is in force */
  constructor(config: ProxyConfig, parts: SharedConfigParts) {
    this.config = config;
    this.parts = parts;
  }

  get current(): ProxyConfig {
    return this.config;
  }

  /** What the operator may see of the configuration that is in force, and who has it. */
  told(): object {
    const { supervisor } = this.parts;
    const { version, configuredAt_ms, versions } = supervisor;
    return {
      version,
      since: new Date(configuredAt_ms).toISOString(),
      latestFailure: this.latestFailure ?? null,
      workers: versions,
      isEverywhere: versions.every((worker) => worker.version === version),
      config: configView(this.config),
    };
  }

  /** @throws HopwiseError with all that is wrong; then nothing has changed */
  reload(): Promise<SharedReloadReport> {
    const reloaded = this.reloading.then(async () => {
      let hide = (text: string) => text;
      try {
        const read = await this.parts.readAgain();
        hide = read.hide;
        return await this.goOnWith(read);
      } catch (error) {
        throw this.refused(error, hide);
      }
    });
    this.reloading = reloaded.catch(() => {});
    return reloaded;
  }

  private async goOnWith({ config: read, plan, onApplied }: SharedConfigRead): Promise<SharedReloadReport> {
    const { supervisor, door, log, onReload } = this.parts;
    const before = this.config;
    const config = withNameOf(before, read);
    refuseWhatCannotBe(config, []);
    const prepared: { commit(): unknown; abandon(): void }[] = [];
    try {
      prepared.push(await log.prepare(config.accessLog));
      prepared.push(await door.prepare(config));
      const workers = await supervisor.prepare(plan(config)).catch((error) => {
        throw listenFault(error);
      });
      // From here on nothing fails.
      for (const one of prepared) one.commit();
      this.config = config;
      this.latestFailure = undefined;
      onApplied?.();
      const silent = await workers.commit();
      const changes = changesBetween(before, config);
      const { version, addresses: listeners, versions } = supervisor;
      onReload({ type: "reload", time: new Date().toISOString(), outcome: "applied", version, changes });
      const report = { version, changes, listeners, warnings: config.warnings, workers: versions.length };
      return silent.length === 0 ? report : { ...report, silent };
    } catch (error) {
      for (const one of prepared.toReversed()) one.abandon();
      throw error;
    }
  }

  private refused(error: unknown, hide: (text: string) => string): unknown {
    const { supervisor, onReload } = this.parts;
    const problem = hide(error instanceof Error ? error.message : String(error));
    const time = new Date().toISOString();
    this.latestFailure = { time, problem };
    supervisor.noteRefused();
    onReload({ type: "reload", time, outcome: "refused", version: supervisor.version, changes: [], problem });
    if (!(error instanceof HopwiseError)) return error;
    return new HopwiseError(error.code, hide(error.problem), error.option, error.cause);
  }
}

/** What the system said about listening, in words that say what to do. */
export function listenFault(error: unknown): unknown {
  if (error instanceof AggregateError) return together(error.errors.map(listenFault));
  if (!(error instanceof ListenFailure)) return error;
  const { cause, place, fd, index } = error;
  return fd === undefined ? listenError(cause, place, "listen", index) : inheritedError(cause, fd);
}
