/**
 * What happens, as server-sent events (HTML Living Standard, section 9.2): everybody who watches has a bounded stream of it.
 *
 * A watcher that reads slowly loses events and is told how many: `missed`. Where a proxy is busier than a person can look at, it is told
 * of a part of all exchanges, each of them whole (interest.ts): `missed` says `oneIn`, too, and that no connection was left out. One that
 * comes back with `Last-Event-ID` gets what it has not seen, as long as that is kept. Nothing is made that nobody is told: not while nobody
 * watches, and not of what is left out.
 */
import type { TellWatcher } from "../ledger/events.ts";
import { safeJson } from "../ledger/safe-json.ts";
import { type SampledType, SamplingGate, sampleOf } from "../ledger/sampling.ts";
import type { EventSource, WatcherLosses, WindowEvent } from "../ledger/window.ts";
import type { Clock } from "../net/ports.ts";
import { discreet, shownIn, type View } from "./api.ts";
import { Interest } from "./interest.ts";

/** Events that are kept for those who come back. */
const KEPT_MAX = 1_000;
/** Targets may be long, and each event with one is kept with it. */
const KEPT_CHARACTERS_MAX = 2 * 1024 * 1024;
/** How long what somebody wanted who has left is still made and kept. */
const KEPT_MS = 30_000;
/** So many different things that those who have left wanted. The oldest gives way. */
const LEFT_MAX = 16;
/** What may wait in memory for one that does not read. */
const UNREAD_BYTES_MAX = 256 * 1024;
/** So late an event may be told: a write costs as much as a request, and people see no more of it. */
const TOGETHER_MS = 50;
/** So much does not wait for that. */
const TOGETHER_CHARACTERS_MAX = 16 * 1024;
/** So often something is said, so that a watcher that is gone is noticed. */
const HEARTBEAT_MS = 15_000;
const SECOND_MS = 1_000;
/** One that takes nothing for so long gives its place back. */
const STUCK_SECONDS_MAX = 60;

/** Where a stream is written to. */
export interface StreamOutput {
  /** Bytes that wait to be read. */
  readonly writableLength: number;
  write(text: string): unknown;
  /** Ends it at once. */
  destroy(): unknown;
}

interface Kept {
  readonly id: number;
  readonly type: string;
  readonly text: string;
  /** By which it is chosen or not for those who get a part of all exchanges; told in any case: undefined. */
  readonly sample: number | undefined;
}

interface Watcher {
  readonly output: StreamOutput;
  readonly interest: Interest;
  /** What is written to it in a moment. */
  unwritten: string;
  /** For so long there has been no room for it. */
  stuckSeconds: number;
}

/** Somebody who has left, and may come back. */
interface Left {
  readonly interest: Interest;
  readonly stopWaiting: () => void;
}

export class EventStream {
  private readonly source: EventSource;
  private readonly clock: Clock;
  private readonly view: View;
  /** Event ids of another process, or of an earlier one, mean nothing here. */
  private readonly run: string;
  private readonly watchers = new Set<Watcher>();
  /** By what they wanted. */
  private readonly left = new Map<string, Left>();
  /** What none of them is told is left out before any is asked. */
  private readonly gate = new SamplingGate();
  private kept: Kept[] = [];
  private keptCharacters = 0;
  /** Also of those that somebody wanted and that were too many. */
  private latestId = 0;
  private stopWatching: (() => void) | undefined;
  private stopTimer: (() => void) | undefined;
  private stopGathering: (() => void) | undefined;
  private seconds = 0;
  /** Where events come from, only one exchange in so many is told of. */
  private sourceOneIn = 1;

  constructor(source: EventSource, clock: Clock, view: View = discreet) {
    this.source = source;
    this.clock = clock;
    this.view = view;
    this.run = Math.floor(clock.date()).toString(36);
  }

