/**
 * One connection of the doctor: it sends exact bytes, reads responses when it is asked to, and tells apart how the other side ends.
 *
 * Nothing is read into what nobody waits for: bytes that come unasked stay unread, and are evidence. A connection counts as alive
 * only if a request on it gets its response. Deliberately absent: what is sent (requests.ts), and any judgement.
 */
import type { Clock, Socket, SocketHandler } from "../../net/ports.ts";
import type { Octets } from "../../wire/octets.ts";
import type { CloseManner, Evidence } from "../finding.ts";
import { type Answer, AnswerReader, type AnswerRefusal } from "./answer-reader.ts";
import { Stopped } from "./dialing.ts";
import type { Transcript } from "./transcript.ts";

/** What is kept of bytes that nobody asked for; beyond it they are counted. */
const UNREAD_BYTES_MAX = 1_048_576;

/** Of unread bytes, what is looked at to see what they are. */
const START_BYTES = 200;

/** How the other side ended. */
export interface End {
  readonly manner: CloseManner;
  /** By the clock. */
  readonly at_ms: number;
}

/** What became of a request. */
export type Outcome =
  | Answer
  | {
      readonly kind: "none";
      /** `timeout`: nothing more came within the limit. `closed`: the connection ended first. */
      readonly why: "timeout" | "closed";
      readonly end: End | undefined;
      /** Its head had come, with this status. */
      readonly status: number | undefined;
      readonly interims: readonly number[];
      /** Any byte of it had come. */
      readonly hasBegun: boolean;
    }
  | { readonly kind: "malformed"; readonly refusal: AnswerRefusal; readonly start: string };

export class ProbeConnection implements SocketHandler {
  readonly socket: Socket;
  /** How the other side ended first; it has not: undefined. */
  end: End | undefined;
  /** RST came behind its FIN. */
  hasResetAfterEnd = false;
  /** The runtime's word for what ended its TLS, like an alert: that is not a reset. */
  tlsFault: string | undefined;
  /** When the latest byte came, by the clock. */
  latestByte_ms: number | undefined;
  private readonly transcript: Transcript;
  private readonly clock: Clock;
  private readonly signal: AbortSignal;
  private readonly onRequest: () => void;
  private unread: Octets[] = [];
  private unreadCount = 0;
  private reader: AnswerReader | undefined;
  private isGone = false;
  private waiters = new Set<() => void>();

  constructor(
    socket: Socket,
    transcript: Transcript,
    context: { readonly clock: Clock; readonly signal: AbortSignal; readonly onRequest: () => void },
  ) {
    this.socket = socket;
    this.transcript = transcript;
    this.clock = context.clock;
    this.signal = context.signal;
    this.onRequest = context.onRequest;
    socket.handler = this;
  }

  get evidence(): Evidence {
    return this.transcript.evidence;
  }

  /** Bytes that came and belong to nothing that was asked for. */
  get unreadBytes(): number {
    return this.unreadCount;
  }

  get unreadStart(): string {
    return this.unread[0]?.subarray(0, START_BYTES).latin1Slice() ?? "";
  }

  /** Sends a request, or a part of one. */
  send(text: string): void {
    this.transcript.sent(text);
    this.socket.write(text);
  }

  /** Sends bytes whose content does not matter. */
  sendFilling(bytes: number, what: string): void {
    this.transcript.sentBytes(bytes, what);
    this.socket.write(Buffer.alloc(bytes, "x") as unknown as Octets);
  }

  /** Sends one request, and awaits its response. */
  async ask(request: string, limit_ms: number, method = "GET"): Promise<Outcome> {
    this.send(request);
    return await this.next(method, limit_ms);
  }

  /** The next response. @param method of the request that it answers */
  async next(method: string, limit_ms: number): Promise<Outcome> {
    this.onRequest();
    const reader = new AnswerReader(method, { onHead: (text) => this.transcript.receivedHead(text) });
    this.reader = reader;
    const arrived = this.unread;
    this.unread = [];
    this.unreadCount = 0;
    for (const octets of arrived) this.take(octets);
    if (this.end !== undefined) this.endReader();
    await this.until(() => isSettled(reader) || this.end !== undefined, limit_ms);
    this.reader = undefined;
    this.transcript.receivedBytes(reader.bodyBytes, "body");
    return this.outcomeOf(reader);
  }

  private outcomeOf(reader: AnswerReader): Outcome {
    if (reader.refusal !== undefined) {
      this.transcript.note(`refused: ${reader.refusal}`);
      return { kind: "malformed", refusal: reader.refusal, start: reader.refusedStart };
    }
    const { answer } = reader;
    if (answer !== undefined) return answer;
    if (this.end === undefined) this.transcript.note("no (whole) response within the limit");
    return {
      kind: "none",
      why: this.end === undefined ? "timeout" : "closed",
      end: this.end,
      status: reader.status,
      interims: reader.interimStatuses,
      hasBegun: reader.hasBegun,
    };
  }

