/**
 * What an operator wants to see pass by: origins that go and come, connections that cannot be accepted, an access log that
 * cannot be written.
 */

import { checkFailures, lookupFailures } from "../connection/reasons.ts";
import type {
  AcceptFailedEntry,
  AccessLogEntry,
  CertificateEntry,
  EndpointEntry,
  HealthEntry,
  HopwiseProxy,
  InternalErrorEntry,
  LookupEntry,
  TraceEntry,
} from "../index.ts";
import { logStateText, traceStateText } from "../ledger/entries.ts";
import { explainedFault } from "../ledger/fault-words.ts";
import { certificateText } from "../ledger/tls-figures.ts";
import { warnOfFault } from "./faults.ts";
import { styled, type Terminal } from "./terminal.ts";

/** While file descriptors are scarce, once in so often is enough to know. */
const ACCEPT_FAULT_MS = 10_000;
/** An output at its limit may fail and recover many times a second. */
const LOG_STATE_MS = 10_000;

/** Each worker finds out by itself, within a second or two. */
const CERTIFICATE_MS = 10_000;

export type Told =
  | EndpointEntry
  | HealthEntry
  | LookupEntry
  | AcceptFailedEntry
  | AccessLogEntry
  | TraceEntry
  | CertificateEntry
  | InternalErrorEntry;

export class News {
  private readonly terminal: Terminal;
  /** Endpoints that fail, and for which workers: each finds out by itself. */
  private readonly failing = new Map<string, Set<number>>();
  /** The same for those that fail their health checks. */
  private readonly unhealthy = new Map<string, Set<number>>();
  /** The same for names that cannot be looked up. */
  private readonly unfound = new Map<string, Set<number>>();
  /** Where each name leads, as it was said last. */
  private readonly leadsTo = new Map<string, string>();
  private acceptFaultAt = Number.NEGATIVE_INFINITY;
  private readonly logStateAt = new Map<string, number>();
  /** What was said of certificates, and when. */
  private readonly certificateAt = new Map<string, number>();

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** @param worker whose news it is; without workers: 0 */
  tell(news: Told, worker = 0): void {
    if (news.type === "endpoint") return this.tellEndpoint(news, worker);
    if (news.type === "health") return this.tellHealth(news, worker);
    if (news.type === "lookup") return this.tellLookup(news, worker);
    if (news.type === "internal-error") return warnOfFault(this.terminal, news.message);
    if (news.type === "access-log") return this.tellLog(news, logStateText(news.state, news.fault, news.dropped));
    if (news.type === "trace")
      return this.tellLog(news, traceStateText(news.state, news.file, news.fault, news.dropped));
    if (news.type === "certificate") return this.tellCertificate(news);
    if (performance.now() - this.acceptFaultAt < ACCEPT_FAULT_MS) return;
    this.acceptFaultAt = performance.now();
    this.terminal.alert(
      `${styled("yellow", "a client's connection could not be accepted")}: ${explainedFault(news.fault)}`,
    );
  }

  /** A worker is gone, and what it thought of endpoints with it. */
  forget(worker: number): void {
    for (const known of [this.failing, this.unhealthy, this.unfound]) {
      for (const [endpoint, workers] of known) {
        workers.delete(worker);
        if (workers.size === 0) known.delete(endpoint);
      }
    }
  }

  /** On the standard error in any case: machine lines may go where the log goes. */
  private tellLog(entry: AccessLogEntry | TraceEntry, text: string): void {
    const what = entry.type === "trace" ? `${entry.file} ${entry.state}` : entry.state;
    const before = this.logStateAt.get(what) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - before < LOG_STATE_MS) return;
    this.logStateAt.set(what, performance.now());
    this.terminal.json(entry);
    this.terminal.warn(styled(entry.state === "writing" ? "green" : "yellow", text));
  }

  private tellCertificate(entry: CertificateEntry): void {
    const text = certificateText(entry);
    const now = performance.now();
    for (const [said, at] of this.certificateAt) if (now - at >= CERTIFICATE_MS) this.certificateAt.delete(said);
    if (this.certificateAt.has(text)) return;
    this.certificateAt.set(text, now);
    this.terminal.json(entry);
    if (entry.state === "renewed") this.terminal.say(styled("green", text));
    else this.terminal.alert(styled("yellow", text));
  }

  private tellHealth(event: HealthEntry, worker: number): void {
    const { endpoint, state, reason = "status", detail = "" } = event;
    // That all is well from the start is no news.
    if (!isNews(this.unhealthy, endpoint, worker, state === "unhealthy")) return;
    this.terminal.json(event);
    if (state === "unhealthy") {
      const why = `${checkFailures[reason]}${detail === "" ? "" : ` (${detail})`}`;
      this.terminal.alert(`${endpoint} ${styled("yellow", "fails its health checks")}: ${why}`);
    } else {
      this.terminal.alert(`${endpoint} ${styled("green", "passes its health checks")} again`);
    }
  }

  private tellLookup(event: LookupEntry, worker: number): void {
    const { name, group, state, addresses, reason = "failed", detail = "" } = event;
    const key = `${group} ${name}`;
    const hasTurned = isNews(this.unfound, key, worker, state === "failed");
    const places = addresses.join(" ");
    const hasMoved = state === "changed" && this.leadsTo.get(key) !== places;
    if (!hasTurned && !hasMoved) return;
    this.terminal.json(event);
    if (state === "failed") {
      const why = `${lookupFailures[reason]}${detail === "" ? "" : ` (${detail})`}`;
      this.terminal.alert(`${name} ${styled("yellow", "cannot be looked up")}: ${why}`);
      return;
    }
    this.leadsTo.set(key, places);
    this.terminal.alert(`${name} ${styled("green", "leads to")} ${places}`);
  }

  /** It fails from the first worker on for which it does, until it has recovered for all of them. */
  private tellEndpoint(event: EndpointEntry, worker: number): void {
    const { endpoint, state, fault } = event;
    if (!isNews(this.failing, endpoint, worker, state === "failed")) return;
    this.terminal.json(event);
    if (state === "failed") {
      const isAnswered = fault?.startsWith("HTTP ");
      const [problem, preposition] = isAnswered ? ["no good answer", "from"] : ["no connection", "to"];
      this.terminal.alert(`${styled("yellow", problem)} ${preposition} ${endpoint}: ${explainedFault(fault ?? "")}`);
    } else {
      this.terminal.alert(`${styled("green", "connected")} to ${endpoint} again`);
    }
  }
}

/** Notes whether an endpoint fails for a worker. Returns whether it did before for none, or does so no more for any. */
function isNews(failing: Map<string, Set<number>>, endpoint: string, worker: number, fails: boolean): boolean {
  const workers = failing.get(endpoint) ?? new Set();
  const didFail = workers.size > 0;
  if (fails) workers.add(worker);
  else workers.delete(worker);
  if (workers.size > 0) failing.set(endpoint, workers);
  else failing.delete(endpoint);
  return didFail !== workers.size > 0;
}

/** Tells all that passes by in one proxy. */
export function tellNews(proxy: HopwiseProxy, terminal: Terminal): void {
  const news = new News(terminal);
  proxy.on("endpoint", (event) => news.tell(event));
  proxy.on("health", (event) => news.tell(event));
  proxy.on("lookup", (event) => news.tell(event));
  proxy.on("accept-failed", (event) => news.tell(event));
  proxy.on("internal-error", (event) => news.tell(event));
  proxy.on("access-log", (event) => news.tell(event));
  proxy.on("trace", (event) => news.tell(event));
  proxy.on("certificate", (event) => news.tell(event));
}
