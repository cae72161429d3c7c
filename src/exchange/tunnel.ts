/**
 * A tunnel: blind relay between two connections, after 101 (or CONNECT).
 *
 * Each side may close its half on its own; the other goes on until it is done, too. What one side cannot take, the other
 * is not asked for. Deliberately absent: any look at what passes.
 */
import { type Confined, confine } from "../connection/confining.ts";
import { Deadline } from "../connection/deadlines.ts";
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { Socket, SocketHandler } from "../net/ports.ts";
import type { ConnectionUser } from "../pool/pooled-connection.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import type { ClientSide, TunnelEnd } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import { copyOf } from "./kept-fields.ts";
import type { OriginTunnelEnd } from "./origin-side.ts";
import type { TimeLimits } from "./policy.ts";
import { endRecord, type OwnRecord } from "./record-notes.ts";

/** What a tunnel is made of. */
export interface TunnelEnds {
  readonly context: ProxyContext;
  readonly downstream: TunnelEnd;
  readonly upstream: OriginTunnelEnd;
  readonly record: OwnRecord;
  /** Whose it is. */
  readonly client: string;
  /** Instead of the settings'; the same: undefined. */
  readonly times?: TimeLimits | undefined;
}

export class Tunnel implements ConnectionUser, Confined {
  private readonly client: string;
  private readonly context: ProxyContext;
  private readonly downstream: TunnelEnd;
  private readonly upstream: OriginTunnelEnd;
  private readonly record: OwnRecord;
  private clientHasEnded = false;
  private originHasEnded = false;
  private clientIsGone = false;
  private originIsGone = false;
  private isOver = false;
  private readonly deadline = new Deadline(this);
  private readonly times: TimeLimits;

  constructor({ context, downstream, upstream, record, client, times = context.settings }: TunnelEnds) {
    this.context = context;
    this.times = times;
    this.downstream = downstream;
    this.upstream = upstream;
    this.record = record;
    this.client = client;
  }

  get place(): Place {
    const { client, record } = this;
    const movedBytes = record.requestBodyBytes + record.responseBodyBytes;
    // What passes is not ours to demand, so it is never slow.
    return { client, since_ms: record.arrivedAt_ms, movedBytes, isSlow: false, giveWay: () => this.giveWay() };
  }

  get untakenBytes(): number {
    return this.upstream.socket.unsentBytes;
  }

  /** @param fromOrigin octets that came right behind the origin's answer */
  begin(fromOrigin?: Octets): void {
    const { upstream, downstream, record } = this;
    // For as long as the tunnel stands: without the head it began with, cookies and all.
    record.target = copyOf(record.target);
    record.authority = copyOf(record.authority);
    upstream.clearDeadline();
    upstream.beginTunnel(this);
    const clientHadClosed = downstream.peerHasClosed;
    const early = downstream.beginTunnel(this, new FromClient(this));
    this.touch();
    if (early.length > 0) this.fromClient(early);
    if (fromOrigin !== undefined && fromOrigin.length > 0) this.onData(fromOrigin);
    if (clientHadClosed) this.onClientEnd();
  }

  /** @internal */
  fromClient(octets: Octets): void {
    this.record.requestBodyBytes += octets.length;
    this.touch();
    if (!this.upstream.socket.write(octets)) this.hold(this.downstream.socket, this.upstream.socket);
  }

  onData(octets: Octets): void {
    this.record.responseBodyBytes += octets.length;
    this.touch();
    if (!this.downstream.socket.write(octets)) this.hold(this.upstream.socket, this.downstream.socket);
  }

  /** `taker` takes nothing more for now. What it takes until the deadline is counted from here on. */
  private hold(giver: Socket, taker: Socket): void {
    giver.pause();
    taker.tookSome();
  }

  private goOn(taker: Socket, giver: Socket): void {
    taker.tookSome();
    this.touch();
    giver.resume();
  }

  /** @internal */
  onClientDrain(): void {
    this.goOn(this.downstream.socket, this.upstream.socket);
  }

  /** @internal @param isCutOff by whoever may be on the way: the origin must not take it for the client's end */
  onClientEnd(isCutOff = false): void {
    if (isCutOff) return this.breakOff("client-gone", "peer-closed");
    this.clientHasEnded = true;
    this.upstream.socket.end();
    this.onHalfEnded();
  }

  onEnd(isCutOff = false): void {
    if (isCutOff) return this.breakOff("peer-closed", "upstream-failed");
    this.originHasEnded = true;
    this.downstream.socket.end();
    this.onHalfEnded();
  }

