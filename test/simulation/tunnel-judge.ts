/**
 * Judges how tunnels of HTTP/2 end as the proxy tells it: each once, with one reason that fits what both of its ends saw, and with as
 * many bytes as they said and heard.
 *
 * Deliberately absent: the bytes themselves (tunnel-record.ts).
 */
import type { CloseReason } from "../../src/connection/reasons.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { GatewaySettings } from "../../src/exchange/settings.ts";
import { fail } from "./failure.ts";
import type { TunnelRecord } from "./tunnel-record.ts";

/** Why the origin's connection of a tunnel may close. */
const REASONS: ReadonlySet<CloseReason | undefined> = new Set<CloseReason>([
  "tunnel-ended",
  "tunnel-timeout",
  "client-gone",
  "peer-reset",
  "evicted",
  "drain-deadline",
]);

export class TunnelJudge {
  /** How often each reason ended one. */
  readonly reasons = new Map<string, number>();
  /** When the time of a drain is over; there is none: undefined. */
  deadline_ms: number | undefined;
  private readonly settings: GatewaySettings;
  private readonly tunnels = new Map<string, TunnelRecord>();
  private readonly ended: ExchangeRecord[] = [];

  constructor(settings: GatewaySettings) {
    this.settings = settings;
  }

  add(tunnel: TunnelRecord): void {
    this.tunnels.set(tunnel.id, tunnel);
  }

  exchangeEnded(record: ExchangeRecord): void {
    if (record.version === "2.0" && record.outcome === "tunnel") this.ended.push(record);
  }

  /** When all is over. */
  judge(): void {
    const byPort = new Map([...this.tunnels.values()].map((tunnel) => [tunnel.originPort, tunnel]));
    for (const record of this.ended) {
      const { upstream } = record;
      if (upstream === undefined) fail("told-as-it-is", `tunnel ${record.id} has no origin`);
      this.judgeEnd(record, byPort.get(upstream.peerPort), upstream.closeReason);
      byPort.delete(upstream.peerPort);
    }
    for (const tunnel of this.tunnels.values()) {
      tunnel.judgeClient();
      const isTold = this.ended.some(({ upstream }) => upstream?.peerPort === tunnel.originPort);
      if (tunnel.isEstablished && tunnel.hasOrigin && !isTold)
        fail("told-as-it-is", `tunnel ${tunnel.id} was one, and nobody was told of its end`);
    }
  }

  /** @param tunnel nothing of it came to its origin: undefined */
  private judgeEnd(record: ExchangeRecord, tunnel: TunnelRecord | undefined, reason: CloseReason | undefined): void {
    const name = `tunnel ${tunnel?.id ?? record.target}`;
    if (!REASONS.has(reason)) fail("one-reason-each", `${name} ends for "${reason}"`);
    this.reasons.set(reason ?? "", (this.reasons.get(reason ?? "") ?? 0) + 1);
    const { deadline_ms = Number.POSITIVE_INFINITY, settings } = this;
    if (record.doneAt_ms >= deadline_ms && reason === "evicted")
      fail("one-reason-each", `${name} ends with the time of the drain, and it is told that it gave way`);
    if (reason === "drain-deadline" && record.doneAt_ms < deadline_ms)
      fail("one-reason-each", `${name} ends before the time of the drain is over, for that`);
    const limit_ms = Math.min(settings.tunnelTimeout_ms, settings.bodyTimeout_ms);
    if (reason === "tunnel-timeout" && record.doneAt_ms - record.arrivedAt_ms < limit_ms)
      fail("limits", `${name} has had ${record.doneAt_ms - record.arrivedAt_ms} of ${limit_ms} ms`);
    if (tunnel === undefined) return;
    this.judgeBytes(name, record, tunnel);
    const haveEnded = tunnel.clientHasEnded && tunnel.originHasEnded;
    if (reason === "tunnel-ended" && !haveEnded)
      fail("one-reason-each", `${name} is told to have ended, and one side has not`);
    if (reason === "tunnel-ended") {
      const [up, down] = [record.requestBodyBytes, record.responseBodyBytes];
      if (up !== tunnel.saidByClient || down !== tunnel.plan.origin.text.length)
        fail("told-as-it-is", `${name} has carried ${up} and ${down} bytes, as it is told`);
    } else if (tunnel.isWhole) fail("one-reason-each", `${name} is whole at both ends, and ends for "${reason}"`);
  }

  /** What was heard has come, and what has come was said. */
  private judgeBytes(
    name: string,
    { requestBodyBytes: up, responseBodyBytes: down }: ExchangeRecord,
    tunnel: TunnelRecord,
  ) {
    const { saidByClient, cameToOrigin, cameToClient, plan } = tunnel;
    if (up > saidByClient || up < cameToOrigin)
      fail("told-as-it-is", `${name} has carried ${up} bytes, of ${saidByClient}, and its origin has ${cameToOrigin}`);
    if (down > plan.origin.text.length || down < cameToClient)
      fail("told-as-it-is", `${name} has brought ${down} bytes, and its client has ${cameToClient}`);
  }
}
