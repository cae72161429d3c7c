/**
 * One proxy as a whole: what it is made of, where it listens, and how it ends.
 *
 * Deliberately absent: reading options (config), and what happens to requests (gateway).
 */
import type { AdminServer } from "../admin/server.ts";
import type { AdminToken } from "../admin/token.ts";
import { type ClosingOptions, GRACE_MS_MAX, readGrace } from "../config/closing-options.ts";
import { HopwiseError, together } from "../config/error.ts";
import { refuseWhatCannotBe } from "../config/listen-error.ts";
import { type ProxyConfig, withNameOf } from "../config/options.ts";
import { TlsServings } from "../config/tls-servings.ts";
import { readUsersAgain } from "../config/users-files.ts";
import type { DrainReport } from "../gateway/drain-report.ts";
import { Gateway } from "../gateway/gateway.ts";
import { EventHub } from "../ledger/events.ts";
import { type FigureSource, sourceOf } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Observers } from "../ledger/observers.ts";
import { type ProxyStats, statsOf } from "../ledger/stats.ts";
import { type OpenTelemetryApi, Telemetry } from "../ledger/telemetry.ts";
import { type WindowSource, windowOf } from "../ledger/window.ts";
import { ChosenNames, LOOKUPS_MAX } from "../net/names/chosen-names.ts";
import { nodeClock } from "../net/node-clock.ts";
import { dialer, guardedDialer, listen, systemNames } from "../net/runtime.ts";
import { runtimeWarnings } from "../net/runtime-facts.ts";

import { readingFor, writeTokenFor } from "./admin-tokens.ts";
import { changesBetween } from "./changes.ts";
import { configView } from "./config-view.ts";
import type { Internals } from "./internals.ts";
import { Listeners } from "./listeners.ts";
import { type AdminListening, type Listening, mainPlace } from "./listening.ts";
import { ProxyLog } from "./proxy-log.ts";
import { ProxyTrace } from "./proxy-trace.ts";
import type { FailedReload, PreparedReload, ReloadOptions, ReloadReport } from "./reload-report.ts";
import { Subscribable } from "./subscribable.ts";

/** A proxy of either kind. `createProxy`, `createGateway` and `createForwardProxy` make one. */
export class HopwiseProxy extends Subscribable implements AsyncDisposable {
  /** What works, but perhaps not as you think: one sentence each. */
  readonly warnings: readonly string[];
  /** @internal */
  readonly gateway: Gateway;
  /** @internal */
  readonly source: FigureSource;
  private config: ProxyConfig;
  private readonly names: ChosenNames | undefined;
  private readonly servings: TlsServings;
  private readonly ledger = new Ledger(nodeClock);
  protected readonly events = new EventHub(nodeClock);
  private readonly listeners: Listeners;
  /** One reload after the other. */
  private reloading: Promise<unknown> = Promise.resolve();
  private latestFailure: FailedReload | undefined;
  private token: AdminToken | undefined;
  private admin: AdminServer | undefined;
  private readonly log: ProxyLog;
  private readonly trace: ProxyTrace;
  private readonly observers: Observers;
  private starting: Promise<Listening> | undefined;
  private closing: Promise<DrainReport> | undefined;
  /** A drain is not waited for any more. */
  private isCut = false;
  private endDelay: (() => void) | undefined;

  private readonly internals: Internals;

  /** @internal */
  constructor(config: ProxyConfig, internals: Internals) {
    super();
    const { observer, firstId = 1, worker = 0, ticketSecret } = internals;
    const { dialGuard, lookupsMax = LOOKUPS_MAX } = config;
    if (dialGuard !== undefined) this.names = internals.names ?? new ChosenNames({ lookupsMax });
    this.internals = internals;
    this.config = config;
    this.servings = new TlsServings(config.listeners, ticketSecret);
    this.warnings = [...runtimeWarnings, ...config.warnings];
    this.observers = new Observers(this.ledger, this.events, ...(observer === undefined ? [] : [observer]));
    this.log = new ProxyLog(this.ledger, this.events);
    this.trace = new ProxyTrace(this.observers, this.events, nodeClock, worker);
    this.gateway = new Gateway(this.config.gateway, {
      clock: nodeClock,
      dialer: dialGuard === undefined ? dialer : guardedDialer(dialGuard, this.names),
      ...{ names: systemNames, firstId, rateStore: internals.rateStore },
      hooks: config.hooks,
      observer: this.observers,
    });
    this.listeners = new Listeners({
      listen: internals.listen ?? listen,
      gateway: this.gateway,
      clock: nodeClock,
      servings: this.servings,
      onOpened: (host, port) => this.config.dialGuard?.noteOwn("proxy", host, port),
    });
    this.ledger.watch(this.gateway);
    this.ledger.tlsServings = this.servings.all;
    this.servings.speak(this.gateway.context.settings.http2);
    this.source = sourceOf(this.ledger);
  }

