/**
 * What an operator wants to see pass by: origins that go and come, connections that cannot be accepted, an access log that
 * cannot be written.
 */
import type { AcceptFailedEntry, AccessLogEntry, EndpointEntry, InternalErrorEntry } from "../index.ts";
import { logStateText } from "../ledger/entries.ts";
import { explainedFault } from "./fault-words.ts";
import { warnOfFault } from "./faults.ts";
import { styled, type Terminal } from "./terminal.ts";

/** While file descriptors are scarce, once in so often is enough to know. */
const ACCEPT_FAULT_MS = 10_000;
/** An output at its limit may fail and recover many times a second. */
const LOG_STATE_MS = 10_000;

export type Told = EndpointEntry | AcceptFailedEntry | AccessLogEntry | InternalErrorEntry;

export class News {
  private readonly terminal: Terminal;
  /** Endpoints that fail, and for which workers: each finds out by itself. */
  private readonly failing = new Map<string, Set<number>>();
  private acceptFaultAt = Number.NEGATIVE_INFINITY;
  private readonly logStateAt = new Map<string, number>();

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** @param worker whose news it is; without workers: 0 */
  tell(news: Told, worker = 0): void {
    if (news.type === "endpoint") return this.tellEndpoint(news, worker);
    if (news.type === "internal-error") return warnOfFault(this.terminal, news.message);
    if (news.type === "access-log") return this.tellLog(news);
    if (performance.now() - this.acceptFaultAt < ACCEPT_FAULT_MS) return;
    this.acceptFaultAt = performance.now();
    this.terminal.alert(
      `${styled("yellow", "a client's connection could not be accepted")}: ${explainedFault(news.fault)}`,
    );
  }

  /** A worker is gone, and what it thought of endpoints with it. */
  forget(worker: number): void {
    for (const [endpoint, workers] of this.failing) {
      workers.delete(worker);
      if (workers.size === 0) this.failing.delete(endpoint);
    }
  }

  /** On the standard error in any case: machine lines may go where the log goes. */
  private tellLog(entry: AccessLogEntry): void {
    const { state, fault, dropped } = entry;
    const before = this.logStateAt.get(state) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - before < LOG_STATE_MS) return;
    this.logStateAt.set(state, performance.now());
    this.terminal.json(entry);
    this.terminal.warn(styled(state === "writing" ? "green" : "yellow", logStateText(state, fault, dropped)));
  }

  /** It fails from the first worker on for which it does, until it has recovered for all of them. */
  private tellEndpoint(event: EndpointEntry, worker: number): void {
    const { endpoint, state, fault } = event;
    const workers = this.failing.get(endpoint) ?? new Set();
    const wasFailing = workers.size > 0;
    if (state === "failed") workers.add(worker);
    else workers.delete(worker);
    if (wasFailing === workers.size > 0) return;
    this.terminal.json(event);
    if (state === "failed") {
      this.failing.set(endpoint, workers);
      const isAnswered = fault?.startsWith("HTTP ");
      const [problem, preposition] = isAnswered ? ["no good answer", "from"] : ["no connection", "to"];
      this.terminal.alert(`${styled("yellow", problem)} ${preposition} ${endpoint}: ${explainedFault(fault ?? "")}`);
    } else {
      this.failing.delete(endpoint);
      this.terminal.alert(`${styled("green", "connected")} to ${endpoint} again`);
    }
  }
}
