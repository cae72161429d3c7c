/**
 * The library's door: `import { createProxy, createForwardProxy } from "hopwise"`.
 *
 * ```ts
 * import { createProxy } from "hopwise";
 *
 * await using proxy = createProxy({ to: "http://127.0.0.1:3000", port: 8080 });
 * proxy.on("connection-close", (event) => console.log(event.hop, event.id, event.closed));
 * const { url } = await proxy.listen();
 * ```
 *
 * Everything here is public. Deliberately absent: flags and terminals, see the command line; more than one process, since
 * starting and ending processes is the application's business (`hopwise proxy --workers`, or `node:cluster`).
 */
import type { AdminServer } from "./admin/server.ts";
import { HopwiseError } from "./config/error.ts";
import { accessLogError } from "./config/file-error.ts";
import { readForwardOptions } from "./config/forward-options.ts";
import { inheritedError, listenError, refuseWhatCannotBe } from "./config/listen-error.ts";
import { type ProxyConfig, readProxyOptions } from "./config/options.ts";
import type { ForwardOptions, ProxyOptions } from "./config/public-options.ts";
import { readUsersFile } from "./config/users.ts";
import { formatAuthority } from "./config/values.ts";
import type { ProxyObserver } from "./exchange/observer.ts";
import type { DrainReport } from "./gateway/drain-report.ts";
import { Gateway } from "./gateway/gateway.ts";
import type { AccessLog } from "./ledger/access-log.ts";
import { logStateText } from "./ledger/entries.ts";
import { EventHub, type ProxyEventName, type ProxyListener } from "./ledger/events.ts";
import { type FigureSource, sourceOf } from "./ledger/figures.ts";
import { Ledger } from "./ledger/ledger.ts";
import type { LogState } from "./ledger/line-queue.ts";
import { Observers } from "./ledger/observers.ts";
import { type ProxyStats, statsOf } from "./ledger/stats.ts";
import { ChosenNames, LOOKUPS_MAX } from "./net/names/chosen-names.ts";
import { nodeClock } from "./net/node-clock.ts";
import type { Listener, ListenOptions } from "./net/ports.ts";
import { dialer, guardedDialer, listen } from "./net/runtime.ts";
import { runtimeWarnings } from "./net/runtime-facts.ts";

export { errorCodes, HopwiseError, type HopwiseErrorCode } from "./config/error.ts";
export type { Duration, ForwardOptions, ProxyOptions, Size } from "./config/public-options.ts";
export { type LifeState, lifeStates } from "./connection/life.ts";
export {
  type CloseReason,
  closeReasons,
  type OpenReason,
  openReasons,
  type ReuseRefusal,
  reuseRefusals,
} from "./connection/reasons.ts";
export { HandlerError } from "./doors/error.ts";
export { createHandler, type HopwiseHandler } from "./doors/handler.ts";
export type { HandlerOptions } from "./doors/handler-options.ts";
export type { HandlerRequest, HandlerResponse, HandlerServer, HandlerSocket } from "./doors/outer.ts";
export { type AnswerReason, type AnswerSource, answerReasons } from "./exchange/answers.ts";
export type { Outcome } from "./exchange/exchange-record.ts";
export type {
  HookClient,
  HookError,
  HookFields,
  HookName,
  HookRequest,
  HookResponse,
  Hooks,
  HookUpgradeError,
  OwnAnswer,
  Perhaps,
} from "./exchange/hooks.ts";
export type { DrainReport } from "./gateway/drain-report.ts";
export type {
  AcceptFailedEntry,
  AccessLogEntry,
  ConnectionEntry,
  ConnectionOpenEntry,
  DrainEntry,
  EndpointEntry,
  ExchangeEntry,
  HookFailedEntry,
  InternalErrorEntry,
  LifetimeEntry,
  ReuseEntry,
  ReuseRefusedEntry,
} from "./ledger/entries.ts";
export type { ProxyEventName, ProxyEvents, ProxyListener } from "./ledger/events.ts";
export type { RunningWorker } from "./ledger/figures.ts";
export type { Hop, StatusClass, Tally } from "./ledger/ledger.ts";
export { outcomes } from "./ledger/ledger.ts";
export type { DurationStats, EndpointStats, HopStats, LiveState, ProxyStats, WorkerStats } from "./ledger/stats.ts";
export { version } from "./ledger/version.ts";
export type { RuntimeFacts } from "./net/runtime-facts.ts";

/** The longest delay that timers of the runtime know: 2^31 - 1 ms, nearly 25 days. */
const GRACE_MS_MAX = 2_147_483_647;

/** Where a proxy listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** On a socket that this process was given. */
  readonly isInherited: boolean;
  readonly admin: AdminListening | undefined;
}

