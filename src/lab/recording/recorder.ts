/**
 * Writes down what goes over the connections of a play, as steps.
 *
 * It sits between the actors and the network and sees each end of each connection: what one end writes, and when the other
 * gets it. Where an end is foreign (a real proxy), the far half of a flight is reckoned from the round trip. Deliberately
 * absent: what the steps mean; see cues.ts.
 */
import type { Clock } from "../../net/ports.ts";
import type { Connection, NarratedStep, Step } from "../play.ts";

/** Octets of a message that are kept. */
const OCTETS_MAX = 600;
/** A message whose end arrives so much later than its beginning, beyond half a round trip, is two steps. */
const LONG_ARRIVAL_MS = 50;
const START_LINE = /^(?:HTTP\/\d\.\d \d{3}|[A-Z]+ \S+ HTTP\/\d\.\d)/;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type RecordedStep = Mutable<NarratedStep>;
export type MessageStep = Mutable<Extract<Step, { kind: "message" }>> & { narration?: never };

interface PendingMessage {
  readonly step: MessageStep;
  /** Octets of this direction before it, and up to its end. */
  readonly start: number;
  end: number;
  /** When the first of it arrived. */
  first_ms: number | undefined;
  /** The arrival of its end, where that took long. */
  tail: MessageStep | undefined;
}

interface Direction {
  sent: number;
  received: number;
  readonly messages: PendingMessage[];
  close: RecordedStep | undefined;
}

/** One connection while it is recorded. */
export interface Hop {
  readonly connection: Mutable<Connection>;
  readonly open: RecordedStep;
  readonly directions: { readonly from: Direction; readonly to: Direction };
  readonly isForeign: { from: boolean; to: boolean };
  /** The program at this end is gone: what comes is its system's business. */
  readonly isGone: { from: boolean; to: boolean };
  lastMessage: PendingMessage | undefined;
  lastSide: Side | undefined;
}

export type Side = "from" | "to";
const otherSide = { from: "to", to: "from" } as const;

export interface RecorderOptions {
  readonly clock: Clock;
  readonly rtt_ms: number;
  /** Field lines that the play is about. */
  readonly emphasis: RegExp;
}

export class Recorder {
  readonly steps: RecordedStep[] = [];
  private readonly byKey = new Map<string, Hop>();
  private readonly hops: Hop[] = [];
  private readonly options: RecorderOptions;
  private readonly startedAt_ms: number;
  private isOver = false;

  constructor(options: RecorderOptions) {
    this.options = options;
    this.startedAt_ms = options.clock.now();
  }

  now(): number {
    return rounded(this.options.clock.now() - this.startedAt_ms);
  }

  get connections(): readonly Connection[] {
    return this.hops.map(({ connection }) => connection);
  }

  /** From now on nothing is written down. */
  finish(): void {
    const now = this.now();
    this.isOver = true;
    for (const { directions } of this.hops) {
      for (const { step, first_ms } of [...directions.from.messages, ...directions.to.messages]) {
        if (step.until_ms < 0 && first_ms !== undefined) step.until_ms = first_ms;
      }
    }
    for (const step of this.steps) {
      // It arrived where nobody was left to notice.
      if (step.until_ms < 0) step.until_ms = rounded(Math.min(now, step.at_ms + this.options.rtt_ms / 2));
    }
    this.steps.sort((a, b) => a.at_ms - b.at_ms);
  }

  /**
   * An end of a connection is there. Both ends of one connection meet by their ports.
   *
   * @param at_ms when its SYN left
   * @param isGuess who it is from is what the accepting end supposes; the dialing end knows
   */
  opened(
    ports: { readonly dialing: number; readonly listening: number },
    from: string,
    to: string,
    at_ms: number,
    until_ms: number,
    isGuess: boolean,
  ): Hop {
    const key = `${ports.dialing}-${ports.listening}`;
    const known = this.byKey.get(key);
    if (known !== undefined) {
      if (!isGuess) known.connection.from = from;
      return known;
    }
    const id = `c${this.hops.length + 1}`;
    const open: RecordedStep = {
      kind: "open",
      at_ms: Math.max(0, rounded(at_ms)),
      until_ms: rounded(until_ms),
      connection: id,
    };
    const hop: Hop = {
      connection: { id, from, to, port: ports.dialing },
      open,
      directions: { from: newDirection(), to: newDirection() },
      isForeign: { from: false, to: false },
      isGone: { from: false, to: false },
      lastMessage: undefined,
      lastSide: undefined,
    };
    this.byKey.set(key, hop);
    if (this.isOver) return hop;
    this.hops.push(hop);
    this.steps.push(open);
    return hop;
  }