  /**
   * @param lastEventId what the watcher saw last; it comes for the first time: undefined
   * @returns how it leaves
   */
  join(output: StreamOutput, types: ReadonlySet<string> | undefined, lastEventId: string | undefined): () => void {
    const watcher: Watcher = { output, interest: new Interest(types), unwritten: "", stuckSeconds: 0 };
    output.write("retry: 1000\n\n");
    this.begin();
    this.tellSince(watcher, lastEventId);
    writeGathered(watcher);
    this.settle();
    this.watchers.add(watcher);
    this.settle();
    return () => {
      if (!this.watchers.delete(watcher)) return;
      this.noteLeft(watcher.interest);
    };
  }

  private tellSince(watcher: Watcher, lastEventId: string | undefined): void {
    const [run, number = ""] = lastEventId?.split("-", 2) ?? [];
    if (run !== this.run || !/^[0-9]{1,15}$/.test(number)) return;
    const seen = Number(number);
    const news = this.kept.filter(({ id }) => id > seen);
    const { interest } = watcher;
    interest.missed = Math.max(0, this.latestId - seen - news.length);
    for (const event of news) {
      if (interest.judge(event.type, event.sample) === "told") this.tell(watcher, event.text);
    }
  }

  private begin(): void {
    const losses: WatcherLosses = {
      onMissed: (count) => {
        for (const { interest } of this.watchers) interest.missed += count;
      },
      onLeftOut: (count, oneIn) => {
        this.sourceOneIn = Math.max(this.sourceOneIn, oneIn);
        for (const { interest } of this.watchers) interest.sampling.leftOut += count;
      },
    };
    this.stopWatching ??= this.source.watch((type, sample) => this.ask(type, sample), losses, this.gate);
    if (this.stopTimer === undefined) this.everySecond();
  }

  /** It may come back: what it wants is kept for a while. */
  private noteLeft(interest: Interest): void {
    const { key } = interest;
    this.forgetLeft(key);
    const [oldest] = this.left.keys();
    if (this.left.size === LEFT_MAX && oldest !== undefined) this.forgetLeft(oldest);
    const stopWaiting = this.clock.after(KEPT_MS, () => {
      this.forgetLeft(key);
      if (this.watchers.size === 0 && this.left.size === 0) this.close();
    });
    this.left.set(key, { interest, stopWaiting });
  }

  private forgetLeft(key: string): void {
    this.left.get(key)?.stopWaiting();
    this.left.delete(key);
  }

  /** What was made so far is for nobody who comes back. */
  forgetKept(): void {
    this.kept = [];
    this.keptCharacters = 0;
  }

  close(): void {
    for (const key of [...this.left.keys()]) this.forgetLeft(key);
    this.stopTimer?.();
    this.stopGathering?.();
    this.stopWatching?.();
    this.stopGathering = undefined;
    this.stopTimer = undefined;
    this.stopWatching = undefined;
    this.forgetKept();
  }

  private everySecond(): void {
    this.stopTimer = this.clock.after(SECOND_MS, () => {
      this.everySecond();
      this.onSecond();
    });
  }

  private *interests(): Iterable<Interest> {
    for (const { interest } of this.left.values()) yield interest;
    for (const { interest } of this.watchers) yield interest;
  }

  /** Each hears how much the gate has left out, which is as wide from now on as the one that is told most needs it. */
  private settle(): void {
    const interests = [...this.interests()];
    const counts = this.gate.open(Math.min(...interests.map(({ sampling }) => sampling.oneIn)));
    for (const [type, count] of Object.entries(counts)) {
      if (count === 0) continue;
      for (const interest of interests) interest.noteLeftOut(type as SampledType, count);
    }
  }

  private onSecond(): void {
    this.seconds++;
    this.settle();
    for (const { interest } of this.left.values()) interest.tick();
    for (const watcher of this.watchers) {
      this.tellLeftOut(watcher);
      watcher.interest.tick();
      watcher.stuckSeconds = hasRoom(watcher) ? 0 : watcher.stuckSeconds + 1;
      if (watcher.stuckSeconds === STUCK_SECONDS_MAX) watcher.output.destroy();
      else if (watcher.interest.missed > 0) this.tellMissed(watcher);
      else if (this.seconds % (HEARTBEAT_MS / SECOND_MS) === 0 && watcher.output.writableLength === 0) {
        this.write(watcher, ":\n\n");
      }
      writeGathered(watcher);
    }
    this.sourceOneIn = 1;
    this.settle();
  }

