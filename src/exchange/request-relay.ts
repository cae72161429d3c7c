/**
 * The request's body on its way to the origin: held until there is a connection, then streamed, or discarded. A request without one is whole
 * at once.
 *
 * What is held is bounded; it is also what makes a retry possible (law 4). Deliberately absent: the request's head.
 */
import { BodyReader } from "../wire/body-reader.ts";
import type { BodySink } from "../wire/chunk-scanner.ts";
import type { Octets } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import type { AnswerReason } from "./answers.ts";
import { BufferedBytes, type BufferedRequest } from "./body-buffers.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ProxyContext } from "./context.ts";
import { HeldBody } from "./held-body.ts";
import type { OriginSide } from "./origin-side.ts";
import type { RoutePolicy } from "./policy.ts";

/** Octets of a body that are held for a connection or a retry: one read's worth, and most forms and API calls. */
export const HELD_BYTES_MAX = 64 * 1024;

export class RequestRelay implements BodySink {
  /** Octets of the body received. */
  bytes = 0;
  /**
   * The last two: nothing more of it goes on. It is larger than its route takes, which of a body that says no length shows only on the
   * way; or too much is buffered already, of all requests together.
   */
  private mode: "holding" | "streaming" | "discarding" | "content-too-large" | "buffers-full" = "holding";
  private held: HeldBody | undefined;
  /** What the present read brought of it, not copied yet. */
  private arrived: Octets[] | undefined;
  /** Whether what arrives is copied at once: its event may end before it is sent. */
  private isSettled = false;
  private heldBytes = 0;
  private readonly body: BodyReader;
  private readonly policy: RoutePolicy | undefined;
  /** Its part of what routes have buffered; it has none: undefined. */
  private buffered: BufferedBytes | undefined;
  /** Where it streams to. */
  private origin: OriginSide | undefined;

  constructor(context: ProxyContext, { framing, route, denied }: Admission) {
    this.policy = denied === undefined ? route?.policy : undefined;
    this.body = BodyReader.for(framing, context.settings.headLimits);
  }

  /** Whether the client has sent the whole request. */
  get isComplete(): boolean {
    return this.body.isComplete;
  }

  /** Whether any of the body has come, or there is none. */
  get hasBegun(): boolean {
    return this.bytes > 0 || this.body.isComplete;
  }

  get refusal(): AnswerReason | undefined {
    const { mode } = this;
    return mode === "content-too-large" || mode === "buffers-full" ? mode : this.body.refusal;
  }

  /** More is here than its route holds before an origin is asked. */
  get fillsBuffer(): boolean {
    return this.heldBytes > (this.policy?.bufferBytes ?? 0);
  }

  private get heldBytesMax(): number {
    return Math.max(HELD_BYTES_MAX, this.policy?.bufferBytes ?? 0);
  }

  /** Whether the whole body is at hand, to be sent (again). */
  get isWhollyHeld(): boolean {
    return this.body.isComplete && this.heldBytes === this.bytes && this.heldBytes <= this.heldBytesMax;
  }

  /**
   * The same where its route waits for that, and no trailers are behind it: an origin that takes no chunks can be told its length. Nor
   * are there chunks where a client of HTTP/2 says only behind its head that there is no body: they would be ours.
   */
  saysLength({ speaksHttp2 = false }: Pick<ClientConnection, "speaksHttp2">): boolean {
    const isTold = this.policy?.bufferBytes !== undefined || (speaksHttp2 && this.bytes === 0);
    return isTold && this.isWhollyHeld && this.body.trailers === undefined;
  }

  get holdsTooMuch(): boolean {
    return this.mode === "holding" && this.heldBytes > this.heldBytesMax;
  }

  get isHolding(): boolean {
    return this.mode === "holding";
  }

  get isStreaming(): boolean {
    return this.mode === "streaming";
  }

