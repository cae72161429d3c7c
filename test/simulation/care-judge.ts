/**
 * How a group is looked after, judged from what is told and dialed: no more are ejected than may be, and one that comes back is tried by
 * one request, or by none where checks do that.
 *
 * What the proxy thinks of its endpoints is not asked: an endpoint is out from when that is told until it is told otherwise.
 */
import type { ConnectionRecord, EndpointCheck, EndpointRecord } from "../../src/connection/connection-record.ts";
import type { GroupShape } from "./care-world.ts";
import { fail } from "./failure.ts";

/** How an ejection is told. */
const EJECTION = "HTTP 5xx";

interface Out {
  readonly since_ms: number;
  readonly fault: string;
}

export class CareJudge {
  ejections = 0;
  comebacks = 0;
  private readonly now: () => number;
  private readonly care: GroupShape["care"];
  private readonly names: readonly string[];
  /** Endpoints whose requests fail, and those whose checks do. */
  private readonly failing = new Map<string, Out>();
  private readonly unhealthy = new Set<string>();
  private readonly connections = new Set<ConnectionRecord>();
  /** When requests that are not connected yet began to be, by endpoint. */
  private readonly dials = new Map<string, Set<{ readonly began_ms: number }>>();

  constructor(now: () => number, { care }: GroupShape, hosts: readonly string[]) {
    this.now = now;
    this.care = care;
    this.names = hosts.map((host) => `http://${host}`);
  }

  failed({ name }: EndpointRecord, fault: string): void {
    if (!this.failing.has(name)) this.failing.set(name, { since_ms: this.now(), fault });
    if (fault !== EJECTION) return;
    this.ejections++;
    const { most = 0 } = this.care.ejection ?? {};
    const out = this.names.filter((one) => this.isOut(one)).length;
    if (out > most * this.names.length) {
      fail("looked-after", `${name} is ejected: ${out} of ${this.names.length} are out`);
    }
  }

  recovered({ name }: EndpointRecord): void {
    this.failing.delete(name);
    this.comebacks++;
  }

  checked({ name }: EndpointRecord, { state }: EndpointCheck): void {
    if (state === "unhealthy") this.unhealthy.add(name);
    else this.unhealthy.delete(name);
  }

  private isOut(name: string): boolean {
    return this.failing.has(name) || this.unhealthy.has(name);
  }

  /** A request dials. Returns how to say that it does no more. */
  dialed(host: string): () => void {
    const name = `http://${host}`;
    this.mayGo(name, undefined);
    const dials = this.dials.get(name) ?? new Set();
    this.dials.set(name, dials);
    const dial = { began_ms: this.now() };
    dials.add(dial);
    return () => void dials.delete(dial);
  }

  opened(connection: ConnectionRecord): void {
    if (connection.hop === "upstream") this.connections.add(connection);
  }

  reused(connection: ConnectionRecord): void {
    // Whom a connection belongs to by authentication goes nowhere else.
    if (connection.boundTo === undefined) this.mayGo(connection.endpoint?.name ?? "", connection);
  }

  closed(connection: ConnectionRecord): void {
    this.connections.delete(connection);
  }

  private mayGo(name: string, own: ConnectionRecord | undefined): void {
    if (!this.isOut(name) || this.names.every((one) => this.isOut(one))) return;
    const { since_ms = 0 } = this.failing.get(name) ?? {};
    if (this.care.health !== undefined) fail("looked-after", `a request goes to ${name}, which its checks should try`);
    const isTrial = (connection: ConnectionRecord) => {
      const { state, idleSince_ms, idled_ms = 0, endpoint } = connection;
      const isBusy = state === "active" || state === "tunnel";
      return connection !== own && isBusy && endpoint?.name === name && idleSince_ms + idled_ms > since_ms;
    };
    const dialing = [...(this.dials.get(name) ?? [])].filter(({ began_ms }) => began_ms > since_ms).length;
    const trials = [...this.connections].filter(isTrial).length + dialing;
    if (trials > 0) fail("looked-after", `a request goes to ${name}, which ${trials} others are trying already`);
  }
}