export interface AdminListening {
  /** `http://127.0.0.1:9901` */
  readonly url: string;
  /** It listens on another port than usual, because that one was taken. */
  readonly isElsewhere: boolean;
}

/** @internal What tests and the demonstration hand in beside the options. */
export interface Internals {
  readonly observer?: ProxyObserver;
  /** How to be reached by clients. Default: by listening. */
  readonly listen?: (options: ListenOptions) => Promise<Listener>;
  /** Connections are numbered from here on. Default: 1. */
  readonly firstConnectionId?: number;
  /** What names mean that clients choose. Default: as this machine's hosts file and name servers say. */
  readonly names?: ChosenNames;
}

/**
 * Makes a reverse proxy. It does nothing before `listen()`.
 *
 * @throws HopwiseError `option-unknown`, `option-missing` or `option-invalid`, with a sentence that says what to write
 */
export function createProxy(options: ProxyOptions): HopwiseProxy;
/** @internal */
export function createProxy(options: ProxyOptions, internals?: Internals): HopwiseProxy;
export function createProxy(options: ProxyOptions, internals: Internals = {}): HopwiseProxy {
  return new HopwiseProxy(readProxyOptions(options), internals);
}

/**
 * Makes a forward proxy: clients name the origins, in absolute-form or with CONNECT. It does nothing before `listen()`.
 *
 * @throws HopwiseError `option-unknown` or `option-invalid`, with a sentence that says what to write
 */
export function createForwardProxy(options?: ForwardOptions): HopwiseProxy;
/** @internal */
export function createForwardProxy(options?: ForwardOptions, internals?: Internals): HopwiseProxy;
export function createForwardProxy(options: ForwardOptions = {}, internals: Internals = {}): HopwiseProxy {
  return new HopwiseProxy(readForwardOptions(options), internals);
}

/** A proxy of either kind. `createProxy` and `createForwardProxy` make one. */
export class HopwiseProxy implements AsyncDisposable {
  /** What works, but perhaps not as you think: one sentence each. */
  readonly warnings: readonly string[];
  /** @internal */
  readonly gateway: Gateway;
  /** @internal */
  readonly source: FigureSource;
  private readonly config: ProxyConfig;
  private readonly names: ChosenNames | undefined;
  private readonly ledger = new Ledger(nodeClock);
  private readonly events = new EventHub(nodeClock);
  private listener: Listener | undefined;
  private admin: AdminServer | undefined;
  private accessLog: AccessLog | undefined;
  private isHeardByLog = false;
  private starting: Promise<Listening> | undefined;
  private closing: Promise<DrainReport> | undefined;
  /** A drain is not waited for any more. */
  private isCut = false;
  private endDelay: (() => void) | undefined;

  private readonly internals: Internals;

  /** @internal */
  constructor(config: ProxyConfig, internals: Internals) {
    const { observer, firstConnectionId = 1 } = internals;
    const { dialGuard, lookupsMax = LOOKUPS_MAX } = config;
    if (dialGuard !== undefined) this.names = internals.names ?? new ChosenNames({ lookupsMax });
    this.internals = internals;
    this.config = config;
    this.warnings = [...runtimeWarnings, ...config.warnings];
    this.gateway = new Gateway(this.config.gateway, {
      clock: nodeClock,
      dialer: dialGuard === undefined ? dialer : guardedDialer(dialGuard, this.names),
      firstConnectionId,
      hooks: config.hooks,
      observer: new Observers(this.ledger, this.events, ...(observer === undefined ? [] : [observer])),
    });
    this.ledger.watch(this.gateway);
    this.source = sourceOf(this.ledger);
  }

  /**
   * Listens for clients, and opens the access log and the admin server if they are wanted.
   *
   * @param options `fd`: a listening TCP socket that this process was given (systemd's are from 3 on), instead of the option
   * `listen`. What waits there to be accepted when this proxy closes is left to the others that have it.
   * @throws HopwiseError `address-in-use`, `address-forbidden`, `address-unavailable` or `listen-failed`;
   * `access-log-unwritable`; `already-listening`, `already-closed`; `option-invalid` where the runtime cannot
   * do what is asked. After one of these nothing is left open, and all but the last two leave it free to listen again.
   */
  listen(options: { readonly fd?: number } = {}): Promise<Listening> {
    if (this.closing !== undefined) {
      return Promise.reject(new HopwiseError("already-closed", "this proxy was closed: make another one"));
    }
    if (this.starting !== undefined) {
      return Promise.reject(new HopwiseError("already-listening", "this proxy listens already"));
    }
    this.starting = this.start(options.fd);
    return this.starting;
  }