  /**
   * Listens for clients, and opens the access log and the admin server if they are wanted.
   *
   * @param options `fd`: a listening TCP socket that this process was given (systemd's are from 3 on), instead of the option
   * `listen`; several: one for each listener in order, where undefined listens as the options say. What waits there to be accepted when
   * this proxy closes is left to the others that have it.
   * @throws HopwiseError `address-in-use`, `address-forbidden`, `address-unavailable` or `listen-failed`;
   * `access-log-unwritable`; `already-listening`, `already-closed`; `option-invalid` where the runtime cannot
   * do what is asked. After one of these nothing is left open, and all but the last two leave it free to listen again.
   */
  listen(options: { readonly fd?: number | readonly (number | undefined)[] } = {}): Promise<Listening> {
    if (this.closing !== undefined) {
      return Promise.reject(new HopwiseError("already-closed", "this proxy was closed: make another one"));
    }
    if (this.starting !== undefined) {
      return Promise.reject(new HopwiseError("already-listening", "this proxy listens already"));
    }
    this.starting = this.start([options.fd].flat());
    return this.starting;
  }

  private async start(fds: readonly (number | undefined)[]): Promise<Listening> {
    // All that the machine does not give is told at once.
    const faults: unknown[] = [];
    const note = (fault: unknown): undefined => {
      faults.push(fault);
    };
    try {
      refuseWhatCannotBe(this.config, fds);
      await this.log.prepare(this.config).then((log) => log.commit(), note);
      await this.trace.prepare(this.config.trace).then((trace) => trace.commit(), note);
      // A listener that is handed over comes when this process has said that it is ready.
      if (faults.length > 0 && this.internals.listen !== undefined) throw together(faults);
      const { listeners, reusesPort } = this.config;
      await this.listeners.prepare(listeners, { fds, sharesPort: reusesPort }).then((all) => all.commit(), note);
      const places = this.listeners.told;
      const { host, port, url } = mainPlace(places, listeners) ?? { host: "", port: 0, url: "" };
      this.admin = await this.openAdmin(this.config).catch(note);
      if (faults.length > 0) throw together(faults);
      this.token = await this.tokenFor(this.admin, this.config.adminTokenFile);
      this.servings.watch(({ state, certificate: { file, expiresAt_ms }, problem }) =>
        this.events.certificateChanged(state, file, expiresAt_ms, problem),
      );
      this.gateway.start();
      const isInherited = fds.some((fd) => fd !== undefined);
      return { host, port, url, listeners: places, isInherited, admin: this.adminTold };
    } catch (error) {
      this.admin?.close();
      this.admin = undefined;
      await Promise.all([this.listeners.close(), this.log.close(), this.trace.close()]);
      this.starting = undefined;
      throw error;
    }
  }

  /** @internal Single connections and exchanges. */
  get window(): WindowSource {
    return windowOf(this.ledger, this.events);
  }

  private async openAdmin(config: ProxyConfig): Promise<AdminServer | undefined> {
    const { admin } = config;
    if (admin === undefined) return undefined;
    const { AdminServer } = await import("../admin/server.ts");
    const { readAgain } = this.internals;
    const operator = {
      config: () => this.configTold(),
      ...(readAgain === undefined
        ? {}
        : {
            reload: () => this.reloadFrom(readAgain),
            mayWrite: (given: string | undefined) => this.token?.isIn(given) === true,
          }),
    };
    const { window } = this;
    const server = await AdminServer.listen(admin, this.source, {
      operator,
      window,
      reading: await readingFor(config),
    });
    this.noteAdmin(server.address);
    return server;
  }

  /** For requests to it that change something; there are none: undefined. @throws HopwiseError for a file that was named and cannot be used */
  private async tokenFor(admin: AdminServer | undefined, file: string | undefined): Promise<AdminToken | undefined> {
    if (admin === undefined || this.internals.readAgain === undefined) return undefined;
    return await writeTokenFor(admin, file);
  }

