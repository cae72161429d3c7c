/**
 * Which limit of time runs on a client's connection, and what it means when it has passed: what the client owes decides.
 *
 * There is one deadline per connection. The origin's is in http1/origin-limits.ts. Deliberately absent: what is done about it.
 */
import type { IdleEnd } from "../connection/connection-record.ts";
import { Deadline, type DeadlineOwner } from "../connection/deadlines.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { ProxyContext } from "../exchange/context.ts";
import type { Socket } from "../net/ports.ts";
import { ClientPresence, type PresenceStep } from "./client-presence.ts";
import { Pace } from "./pace.ts";

/** `presence`: a sign that a client which has closed its side still reads. */
export type ClientLimit = "head" | "keep-alive" | "body" | "write" | "presence";

/** An origin is not asked for a body of which nothing has come, for this long; most bodies follow their head at once. */
export const BODY_START_MS = 250;
/** Bytes per second that even a bad mobile connection moves; without a least rate it counts only where places are short. */
const HONEST_RATE = 1_024;
/** With a least rate it is looked at this often. */
const RATE_CHECK_MS = 2_500;
/** Steps of finding out whether a client still reads are rounded up to this, so that few lengths of deadline are in use. */
const PRESENCE_STEP_MS = 50;

/** What has passed, and what it means. */
export type ClientDue =
  | "head"
  | "keep-alive"
  | `body-${"late" | "too-slow"}`
  | `write-${"late" | "too-slow"}`
  | `presence-${PresenceStep["does"]}`;

interface LimitsOwner extends DeadlineOwner {
  readonly context: ProxyContext;
}

type Unheard = Pick<Socket, "isSecure" | "security" | "preamble">;

/** Why a connection closes on which no head has begun in time. */
export function whyUnheard({ isSecure, security, preamble }: Unheard): CloseReason {
  if (preamble !== undefined) return "proxy-header-timeout";
  return isSecure && security === undefined ? "handshake-timeout" : "head-timeout";
}

export class ClientLimits extends Deadline<LimitsOwner> {
  limit: ClientLimit = "head";
  private pace: Pace | undefined;
  private presence: ClientPresence | undefined;

  private get context(): ProxyContext {
    return this.owner.context;
  }

  arm(limit: ClientLimit, delay_ms: number): void {
    this.limit = limit;
    this.context.deadlines.set(this, delay_ms, this.context.clock.now());
  }

  clear(): void {
    this.context.deadlines.clear(this);
  }

  /** What ends a client that idles. @param leaving why it may not idle for long, if so */
  idleEnd(socket: Unheard, leaving: CloseReason | undefined): IdleEnd | undefined {
    const { limit } = this;
    if (!this.isListed || (limit !== "keep-alive" && limit !== "head")) return undefined;
    const left_ms = Math.max(0, this.due - this.context.clock.now());
    return { left_ms, limit: limit === "head" ? whyUnheard(socket) : (leaving ?? "idle-timeout") };
  }

  /** What the deadline means that has passed; nothing yet, and it runs on: undefined. */
  passed(
    exchange: ClientExchange | undefined,
    socket: Pick<Socket, "tookSome" | "unsentBytes">,
    minorVersion: 0 | 1,
  ): ClientDue | undefined {
    const { limit } = this;
    switch (limit) {
      case "head":
      case "keep-alive":
        return limit;
      case "body": {
        const what = exchange?.owed === "body-start" ? "late" : this.dueOf(false, 0, exchange);
        return what && `body-${what}`;
      }
      case "write": {
        const what = this.dueOf(socket.tookSome(), socket.unsentBytes, exchange);
        return what && `write-${what}`;
      }
      case "presence": {
        const does = this.presenceDue(exchange, minorVersion);
        return does && `presence-${does}`;
      }
    }
  }

  // What the client owes, and how fast it is.

  /** Sets the limit for what the client owes in this exchange. @param mayRead whether it is read from */
  setForExchange(exchange: ClientExchange | undefined, mayRead: boolean, minorVersion: 0 | 1): void {
    const owed = exchange?.owed;
    this.notePace(exchange, owed === "body" && mayRead);
    if (owed === "body-start") this.arm("body", BODY_START_MS);
    else if (owed === "body" && mayRead) this.armForBody(exchange);
    else this.setForPresence(exchange, minorVersion);
  }

  /** With a least rate the check that is due stays due: a client that sends a byte now and then must not put it off. */
  private armForBody(exchange: ClientExchange | undefined): void {
    const isDue = this.isListed && this.limit === "body" && this.context.settings.minRate > 0;
    if (!isDue) this.arm("body", this.checkAfter_ms(exchange));
  }

