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
 * Everything here is public. The way of one request stands at the top of gateway/gateway.ts. Deliberately absent: flags and
 * terminals, see the command line; more than one process, since starting and ending processes is the application's business
 * (`hopwise proxy --workers`, or `node:cluster`).
 */
import { HopwiseError } from "./config/error.ts";
import { readForwardOptions } from "./config/forward-options.ts";
import { readGatewayConfig } from "./config/gateway-config.ts";
import { readProxyOptions } from "./config/options.ts";
import { problemsError } from "./config/problems.ts";
import type { GatewayConfig } from "./config/public-gateway.ts";
import type { ForwardOptions, ProxyOptions } from "./config/public-options.ts";
import type { SharedRateStore } from "./exchange/outer-rate-store.ts";
import { HopwiseProxy } from "./proxy/hopwise-proxy.ts";
import type { Internals } from "./proxy/internals.ts";
import type { ReloadOptions } from "./proxy/reload-report.ts";

export type { ClosingOptions } from "./config/closing-options.ts";
export { errorCodes, HopwiseError, type HopwiseErrorCode } from "./config/error.ts";
export * from "./config/public-gateway.ts";
export type * from "./config/public-group.ts";
export type { Duration, ForwardOptions, ProxyOptions, Size } from "./config/public-options.ts";
export type * from "./config/public-route.ts";
export type { Ending, Hop } from "./connection/connection-record.ts";
export { type LifeState, lifeStates } from "./connection/life.ts";
export {
  type CheckFailure,
  type CloseReason,
  checkFailures,
  closeReasons,
  type LookupFailure,
  lookupFailures,
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
export { type Outcome, outcomes, type Phase, phases } from "./exchange/exchange-record.ts";
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
export type { SharedRateLimit, SharedRateStore } from "./exchange/outer-rate-store.ts";
export type { DrainReport } from "./gateway/drain-report.ts";
export type { ReloadEntry, ReloadOutcome } from "./ledger/config-figures.ts";
export type {
  AcceptFailedEntry,
  AccessLogEntry,
  ConnectionEntry,
  ConnectionIdleEntry,
  ConnectionOpenEntry,
  DrainEntry,
  EndpointEntry,
  ExchangeBeginEntry,
  ExchangeEntry,
  ExchangePhaseEntry,
  HealthEntry,
  HookFailedEntry,
  InternalErrorEntry,
  LifetimeEntry,
  LostEntry,
  ReuseEntry,
  ReuseRefusedEntry,
  TraceEntry,
  TraceState,
} from "./ledger/entries.ts";
export type { ProxyEventName, ProxyEvents, ProxyListener } from "./ledger/events.ts";
export type { RunningWorker } from "./ledger/figures.ts";
export type { StatusClass, Tally } from "./ledger/ledger.ts";
export type { LookupEntry, LookupResult, NameStats } from "./ledger/name-figures.ts";
export type {
  ConfigStats,
  DurationStats,
  EndpointStats,
  HopStats,
  LiveState,
  ProxyStats,
  TlsStats,
  WorkerStats,
} from "./ledger/stats.ts";
export type { OpenTelemetryApi } from "./ledger/telemetry.ts";
export type { CertificateEntry } from "./ledger/tls-figures.ts";
export { version } from "./ledger/version.ts";
export type { ConnectionView } from "./ledger/window.ts";
export type { RuntimeFacts } from "./net/runtime-facts.ts";

export { HopwiseProxy } from "./proxy/hopwise-proxy.ts";
export type { AdminListening, ListenerPlace, Listening } from "./proxy/listening.ts";
export type { FailedReload, ReloadOptions, ReloadReport } from "./proxy/reload-report.ts";

/**
 * Makes a reverse proxy. It does nothing before `listen()`.
 *
 * @throws HopwiseError `option-unknown`, `option-missing` or `option-invalid`, with a sentence that says what to write
 */
export function createProxy(options: ProxyOptions): HopwiseProxy;
/** @internal */
export function createProxy(options: ProxyOptions, internals?: Internals): HopwiseProxy;
export function createProxy(options: ProxyOptions, internals: Internals = {}): HopwiseProxy {
  const read = (given: ReloadOptions) => readProxyOptions(given as ProxyOptions);
  return new HopwiseProxy(read(options), { read, ...internals });
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

/** What a program hands to a gateway beside its configuration. It outlives reloads. */
export interface GatewayParts {
  /** Where the tokens of rate limits are counted, so that several processes count together. Default: in this one. */
  readonly rateStore?: SharedRateStore | undefined;
}

/** Makes a reverse proxy with listeners, groups and routes, as a file for `hopwise run` says them. @throws HopwiseError with all that is wrong */
export function createGateway(config: GatewayConfig, { rateStore }: GatewayParts = {}): HopwiseProxy {
  if (rateStore !== undefined && typeof rateStore?.take !== "function") {
    throw new HopwiseError(
      "option-invalid",
      "it is not a store: write an object with a function take(limit, key)",
      "rateStore",
    );
  }
  const read = (given: ReloadOptions) => {
    const reading = readGatewayConfig(given, process.cwd());
    if (reading.problems !== undefined) throw problemsError(reading.problems);
    return reading.config;
  };
  return new HopwiseProxy(read(config), { read, rateStore });
}