  onDrain(): void {
    this.goOn(this.upstream.socket, this.downstream.socket);
  }

  /** Both sides have closed: what is unsent still leaves. */
  private get isEnding(): boolean {
    return this.clientHasEnded && this.originHasEnded;
  }

  /** When both sides are done each socket closes by itself, once what is unsent has left. */
  private onHalfEnded(): void {
    if (this.isEnding) {
      this.upstream.noteClosing("tunnel-ended");
      this.downstream.noteClosing("tunnel-ended");
    }
    this.touch();
  }

  /** @internal */
  onClientClose(fault: string | undefined): void {
    this.clientIsGone = true;
    // What is ending already says itself when it is gone.
    if (!this.isEnding) {
      this.upstream.reset("client-gone");
      this.originIsGone = true;
    }
    this.over();
    this.downstream.onClose(fault);
  }

  onClose(fault: string | undefined): void {
    this.originIsGone = true;
    if (fault !== undefined || !this.originHasEnded) this.downstream.reset("upstream-failed");
    this.over();
  }

  onDeadline(): void {
    const { upstream, downstream } = this;
    // Both are asked, so that both are counted anew from here.
    const took = [downstream, upstream].filter(({ socket }) => socket.tookSome());
    if (took.length > 0) return this.touch();
    this.breakOff("tunnel-timeout");
  }

  /** @internal */
  giveWay(): void {
    if (!this.isOver) this.breakOff("evicted");
  }

  /** What has said all on both sides has no more to lose than what is unsent, and closes by itself. */
  cut(): void {
    if (!this.isOver && !this.isEnding) this.breakOff("drain-deadline");
  }

  breakDown(fault: unknown): void {
    this.context.observer.internalError(fault);
    this.breakOff("internal-error");
  }

  /** With RST on both sides: nobody takes what came so far for everything. */
  private breakOff(reason: CloseReason, downstreamReason = reason): void {
    const { upstream, downstream } = this;
    upstream.reset(reason);
    upstream.socket.reset();
    downstream.reset(downstreamReason);
    downstream.socket.reset();
    this.over();
  }

  /**
   * Any octet in either direction keeps the tunnel, on its way in or out. Where one side has closed the other is waited for no
   * longer than for a body: whoever closes altogether looks the same (RFC 9110 section 9.3.6).
   */
  private touch(): void {
    const { deadlines, clock } = this.context;
    const { bodyTimeout_ms, tunnelTimeout_ms } = this.times;
    const isHalf = this.clientHasEnded || this.originHasEnded;
    const limit_ms = isHalf ? Math.min(bodyTimeout_ms, tunnelTimeout_ms) : tunnelTimeout_ms;
    deadlines.set(this.deadline, limit_ms, clock.now());
  }

  private over(): void {
    if (this.clientIsGone && this.originIsGone) this.context.deadlines.clear(this.deadline);
    if (this.isOver) return;
    this.isOver = true;
    endRecord(this.context, this.record);
  }
}

confine(
  Tunnel.prototype,
  "fromClient",
  "onClientEnd",
  "onClientDrain",
  "onClientClose",
  "onData",
  "onEnd",
  "onDrain",
  "onClose",
  "onDeadline",
  "giveWay",
);

/** Quiet tunnels are many: what each of them keeps for its client is one small object. */
class FromClient implements SocketHandler {
  private readonly tunnel: Tunnel;

  constructor(tunnel: Tunnel) {
    this.tunnel = tunnel;
  }

  onData(octets: Octets): void {
    this.tunnel.fromClient(octets);
  }

  onEnd(isCutOff?: boolean): void {
    this.tunnel.onClientEnd(isCutOff);
  }

  onDrain(): void {
    this.tunnel.onClientDrain();
  }

  onClose(fault: string | undefined): void {
    this.tunnel.onClientClose(fault);
  }
}

/** Who asked for a switch. */
interface Switching {
  readonly client: ClientSide;
  readonly record: OwnRecord;
  readonly place: Place;
  readonly admission: Admission;
}

/** The origin has switched protocols (RFC 9110 section 7.8): the client is told, and both connections become one tunnel. */
export function switchProtocols(
  { client, record, place, admission }: Switching,
  context: ProxyContext,
  upstream: OriginTunnelEnd,
  head: ResponseMessage,
  rest: Octets,
): void {
  record.status = 101;
  record.outcome = "tunnel";
  client.establish(head);
  const times = admission.route?.policy?.times;
  new Tunnel({ context, downstream: client.tunnelEnd, upstream, record, client: place.client, times }).begin(rest);
}