  wrote(hop: Hop, side: Side, octets: string): void {
    if (this.isOver) return;
    const direction = hop.directions[side];
    direction.sent += octets.length;
    const { lastMessage } = hop;
    if (hop.lastSide === side && lastMessage !== undefined && !START_LINE.test(octets)) {
      this.extend(lastMessage, octets, direction.sent);
    } else {
      this.begin(hop, side, octets, direction.sent);
    }
    if (isUnwatched(hop, otherSide[side]))
      this.arrived(direction, direction.sent, this.now() + this.options.rtt_ms / 2);
  }

  private begin(hop: Hop, side: Side, octets: string, end: number): void {
    const { connection, directions } = hop;
    const [firstLine = ""] = octets.split("\r\n", 1);
    const step: MessageStep = {
      kind: "message",
      at_ms: this.now(),
      until_ms: -1,
      connection: connection.id,
      from: connection[side],
      title: START_LINE.test(octets) ? firstLine : "…",
      octets: octets.slice(0, OCTETS_MAX),
      octetCount: octets.length,
      emphasis: emphasised(octets.slice(0, OCTETS_MAX), this.options.emphasis),
    };
    const message = { step, start: end - octets.length, end, first_ms: undefined, tail: undefined };
    directions[side].messages.push(message);
    hop.lastMessage = message;
    hop.lastSide = side;
    this.steps.push(step);
  }

  private extend(message: PendingMessage, octets: string, end: number): void {
    const { step } = message;
    message.end = end;
    step.until_ms = -1;
    step.octets = (step.octets + octets).slice(0, OCTETS_MAX);
    step.octetCount += octets.length;
    step.emphasis = emphasised(step.octets, this.options.emphasis);
  }

  /** Octets have reached the end that is `side`. */
  received(hop: Hop, side: Side, octets: string): void {
    if (this.isOver) return;
    const sender = otherSide[side];
    const direction = hop.directions[sender];
    if (hop.isForeign[sender]) {
      direction.sent += octets.length;
      const isMore = hop.lastSide === sender && hop.lastMessage !== undefined && !START_LINE.test(octets);
      if (isMore) this.extend(hop.lastMessage as PendingMessage, octets, direction.sent);
      else this.begin(hop, sender, octets, direction.sent);
      const { step } = hop.lastMessage as PendingMessage;
      if (!isMore) step.at_ms = Math.max(0, rounded(step.at_ms - this.options.rtt_ms / 2));
    }
    this.arrived(direction, direction.received + octets.length, this.now());
  }

  /** @param isSeen a program took it; otherwise it was on its way to one that is gone */
  private arrived(direction: Direction, received: number, at_ms: number, isSeen = true): void {
    direction.received = received;
    for (const message of direction.messages) {
      const { step, start, end } = message;
      if (received > start && isSeen) message.first_ms ??= rounded(at_ms);
      if (end > received || step.until_ms >= 0) continue;
      const first_ms = message.first_ms ?? rounded(at_ms);
      const isLong = at_ms - first_ms > this.options.rtt_ms / 2 + LONG_ARRIVAL_MS;
      step.until_ms = isLong || !isSeen ? first_ms : rounded(at_ms);
      if (isLong && isSeen) this.endArrived(direction, message, at_ms);
    }
    while (direction.messages.length > 1 && (direction.messages[0]?.end ?? 0) <= received) direction.messages.shift();
  }

