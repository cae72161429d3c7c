/**
 * The simulated proxy's observer: writes the timeline, and checks that every connection and exchange is told once, with
 * one reason of the closed list.
 */
import type { ConnectionRecord, EndpointCheck, EndpointRecord } from "../../src/connection/connection-record.ts";
import { closeReasons, type ReuseRefusal } from "../../src/connection/reasons.ts";
import type { ExchangeRecord, Phase } from "../../src/exchange/exchange-record.ts";
import type { ProxyObserver } from "../../src/exchange/observer.ts";
import type { CareJudge } from "./care-judge.ts";
import { fail } from "./failure.ts";
import type { Link, Network } from "./network.ts";
import { judgeData, RecordJudge } from "./record-judge.ts";
import type { Timeline } from "./timeline.ts";
import type { TunnelJudge } from "./tunnel-judge.ts";

export class SimObserver implements ProxyObserver {
  /** Connections told open and not told closed. */
  readonly open = new Set<ConnectionRecord>();
  /** How often each reason occurred, on both hops. */
  readonly reasons = new Map<string, number>();
  drainedWith: number | undefined;
  exchanges = 0;
  reuses = 0;
  retries = 0;
  readonly judge = new RecordJudge();
  /** What exchanges in progress were asked for. */
  readonly underWay = new Map<ExchangeRecord, string>();
  private readonly closed = new WeakSet<ConnectionRecord>();
  /** Told when an exchange has given way to another client, which is while its client still has the place. */
  onGaveWay: (record: ExchangeRecord) => void = () => {};
  /** Told when an idle connection was lent again, and when one is gone. */
  onReused: (connection: ConnectionRecord) => void = () => {};
  onUpstreamClosed: (connection: ConnectionRecord) => void = () => {};
  /** Where a group is looked after. */
  care: CareJudge | undefined;
  /** Where streams of HTTP/2 are tunnels. */
  tunnels: TunnelJudge | undefined;
  private readonly timeline: Timeline;
  private readonly network: Network;

  constructor(timeline: Timeline, network: Network) {
    this.timeline = timeline;
    this.network = network;
  }

  connectionOpened(connection: ConnectionRecord): void {
    this.note(connection, `opens: ${connection.opened}`);
    if (this.open.has(connection)) fail("one-reason-each", `${this.nameOf(connection)} is told open twice`);
    judgeData(connection, `connection ${connection.id}`);
    this.open.add(connection);
    this.care?.opened(connection);
  }

  connectionClosed(connection: ConnectionRecord): void {
    this.wasClosed(connection);
    this.care?.closed(connection);
    if (connection.hop === "upstream") this.onUpstreamClosed(connection);
  }

  private wasClosed(connection: ConnectionRecord): void {
    const { closeReason, ending } = connection;
    this.note(connection, `closed: ${closeReason ?? "-"}`);
    if (this.closed.has(connection)) fail("one-reason-each", `${this.nameOf(connection)} is told closed twice`);
    if (!this.open.delete(connection)) fail("one-reason-each", `${this.nameOf(connection)} closes and was never open`);
    if (closeReason === undefined || !(closeReason in closeReasons)) {
      fail("one-reason-each", `${this.nameOf(connection)} closes for "${closeReason}"`);
    }
    if (ending === undefined) fail("one-reason-each", `${this.nameOf(connection)} closes, and it is not told how`);
    if (!this.linkOf(connection).proxyEnd.isClosedTold) {
      fail("one-reason-each", `${this.nameOf(connection)} is told closed while its socket is open`);
    }
    this.closed.add(connection);
    const key = `${connection.hop} ${closeReason}`;
    this.reasons.set(key, (this.reasons.get(key) ?? 0) + 1);
  }

  connectionReused(connection: ConnectionRecord): void {
    this.reuses++;
    this.note(connection, "reused");
    this.care?.reused(connection);
    this.onReused(connection);
  }

  reuseRefused(connection: ConnectionRecord, refusal: ReuseRefusal): void {
    this.note(connection, `not reused: ${refusal}`);
  }

  exchangeBegan(record: ExchangeRecord): void {
    this.underWay.set(record, record.target);
    this.judge.began(record, this.network.schedule.now_ms);
  }

  exchangePhase(record: ExchangeRecord, phase: Phase): void {
    this.note(record.downstream, `exchange ${record.id}: ${phase}`);
    this.judge.phase(record, phase, this.network.schedule.now_ms);
  }

  exchangeEnded(record: ExchangeRecord): void {
    this.exchanges++;
    this.underWay.delete(record);
    this.retries += record.retries;
    const { method, target, outcome, reason = "", status } = record;
    this.note(record.downstream, `exchange ended: ${method} ${target}: ${outcome} ${status} ${reason}`);
    this.judge.end(record, this.network.schedule.now_ms);
    this.tunnels?.exchangeEnded(record);
    if (reason === "gave-way") this.onGaveWay(record);
  }

  lifetimeLearned(endpoint: EndpointRecord, lifetime_ms: number | undefined): void {
    this.timeline.note("  proxy", `learns ${endpoint.name}: ${lifetime_ms} ms`);
  }

  endpointFailed(endpoint: EndpointRecord, fault: string): void {
    this.timeline.note("  proxy", `cannot reach ${endpoint.name}: ${fault}`);
    this.care?.failed(endpoint, fault);
  }

  endpointRecovered(endpoint: EndpointRecord): void {
    this.timeline.note("  proxy", `${endpoint.name} is well again`);
    this.care?.recovered(endpoint);
  }

  endpointChecked(endpoint: EndpointRecord, check: EndpointCheck): void {
    const { result, state, hasChanged } = check;
    this.care?.checked(endpoint, check);
    const how = result === "passed" ? result : `${result.failure} ${result.detail}`;
    this.timeline.note("  proxy", `checks ${endpoint.name}: ${how}${hasChanged ? `; it is ${state} now` : ""}`);
  }

  hookFailed(_hook: string, fault: unknown): never {
    throw fault;
  }

  internalError(fault: unknown): never {
    throw fault;
  }

  acceptFailed(fault: string): void {
    this.timeline.note("  proxy", `turns a connection away: ${fault}`);
  }

  drainBegan(): void {
    this.timeline.note("  proxy", "drain begins");
  }

  drainEnded(cut: number): void {
    this.timeline.note("  proxy", `drain ended, ${cut} cut`);
    if (this.drainedWith !== undefined) fail("one-reason-each", "the end of the drain is told twice");
    this.drainedWith = cut;
  }

  private note(connection: ConnectionRecord, what: string): void {
    if (this.timeline.isOn) this.timeline.note(`  proxy ${this.nameOf(connection)}`, `** #${connection.id} ${what}`);
  }

  private nameOf(connection: ConnectionRecord): string {
    return this.linkOf(connection).name;
  }

  /** Each neighbour has a port of its own. */
  private linkOf({ id, peerPort }: ConnectionRecord): Link {
    const link = this.network.linkAt(peerPort);
    if (link === undefined) throw new Error(`connection ${id} is none of this world's`);
    return link;
  }
}