  /** Waits for the other side to end. Returns how; still open at the limit: undefined. */
  async untilEnd(limit_ms: number): Promise<End | undefined> {
    if (!(await this.until(() => this.end !== undefined, limit_ms)))
      this.note(`still open after ${Math.round(limit_ms)} ms`);
    return this.end;
  }

  /** Waits for a reset, also one behind a FIN. Returns whether it came. */
  async untilReset(limit_ms: number): Promise<boolean> {
    const isReset = () => this.end?.manner === "rst" || this.hasResetAfterEnd;
    return await this.until(isReset, limit_ms);
  }

  /** Waits until nothing can come any more, and it is known why. */
  async untilGone(limit_ms: number): Promise<void> {
    await this.until(() => this.isGone, limit_ms);
  }

  /** Waits for bytes that are not read yet, or the end. Returns whether either came. */
  async untilAnything(limit_ms: number): Promise<boolean> {
    return await this.until(() => this.end !== undefined || this.unreadCount > 0, limit_ms);
  }

  /** Waits. Returns whether the connection is still open behind it. */
  async idle(duration_ms: number): Promise<boolean> {
    return !(await this.until(() => this.end !== undefined, duration_ms));
  }

  note(text: string): void {
    this.transcript.note(text);
  }

  /** Closes our sending side alone. */
  finish(): void {
    this.transcript.note("we close our side (FIN)");
    this.socket.end();
  }

  destroy(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.socket.destroy();
    this.wake();
  }

  // What the socket tells.

  onData(octets: Octets): void {
    this.latestByte_ms = this.clock.now();
    this.take(octets);
    this.wake();
  }

  onEnd(isCutOff?: boolean): void {
    this.ended(isCutOff === true ? "cut-off" : "fin");
  }

  onDrain(): void {
    this.wake();
  }

  onClose(fault: string | undefined): void {
    if (this.isGone) return;
    this.isGone = true;
    if (fault !== undefined && isTlsFault(fault)) {
      this.tlsFault = fault;
      this.note(`TLS failed (${fault})`);
      if (this.end === undefined) this.ended("cut-off");
    } else if (fault !== undefined) this.ended("rst");
    else if (this.end === undefined) this.ended("fin");
    this.wake();
  }

  private ended(manner: CloseManner): void {
    if (this.end === undefined) {
      this.end = { manner, at_ms: this.clock.now() };
      this.transcript.note(closeWords[manner]);
      this.endReader();
    } else if (manner === "rst" && this.end.manner !== "rst") {
      this.hasResetAfterEnd = true;
      this.transcript.note(closeWords.rst);
    }
    this.wake();
  }

  private endReader(): void {
    if (this.end?.manner === "fin") this.reader?.endByClose();
  }

  private take(octets: Octets): void {
    const { reader } = this;
    const end = reader === undefined || isSettled(reader) ? 0 : reader.read(octets);
    if (end < octets.length) this.leave(octets.subarray(end));
  }

  /** Bytes are valid during the event alone. */
  private leave(octets: Octets): void {
    this.unreadCount += octets.length;
    if (this.unreadCount <= UNREAD_BYTES_MAX) this.unread.push(Buffer.from(octets) as unknown as Octets);
  }

  // Waiting.

  private wake(): void {
    for (const waiter of [...this.waiters]) waiter();
  }

  /** Resolves once `isReached` holds, or at the limit, with whether it does. @throws Stopped */
  private until(isReached: () => boolean, limit_ms: number): Promise<boolean> {
    const { clock, signal } = this;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Stopped());
      if (isReached()) return resolve(true);
      const settle = (then: () => void) => {
        this.waiters.delete(look);
        signal.removeEventListener("abort", onAbort);
        stopTimer();
        then();
      };
      const look = () => {
        if (isReached()) settle(() => resolve(true));
        else if (this.isGone) settle(() => resolve(false));
      };
      const onAbort = () => settle(() => reject(new Stopped()));
      // What has come is not late because this process was busy.
      const stopTimer = clock.after(limit_ms, () => clock.afterArrivals(() => settle(() => resolve(isReached()))));
      this.waiters.add(look);
      signal.addEventListener("abort", onAbort);
    });
  }
}

/** Whether it is TLS that ended a connection, and not its transport. */
export function isTlsFault(fault: string): boolean {
  return /^ERR_(SSL|TLS)_/.test(fault);
}

const closeWords: Readonly<Record<CloseManner, string>> = {
  fin: "the other side closes (FIN)",
  rst: "the other side resets (RST)",
  "cut-off": "the other side closes without TLS's closure alert",
};

function isSettled(reader: AnswerReader): boolean {
  return reader.refusal !== undefined || reader.answer !== undefined;
}