  private get adminTold(): AdminListening | undefined {
    if (this.admin === undefined) return undefined;
    const { url, isElsewhere } = this.admin;
    return { url, isElsewhere, ...(this.token === undefined ? {} : { tokenFile: this.token.file }) };
  }

  /** @internal Where the admin server listens, which may be another process: no client gets there through this proxy. */
  noteAdmin({ host, port }: { readonly host: string; readonly port: number }): void {
    this.config.dialGuard?.noteOwn("admin", host, port);
  }

  /**
   * Traces exchanges with OpenTelemetry, through the application's own API and SDK: `proxy.instrument(api)` behind
   * `import * as api from "@opentelemetry/api"`. Origins get the `traceparent` of the attempt. Without it that of the client goes on.
   *
   * @returns a function that ends it
   */
  instrument(api: OpenTelemetryApi): () => void {
    const telemetry = new Telemetry(api, nodeClock);
    const { workings } = this.gateway.context;
    workings.tracing = telemetry;
    this.observers.add(telemetry);
    return () => {
      if (workings.tracing === telemetry) workings.tracing = undefined;
      this.observers.remove(telemetry);
    };
  }

  /** Opens the access log's file anew, after it was rotated away. */
  reopenAccessLog(): void {
    this.log.reopen();
  }

  /**
   * Reads the files of users anew, if there are any: from now on those count who stand there.
   *
   * @throws HopwiseError `option-invalid`; then those count who did before
   */
  reloadUsers(): void {
    readUsersAgain(this.config.users);
  }

  /**
   * Reads the files of certificates now. They are read anyway when they have changed. What cannot be used changes nothing, and the
   * event `certificate` tells of it.
   */
  reloadCertificates(): void {
    this.servings.readAgain();
  }

  /**
   * Goes on with other options, all of them or, if anything is wrong with them, with those of before. Connections to endpoints that
   * are named still are kept, and what is known of them; what is not named any more drains. What is in progress goes on as it began.
   *
   * @param options as `createProxy` or `createGateway` takes them, whichever made this proxy; not only those that change
   * @throws HopwiseError as these do and as `listen()` does; `not-listening`, `already-closed`. Then nothing has changed
   */
  reload(options: ReloadOptions): Promise<ReloadReport> {
    const { read } = this.internals;
    return this.reloadFrom(() => {
      if (read === undefined)
        throw new HopwiseError("option-invalid", "a forward proxy keeps its options: make another one");
      return read(options);
    });
  }

  /** @internal The same with what `read` gives, which may fail as well. */
  reloadFrom(read: () => ProxyConfig | Promise<ProxyConfig>): Promise<ReloadReport> {
    const reloaded = this.reloading.then(async () => {
      await this.starting?.catch(() => {});
      this.refuseToReload();
      try {
        return (await this.prepare(await read())).commit();
      } catch (error) {
        this.noteRefused(error);
        throw error;
      }
    });
    this.reloading = reloaded.catch(() => {});
    return reloaded;
  }

  private refuseToReload(): void {
    if (this.closing !== undefined) throw new HopwiseError("already-closed", "this proxy was closed: make another one");
    if (!this.listeners.areOpen)
      throw new HopwiseError("not-listening", "this proxy does not listen yet: call listen() first");
  }

  /** @internal The same in two steps, where others are to go on at the same time. One at a time. */
  async prepareReload(read: () => ProxyConfig): Promise<PreparedReload> {
    await this.starting?.catch(() => {});
    this.refuseToReload();
    return await this.prepare(read());
  }