  private async start(fd: number | undefined): Promise<Listening> {
    try {
      refuseWhatCannotBe(this.config, fd);
      await this.openAccessLog();
      const { host, port } = await this.openListener(fd);
      const admin = await this.openAdmin();
      return { host, port, url: `http://${formatAuthority(host, port)}`, isInherited: fd !== undefined, admin };
    } catch (error) {
      const { listener, accessLog } = this;
      this.listener = undefined;
      this.accessLog = undefined;
      await Promise.all([listener?.close(), accessLog?.close()]);
      this.starting = undefined;
      throw error;
    }
  }

  private async openListener(fd: number | undefined): Promise<{ host: string; port: number }> {
    const { listen: address, reusesPort: sharesPort } = this.config;
    try {
      this.listener = await (this.internals.listen ?? listen)({
        ...address,
        fd,
        sharesPort,
        onSocket: (socket) => this.gateway.accept(socket),
        onFault: (code) => this.gateway.onAcceptFault(code),
      });
    } catch (error) {
      throw fd === undefined ? listenError(error, address, "listen") : inheritedError(error, fd);
    }
    const { host, port } = this.listener.address;
    this.config.dialGuard?.noteOwn("proxy", host, port);
    return { host, port };
  }

  private async openAdmin(): Promise<AdminListening | undefined> {
    const { admin } = this.config;
    if (admin === undefined) return undefined;
    const { AdminServer } = await import("./admin/server.ts");
    this.admin = await AdminServer.listen(admin, this.source);
    this.noteAdmin(this.admin.address);
    return { url: this.admin.url, isElsewhere: this.admin.isElsewhere };
  }

  private async openAccessLog(): Promise<void> {
    const { accessLog: file, logsConnections } = this.config;
    if (file === undefined) return;
    const { AccessLog } = await import("./ledger/access-log.ts");
    const onState = (state: LogState, fault: string | undefined) => {
      const dropped = this.ledger.accessLogDropped;
      if (this.events.accessLogChanged(state, fault, dropped) || state === "writing") return;
      process.emitWarning(logStateText(state, fault, dropped));
    };
    let log: AccessLog;
    try {
      log = await AccessLog.open({ file, onState, onDropped: (lines) => (this.ledger.accessLogDropped += lines) });
    } catch (error) {
      throw accessLogError(file, error);
    }
    this.accessLog = log;
    if (this.isHeardByLog) return;
    this.isHeardByLog = true;
    this.events.on("exchange", (entry) => this.accessLog?.write(entry));
    if (logsConnections) this.events.on("connection-close", (entry) => this.accessLog?.write(entry));
  }

  /** @internal Where the admin server listens, which may be another process: no client gets there through this proxy. */
  noteAdmin({ host, port }: { readonly host: string; readonly port: number }): void {
    this.config.dialGuard?.noteOwn("admin", host, port);
  }

  /** Opens the access log's file anew, after it was rotated away. */
  reopenAccessLog(): void {
    this.accessLog?.reopen();
  }

  /**
   * Reads the file of users anew, if there is one: from now on those count who stand there.
   *
   * @throws HopwiseError `option-invalid`; then those count who did before
   */
  reloadUsers(): void {
    const { users } = this.config;
    users?.authentication.replaceUsers(readUsersFile(users.file));
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
  close(options: { readonly graceMs?: number } = {}): Promise<DrainReport> {
    const { graceMs } = options;
    if (graceMs !== undefined && !(graceMs >= 0)) {
      const problem = `${graceMs} is no time to wait: write milliseconds, from 0 to Infinity`;
      return Promise.reject(new HopwiseError("option-invalid", problem, "graceMs"));
    }
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
    if (this.listener !== undefined) {
      await this.delay(delay_ms);
      // Right after the runtime has accepted whoever was waiting: the system resets who is still in line.
      await new Promise<void>((resolve) => nodeClock.afterArrivals(resolve));
      await this.listener.close();
    }
    // Only now: whoever is told `close` comes back at once, and what waits to be accepted when the listener closes is reset.
    this.gateway.beginDrain();
    const report = await this.gateway.drain(this.isCut ? 0 : grace_ms);
    this.names?.close();
    this.admin?.close();
    this.events.flush();
    await this.accessLog?.close();
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

  /** Calls `listener` whenever `name` happens. Listeners are called apart from the traffic and cannot delay it. */
  on<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): this {
    this.events.on(name, listener);
    return this;
  }

  /** Calls `listener` when `name` happens next, and never again. */
  once<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): this {
    this.events.on(name, listener, true);
    return this;
  }

  /** Calls `listener` no more. */
  off<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): this {
    this.events.off(name, listener);
    return this;
  }
}