  /** What began long ago is complete. An arrow from its beginning to its end would say that nothing came in between. */
  private endArrived({ close }: Direction, message: PendingMessage, arrived_ms: number): void {
    const { connection, from, octetCount, at_ms: began_ms } = message.step;
    const until_ms = rounded(arrived_ms);
    const left_ms = Math.min(until_ms - this.options.rtt_ms / 2, close?.at_ms ?? until_ms);
    const arrival = { at_ms: rounded(Math.max(began_ms, left_ms)), until_ms, title: `… ${sizeText(octetCount)}` };
    if (message.tail !== undefined) return void Object.assign(message.tail, arrival);
    message.tail = { kind: "message", connection, from, octets: "", octetCount: 0, emphasis: [], ...arrival };
    // It left before its sender closed, if only just.
    const at = close === undefined ? this.steps.length : this.steps.indexOf(close);
    this.steps.splice(at, 0, message.tail);
  }

  /** The program at the end that is `side` is gone; what was on its way to it arrives unnoticed. */
  gone(hop: Hop, side: Side): void {
    if (this.isOver || hop.isGone[side]) return;
    hop.isGone[side] = true;
    const direction = hop.directions[otherSide[side]];
    const half_ms = this.options.rtt_ms / 2;
    const now = this.now();
    for (const { step, end } of [...direction.messages]) {
      if (step.until_ms < 0) this.arrived(direction, end, Math.max(now, step.at_ms + half_ms), false);
    }
    const { close } = direction;
    if (close?.kind === "close" && close.until_ms < 0) {
      this.closeArrived(hop, otherSide[side], close.how, Math.max(now, close.at_ms + half_ms));
    }
  }

  /** The end that is `side` closes its half, or all of it. */
  closes(hop: Hop, side: Side, how: "FIN" | "RST", reason: string | undefined): void {
    const direction = hop.directions[side];
    if (this.isOver || direction.close !== undefined) return;
    const { connection } = hop;
    const step: RecordedStep = {
      kind: "close",
      at_ms: this.now(),
      until_ms: -1,
      connection: connection.id,
      from: connection[side],
      how,
      ...(reason === undefined ? {} : { reason }),
    };
    direction.close = step;
    this.steps.push(step);
    if (isUnwatched(hop, otherSide[side])) this.closeArrived(hop, side, how, this.now() + this.options.rtt_ms / 2);
  }

  /** The close of the end that is `side` has reached the other end, as `how`. */
  closeSeen(hop: Hop, side: Side, how: "FIN" | "RST"): void {
    if (this.isOver) return;
    const { close } = hop.directions[side];
    if (close === undefined) {
      // Only a foreign end closes unseen, or a system for its program.
      if (how === "RST" && !hop.isForeign[side]) return;
      this.closes(hop, side, how, undefined);
      const begun = hop.directions[side].close;
      if (begun !== undefined && hop.isForeign[side])
        begun.at_ms = Math.max(0, rounded(begun.at_ms - this.options.rtt_ms / 2));
    }
    if (how === "RST" && close?.kind === "close" && close.how === "FIN" && close.until_ms >= 0)
      return this.resetAfterClose(hop, side);
    this.closeArrived(hop, side, how, this.now());
  }

  /** The program had closed, and its system answers what came too late. */
  private resetAfterClose({ connection }: Hop, side: Side): void {
    const until_ms = this.now();
    const at_ms = Math.max(0, until_ms - this.options.rtt_ms / 2);
    this.add({ kind: "close", at_ms, until_ms, connection: connection.id, from: connection[side], how: "RST" });
  }

  private closeArrived(hop: Hop, side: Side, how: "FIN" | "RST", at_ms: number): void {
    const { close } = hop.directions[side];
    if (close === undefined || close.kind !== "close" || close.until_ms >= 0) return;
    close.until_ms = rounded(at_ms);
    (close as { how: "FIN" | "RST" }).how = how;
  }

  add(step: RecordedStep): void {
    if (this.isOver) return;
    step.at_ms = rounded(step.at_ms);
    step.until_ms = rounded(step.until_ms);
    this.steps.push(step);
  }
}

/** Nobody there tells when something arrives. */
function isUnwatched(hop: Hop, side: Side): boolean {
  return hop.isForeign[side] || hop.isGone[side];
}

function newDirection(): Direction {
  return { sent: 0, received: 0, messages: [], close: undefined };
}

function emphasised(octets: string, emphasis: RegExp): string[] {
  return octets.split("\r\n").filter((line) => emphasis.test(line));
}

/** In any language. */
function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** To a microsecond. */
export function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