  private async prepare(read: ProxyConfig): Promise<PreparedReload> {
    const before = this.config;
    const config = withNameOf(before, read);
    refuseWhatCannotBe(config, []);
    const undo: (() => void)[] = [];
    const abandon = () => {
      for (const one of undo.splice(0).toReversed()) one();
    };
    try {
      const log = await this.log.prepare(config);
      undo.push(log.abandon);
      const trace = await this.trace.prepare(config.trace);
      undo.push(trace.abandon);
      const [admin, isOtherAdmin] = [this.admin, JSON.stringify(config.admin) !== JSON.stringify(before.admin)];
      const nextAdmin = isOtherAdmin ? await this.openAdmin(config) : admin;
      if (isOtherAdmin) undo.push(() => void nextAdmin?.close());
      const reading = nextAdmin === undefined || isOtherAdmin ? undefined : await readingFor(config);
      const [token, isOtherToken] = [this.token, isOtherAdmin || config.adminTokenFile !== before.adminTokenFile];
      const nextToken = isOtherToken ? await this.tokenFor(nextAdmin, config.adminTokenFile) : token;
      if (isOtherToken) undo.push(() => nextToken?.forget());
      const listeners = await this.listeners.prepare(config.listeners, { sharesPort: config.reusesPort });
      undo.push(listeners.abandon);
      const commit = () => {
        try {
          this.refuseToReload();
          this.gateway.reload(config.gateway, config.hooks);
        } catch (error) {
          abandon();
          throw error;
        }
        // From here on nothing fails.
        listeners.commit();
        this.config = config;
        log.commit();
        trace.commit();
        this.admin = nextAdmin;
        if (reading !== undefined) nextAdmin?.readAs(reading);
        this.token = nextToken;
        if (isOtherAdmin) admin?.leave();
        if (nextToken?.file !== token?.file) token?.forget();
        return this.noteApplied(before);
      };
      return { commit, abandon };
    } catch (error) {
      abandon();
      throw error;
    }
  }

  private noteApplied(before: ProxyConfig): ReloadReport {
    const { config } = this;
    this.servings.speak(this.gateway.context.settings.http2);
    const changes = changesBetween(before, config);
    this.ledger.tlsServings = this.servings.all;
    this.ledger.noteReload("applied");
    this.latestFailure = undefined;
    const { configVersion: version } = this.ledger;
    this.events.reloaded("applied", version, changes);
    return { version, changes, listeners: this.listeners.told, warnings: config.warnings };
  }

  private noteRefused(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    this.latestFailure = { time: new Date().toISOString(), problem };
    this.ledger.noteReload("refused");
    this.events.reloaded("refused", this.ledger.configVersion, [], problem);
  }

  /** What the operator may see of the configuration that is in use. */
  private configTold(): object {
    const { configVersion: version, configuredAt_ms } = this.ledger;
    const since = new Date(configuredAt_ms).toISOString();
    return { version, since, latestFailure: this.latestFailure ?? null, config: configView(this.config) };
  }

  /**
   * Drains and closes: from now on `/readyz` and every response say so; what is in flight may finish; idle connections
   * are closed. Calling it again gives the same promise.
   *
   * @param options `graceMs`: how long what is in flight may take, in milliseconds; `Infinity`: until it is over (25 days at
   * most). Default: the option `drainTimeout`.
   * @throws HopwiseError `option-invalid` for what is no such time; then nothing was closed
   * @returns how much was cut when that time was over
   */
  close(options?: ClosingOptions): Promise<DrainReport> {
    const graceMs = readGrace(options);
    if (graceMs instanceof HopwiseError) return Promise.reject(graceMs);
    const { drainDelay_ms, drainTimeout_ms } = this.config;
    this.closing ??= this.drain(
      Math.min(drainDelay_ms, graceMs ?? drainDelay_ms),
      Math.min(graceMs ?? drainTimeout_ms, GRACE_MS_MAX),
    );
    return this.closing;
  }

  /**
   * Cuts every client's connection at once: for a process that ends now. With RST where something is in flight, so that
   * nobody takes what came so far for everything. A `close()` that is under way is soon over then, and counts what was cut.
   */
  cut(): void {
    this.gateway.cutNow();
    if (this.closing === undefined) return;
    this.isCut = true;
    this.endDelay?.();
  }

  private async drain(delay_ms: number, grace_ms: number): Promise<DrainReport> {
    this.gateway.announceDrain();
    await this.starting?.catch(() => {});
    if (this.listeners.areOpen) {
      await this.delay(delay_ms);
      await this.listeners.close();
    }
    // Only now: whoever is told `close` comes back at once, and what waits to be accepted when the listener closes is reset.
    this.gateway.beginDrain();
    const report = await this.gateway.drain(this.isCut ? 0 : grace_ms);
    this.names?.close();
    this.servings.close();
    this.admin?.close();
    this.token?.forget();
    this.events.flush();
    await Promise.all([this.log.close(), this.trace.close()]);
    return report;
  }

  /** Everybody is served as before, unless `cut()` ends it. */
  private delay(delay_ms: number): Promise<void> {
    if (this.isCut) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delay_ms);
      this.endDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => {});
  }

  /** Figures since the start: connections by hop and state, closes by reason, reuse, learned lifetimes, and more. */
  stats(): ProxyStats {
    return statsOf(this.ledger);
  }
}