  /** Octets held; the body's length when it is wholly held. */
  get lengthHeld(): number {
    return this.heldBytes;
  }

  /** Bytes that take memory: held, or on their way and not taken by the origin. What is kept for a retry may be both. */
  get untakenBytes(): number {
    return Math.max(this.heldBytes, this.origin?.unsentBytes ?? 0);
  }

  /**
   * Reads on from `from`; what streams was told to the origin then. Returns the position behind what belongs to the body. `keep`
   * follows, once it is known whether an origin takes what came.
   */
  read(octets: Octets, from: number): number {
    const end = this.body.read(octets, from, this);
    // Many pieces, which a client has cut, are joined.
    if (this.arrived !== undefined && this.arrived.length > 1) this.keepArrived();
    if (this.body.isComplete && this.mode === "streaming") this.addEnd();
    return end;
  }

  onBodyOctets(octets: Octets, from: number, to: number): void {
    this.bytes += to - from;
    if (this.mode !== "holding" && this.mode !== "streaming") return;
    if (this.bytes > (this.policy?.bodyBytesMax ?? this.bytes)) this.refuse("content-too-large");
    else if (this.mode === "streaming") this.origin?.body(octets, from, to);
    else this.hold(octets.subarray(from, to));
  }

  /** Nothing more of it goes on, its end above all: the origin must not take it for a whole request. */
  private refuse(why: "content-too-large" | "buffers-full"): void {
    this.mode = why;
    this.letGo();
  }

  private hold(octets: Octets): void {
    if (this.buffered?.take(octets.length) === false) return this.refuse("buffers-full");
    this.arrived ??= [];
    this.arrived.push(octets);
    this.heldBytes += octets.length;
  }

  /**
   * All that the event in which the request began could do has been done: what is held is copied, and from now on at once. What has
   * not come whole by now, and is buffered, counts among all that is. Returns whether there is room for it.
   */
  settle(request: BufferedRequest, context: ProxyContext): boolean {
    this.isSettled = true;
    const { bufferBytes } = this.policy ?? {};
    const isBuffered = bufferBytes !== undefined && request.admission.framing.length <= bufferBytes;
    if (isBuffered && this.mode === "holding" && !this.body.isComplete) {
      this.buffered = new BufferedBytes(request.place.client, context);
      if (!this.buffered.take(this.heldBytes)) this.refuse("buffers-full");
    }
    this.keepArrived();
    return this.mode !== "buffers-full";
  }

  private keepArrived(): void {
    const { arrived } = this;
    if (arrived === undefined) return;
    this.arrived = undefined;
    this.held ??= new HeldBody();
    this.held.add(arrived, this.mode === "holding");
  }

  /** What the latest read brought, and no origin has taken, is copied: its event ends. */
  keep(): void {
    if (this.isSettled) this.keepArrived();
  }

  /** Tells `origin` what is held, behind the head, and streams from now on. */
  stream(origin: OriginSide): void {
    this.mode = "streaming";
    this.origin = origin;
    this.addHeld(this.held?.pieces);
    this.addHeld(this.arrived);
    if (this.body.isComplete) this.addEnd();
    if (!this.isWhollyHeld) this.letGo();
  }

  private addHeld(pieces: readonly Octets[] | undefined): void {
    for (const piece of pieces ?? []) this.origin?.body(piece, 0, piece.length);
  }

  private addEnd(): void {
    this.origin?.endBody(this.body.trailers);
  }

  /** Goes back to the start for a retry; only when the body is wholly held. */
  rewind(): void {
    this.mode = "holding";
  }

  /** Drops what was held for a retry. */
  letGo(): void {
    this.buffered?.giveBack();
    this.buffered = undefined;
    this.held = undefined;
    this.arrived = undefined;
    this.heldBytes = 0;
  }

  /** Nobody wants the rest: it is read on and thrown away. */
  discard(): void {
    this.mode = "discarding";
    this.letGo();
  }
}
