/**
 * The request's body on its way to the origin: held until there is a connection, then streamed, or discarded.
 *
 * What is held is bounded; it is also what makes a retry possible (law 4). Deliberately absent: the request's head.
 */
import { BodyReader } from "../wire/body-reader.ts";
import type { BodySink } from "../wire/chunk-scanner.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { Admission } from "./admission.ts";
import type { ProxyContext } from "./context.ts";
import { HeldBody } from "./held-body.ts";
import type { OriginSide } from "./origin-side.ts";

/** Octets of a body that are held for a connection or a retry: one read's worth, and most forms and API calls. */
export const HELD_BYTES_MAX = 64 * 1024;

export class RequestRelay implements BodySink {
  /** Octets of the body received. */
  bytes = 0;
  private mode: "holding" | "streaming" | "discarding" = "holding";
  private held: HeldBody | undefined;
  /** What the present read brought of it, not copied yet. */
  private arrived: Octets[] | undefined;
  /** Whether what arrives is copied at once: its event may end before it is sent. */
  private isSettled = false;
  private heldBytes = 0;
  private readonly body: BodyReader;
  /** Where it streams to. */
  private origin: OriginSide | undefined;

  constructor(context: ProxyContext, { framing }: Admission) {
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

  get refusal(): RefusalCode | undefined {
    return this.body.refusal;
  }

  /** Whether the whole body is at hand, to be sent (again). */
  get isWhollyHeld(): boolean {
    return this.body.isComplete && this.heldBytes === this.bytes && this.heldBytes <= HELD_BYTES_MAX;
  }

  get holdsTooMuch(): boolean {
    return this.mode === "holding" && this.heldBytes > HELD_BYTES_MAX;
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

  /** Reads on from `from`; what streams was told to the origin then. Returns the position behind what belongs to the body. */
  read(octets: Octets, from: number): number {
    const end = this.body.read(octets, from, this);
    if (this.isSettled || (this.arrived !== undefined && this.arrived.length > 1)) this.keepArrived();
    if (this.body.isComplete && this.mode === "streaming") this.addEnd();
    return end;
  }

  onBodyOctets(octets: Octets, from: number, to: number): void {
    this.bytes += to - from;
    if (this.mode === "streaming") this.origin?.body(octets, from, to);
    else if (this.mode === "holding") this.hold(octets.subarray(from, to));
  }

  private hold(octets: Octets): void {
    this.arrived ??= [];
    this.arrived.push(octets);
    this.heldBytes += octets.length;
  }

  /** All that the event in which the request began could do has been done: what is held is copied, and from now on at once. */
  settle(): void {
    this.isSettled = true;
    this.keepArrived();
  }

  private keepArrived(): void {
    const { arrived } = this;
    if (arrived === undefined) return;
    this.arrived = undefined;
    this.held ??= new HeldBody();
    this.held.add(arrived, this.mode === "holding");
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