  /** Says what was left out on purpose, and how much is from now on. */
  private tellLeftOut(watcher: Watcher): void {
    const { sampling } = watcher.interest;
    const { leftOut } = sampling;
    if (leftOut === 0 || !hasRoom(watcher)) return;
    const oneIn = sampling.oneIn * this.sourceOneIn;
    this.write(watcher, `event: missed\ndata: {"missed":${leftOut},"oneIn":${oneIn}}\n\n`);
    sampling.leftOut = 0;
  }

  /** Who is told of an event; nobody is, and nobody may come back for it: undefined. */
  private ask(type: string, sample: number | undefined): TellWatcher<WindowEvent> | undefined {
    let told: Watcher[] | undefined;
    let isKept = false;
    let isMissed = false;
    for (const { interest } of this.left.values()) {
      const judged = interest.judge(type, sample);
      isKept ||= judged === "told";
      isMissed ||= judged === "missed";
    }
    for (const watcher of this.watchers) {
      const judged = watcher.interest.judge(type, sample);
      isMissed ||= judged === "missed";
      if (judged !== "told") continue;
      told ??= [];
      told.push(watcher);
    }
    if (told !== undefined || isKept) return (event) => this.onEvent(event, told);
    // Those who come back are to know that there was one.
    if (isMissed) this.latestId++;
    return undefined;
  }

  private onEvent(event: WindowEvent, watchers: readonly Watcher[] = []): void {
    // It was asked about a moment ago, and everybody has gone since.
    if (this.stopWatching === undefined) return;
    const id = ++this.latestId;
    const { type } = event;
    const text = `id: ${this.run}-${id}\nevent: ${type}\ndata: ${safeJson(shownIn(this.view, event))}\n\n`;
    this.keep({ id, type, text, sample: sampleOf(event) });
    for (const watcher of watchers) if (this.watchers.has(watcher)) this.tell(watcher, text);
  }

  private keep(event: Kept): void {
    this.kept.push(event);
    this.keptCharacters += event.text.length;
    const isFull = this.kept.length >= 2 * KEPT_MAX || this.keptCharacters > KEPT_CHARACTERS_MAX;
    if (!isFull) return;
    // Half of it at once, so that an event costs the same however many are kept.
    this.kept = this.kept.slice(Math.ceil(this.kept.length / 2));
    this.keptCharacters = this.kept.reduce((sum, { text }) => sum + text.length, 0);
  }

  private tell(watcher: Watcher, text: string): void {
    if (!hasRoom(watcher)) {
      watcher.interest.missed++;
      return;
    }
    if (watcher.interest.missed > 0) this.tellMissed(watcher);
    this.write(watcher, text);
  }

  private tellMissed(watcher: Watcher): void {
    if (!hasRoom(watcher)) return;
    this.write(watcher, `event: missed\ndata: {"missed":${watcher.interest.missed}}\n\n`);
    watcher.interest.missed = 0;
  }

  private write(watcher: Watcher, text: string): void {
    watcher.unwritten += text;
    if (watcher.unwritten.length >= TOGETHER_CHARACTERS_MAX) return writeGathered(watcher);
    this.stopGathering ??= this.clock.after(TOGETHER_MS, () => {
      this.stopGathering = undefined;
      for (const each of this.watchers) writeGathered(each);
    });
  }
}

function writeGathered(watcher: Watcher): void {
  if (watcher.unwritten !== "") watcher.output.write(watcher.unwritten);
  watcher.unwritten = "";
}

function hasRoom({ output, unwritten }: Watcher): boolean {
  return output.writableLength + unwritten.length <= UNREAD_BYTES_MAX;
}
