/**
 * What is known of one tunnel of HTTP/2: its plan, what each end has said and heard, and how it ended at each; and the judge of that.
 *
 * An end in order (END_STREAM, FIN) stands for an end in order at the other side, behind all that was said there (law 5). What comes is
 * the other's, byte by byte (law 3). Deliberately absent: which reason the proxy tells (tunnel-judge.ts).
 */
import { fail } from "./failure.ts";
import type { FramesSeen } from "./frames-seen.ts";
import type { TunnelPlan } from "./http2-tunnel-world.ts";

/** The client's end as its wire has it. */
export interface ClientWire {
  readonly stream: number;
  readonly said: FramesSeen;
  readonly heard: FramesSeen;
}

export class TunnelRecord {
  readonly id: string;
  readonly plan: TunnelPlan;
  /** The client was told that it stands. */
  isEstablished = false;
  /** The stream has ended, or its connection has. */
  isClosed = false;
  /** The latest origin has agreed, and is there for it. */
  hasOrigin = false;
  /** The port of the origin's end of its connection: each has its own. */
  originPort: number | undefined;
  /** The origin has said all and then FIN. */
  originHasEnded = false;
  /** The client's end and FIN have come there. */
  originHasHeardEnd = false;
  wire: ClientWire | undefined;
  private heardByClient = 0;
  private heardByOrigin = 0;

  constructor(id: string, plan: TunnelPlan) {
    this.id = id;
    this.plan = plan;
  }

  get saidByClient(): number {
    return this.wire?.said.dataBytes.get(this.wire.stream) ?? 0;
  }

  get clientHasEnded(): boolean {
    return this.wire?.said.ended.has(this.wire.stream) === true;
  }

  get clientHasReset(): boolean {
    return this.wire?.said.reset.has(this.wire.stream) === true;
  }

  get clientHasHeardEnd(): boolean {
    return this.isEstablished && this.wire?.heard.ended.has(this.wire.stream) === true;
  }

  /** Bytes of the tunnel that have come to its client, whether it has taken them or not. */
  get cameToClient(): number {
    return this.isEstablished ? (this.wire?.heard.dataBytes.get(this.wire.stream) ?? 0) : 0;
  }

  get cameToOrigin(): number {
    return this.heardByOrigin;
  }

  /** Both ends have said all and heard all. */
  get isWhole(): boolean {
    return this.clientHasEnded && this.originHasEnded && this.clientHasHeardEnd && this.originHasHeardEnd;
  }

  /** An origin is there for it, from the first byte on. A request that was lost before its answer may come again. */
  beginAtOrigin(port: number): void {
    this.hasOrigin = true;
    this.originPort = port;
    this.originHasEnded = false;
    this.originHasHeardEnd = false;
    this.heardByOrigin = 0;
  }

  clientHears(piece: string): void {
    const { text } = this.plan.origin;
    if (!text.startsWith(piece, this.heardByClient))
      fail(
        "response-belongs-to-request",
        `the client of tunnel ${this.id} hears something else at ${this.heardByClient}`,
      );
    this.heardByClient += piece.length;
  }

  originHears(piece: string): void {
    const { text } = this.plan.client;
    if (!text.startsWith(piece, this.heardByOrigin))
      fail(
        "response-belongs-to-request",
        `the origin of tunnel ${this.id} hears something else at ${this.heardByOrigin}`,
      );
    this.heardByOrigin += piece.length;
  }

  /** FIN. */
  originHearsEnd(): void {
    this.originHasHeardEnd = true;
    const { heardByOrigin, saidByClient } = this;
    // The proxy may have given its request up before it became a tunnel.
    if (heardByOrigin === 0 && !this.isEstablished) return;
    if (!this.clientHasEnded || heardByOrigin !== saidByClient) {
      const sizes = `${heardByOrigin} of ${this.clientHasEnded ? saidByClient : "more"} bytes`;
      fail("truncation-is-visible", `tunnel ${this.id} ends at its origin as if it were whole, after ${sizes}`);
    }
  }

  /** As far as it is known at any time. */
  judgeClient(): void {
    const { wire } = this;
    if (wire === undefined) return;
    if (wire.heard.behindEnd.has(wire.stream))
      fail("well-formed-response", `the client of tunnel ${this.id} gets frames behind the end of its stream`);
    if (!this.clientHasHeardEnd) return;
    const size = this.plan.origin.text.length;
    if (!this.originHasEnded || this.cameToClient !== size) {
      const sizes = `${this.cameToClient} of ${this.originHasEnded ? size : "more"} bytes`;
      fail("truncation-is-visible", `tunnel ${this.id} ends at its client as if it were whole, after ${sizes}`);
    }
  }
}