  private notePace(exchange: ClientExchange | undefined, isOwing: boolean): void {
    if (this.pace === undefined && !isOwing) return;
    this.pace ??= new Pace();
    this.pace.noteReceived(isOwing, exchange?.requestBytes ?? 0, this.context.clock.now());
  }

  /** The exchange has ended; the next one has a pace of its own. */
  endExchange(): void {
    if (this.pace?.isBlocked === true) this.pace.beginRequest();
    else this.pace = undefined;
  }

  /** The client takes nothing more for now. */
  setForBlocked(unsent_bytes: number, exchange?: ClientExchange): void {
    this.pace ??= new Pace();
    this.pace.block(unsent_bytes, this.context.clock.now());
    this.arm("write", this.checkAfter_ms(exchange));
  }

  /** It has taken all of it. */
  endBlocked(): void {
    this.pace?.unblock(this.context.clock.now());
    if (this.limit === "write") this.clear();
  }

  private bodyTimeout_ms(exchange: ClientExchange | undefined): number {
    return (exchange?.admission?.route?.policy?.times ?? this.context.settings).bodyTimeout_ms;
  }

  private checkAfter_ms(exchange: ClientExchange | undefined): number {
    const bodyTimeout_ms = this.bodyTimeout_ms(exchange);
    const { minRate } = this.context.settings;
    return minRate > 0 ? Math.min(bodyTimeout_ms, RATE_CHECK_MS) : bodyTimeout_ms;
  }

  /**
   * The limit for a body, or for taking the response, is due. @param hasMoved whether anything has moved since it was set
   * @returns what it means; nothing yet, and it runs on: undefined
   */
  dueOf(hasMoved: boolean, unsent_bytes: number, exchange?: ClientExchange): "too-slow" | "late" | undefined {
    const bodyTimeout_ms = this.bodyTimeout_ms(exchange);
    const { minRate } = this.context.settings;
    const now = this.context.clock.now();
    if (minRate > 0 && this.isSlowerThan(minRate, unsent_bytes)) return "too-slow";
    if (hasMoved) this.pace?.noteMove(now);
    if (this.pace === undefined || now - this.pace.movedAt_ms >= bodyTimeout_ms) return "late";
    this.arm(this.limit, this.checkAfter_ms(exchange));
    return undefined;
  }

  /** Whether the client is slower than honest ones are, as far as that is known: somebody else needs its place. */
  isSlow(unsent_bytes: number): boolean {
    return this.isSlowerThan(this.context.settings.minRate || HONEST_RATE, unsent_bytes);
  }

  /** Whether the client owes something, and moves it more slowly than so many bytes per second. */
  private isSlowerThan(rate: number, unsent_bytes: number): boolean {
    const { pace } = this;
    if (pace === undefined) return false;
    const now = this.context.clock.now();
    pace.noteUnsent(unsent_bytes, now);
    const actual = pace.rate(now);
    return actual !== undefined && actual < rate;
  }

  // Whether a client that has closed its side is still there.

  noteClientEnd(): void {
    if (this.context.settings.clientClose !== "finish") this.presence = new ClientPresence(this.context.clock.now());
  }

  get watchesPresence(): boolean {
    return this.presence !== undefined;
  }

  noteWrite(): void {
    this.presence?.noteWrite(this.context.clock.now());
  }

  private setForPresence(exchange: ClientExchange | undefined, minorVersion: 0 | 1): void {
    const step = this.presenceStep(exchange, minorVersion);
    if (step === undefined) return this.clear();
    const delay_ms = step.at_ms - this.context.clock.now();
    this.arm("presence", Math.max(1, Math.ceil(delay_ms / PRESENCE_STEP_MS)) * PRESENCE_STEP_MS);
  }

  private presenceStep(exchange: ClientExchange | undefined, minorVersion: 0 | 1): PresenceStep | undefined {
    const { presence } = this;
    if (presence === undefined || exchange === undefined || exchange.stage === "local") return undefined;
    const { stage, record } = exchange;
    const now = this.context.clock.now();
    return presence.next({ minorVersion, isForwarding: stage === "forwarding", beganAt_ms: record.arrivedAt_ms, now });
  }

  /** It is due to find out whether the client still reads. @returns how; not now: undefined */
  presenceDue(exchange: ClientExchange | undefined, minorVersion: 0 | 1): PresenceStep["does"] | undefined {
    const step = this.presenceStep(exchange, minorVersion);
    if (step === undefined) return undefined;
    const now = this.context.clock.now();
    if (step.at_ms <= now) {
      if (step.does === "probe") this.presence?.noteProbe(now);
      return step.does;
    }
    this.setForPresence(exchange, minorVersion);
    return undefined;
  }
}
