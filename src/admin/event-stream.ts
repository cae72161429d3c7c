/**
 * What happens, as server-sent events (HTML Living Standard, section 9.2): everybody who watches has a bounded stream of it.
 *
 * A watcher that reads slowly loses events and is told how many: `missed`. Where a proxy is busier than a person can look at, it is told
 * of a part of all exchanges, each of them whole (sampling.ts): `missed` says `oneIn`, too, and that no connection was left out. One
 * that comes back with `Last-Event-ID` gets what it has not seen, as long as that is kept. Nothing is built while nobody watches.
 */
import { safeJson } from "../ledger/safe-json.ts";
import type { EventSource, WindowEvent } from "../ledger/window.ts";
import type { Clock } from "../net/ports.ts";
import { discreet, shownIn, type View } from "./api.ts";
import { Sampling, sampleNumber } from "./sampling.ts";

/** Events that are kept for those who come back. */
const KEPT_MAX = 1_000;
/** Targets may be long, and each event with one is kept with it. */
const KEPT_CHARACTERS_MAX = 2 * 1024 * 1024;
/** How long they are kept, and made, when nobody watches any more. */
const KEPT_MS = 30_000;
/** Events a second for each watcher: more than that nobody can look at. */
const EVENTS_PER_SECOND_MAX = 1_000;
/** What may wait in memory for one that does not read. */
const UNREAD_BYTES_MAX = 256 * 1024;
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
  /** Types it wants; all: undefined. */
  readonly types: ReadonlySet<string> | undefined;
  readonly sampling: Sampling;
  left: number;
  missed: number;
  /** For so long there has been no room for it. */
  stuckSeconds: number;
}

export class EventStream {
  private readonly source: EventSource;
  private readonly clock: Clock;
  private readonly view: View;
  /** Event ids of another process, or of an earlier one, mean nothing here. */
  private readonly run: string;
  private readonly watchers = new Set<Watcher>();
  private kept: Kept[] = [];
  private keptCharacters = 0;
  private latestId = 0;
  private stopWatching: (() => void) | undefined;
  private stopTimer: (() => void) | undefined;
  private stopForgetting: (() => void) | undefined;
  private seconds = 0;

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
    const sampling = new Sampling();
    const watcher: Watcher = { output, types, sampling, left: EVENTS_PER_SECOND_MAX, missed: 0, stuckSeconds: 0 };
    output.write("retry: 1000\n\n");
    this.begin();
    for (const event of this.since(watcher, lastEventId)) this.tell(watcher, event);
    this.watchers.add(watcher);
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) this.end();
    };
  }

  private since(watcher: Watcher, lastEventId: string | undefined): readonly Kept[] {
    const [run, number = ""] = lastEventId?.split("-", 2) ?? [];
    if (run !== this.run || !/^[0-9]{1,15}$/.test(number)) return [];
    const seen = Number(number);
    const oldest = this.kept[0]?.id ?? this.latestId + 1;
    watcher.missed = Math.max(0, oldest - 1 - seen);
    return this.kept.filter(({ id }) => id > seen);
  }

  private begin(): void {
    this.stopForgetting?.();
    this.stopForgetting = undefined;
    this.stopWatching ??= this.source.watch(
      (event) => this.onEvent(event),
      (count) => {
        for (const watcher of this.watchers) watcher.missed += count;
      },
    );
    if (this.stopTimer === undefined) this.everySecond();
  }

  /** The last one has left: it may come back. */
  private end(): void {
    this.stopTimer?.();
    this.stopTimer = undefined;
    this.stopForgetting = this.clock.after(KEPT_MS, () => this.close());
  }

  /** What was made so far is for nobody who comes back. */
  forgetKept(): void {
    this.kept = [];
    this.keptCharacters = 0;
  }

  close(): void {
    this.stopTimer?.();
    this.stopForgetting?.();
    this.stopWatching?.();
    this.stopTimer = undefined;
    this.stopForgetting = undefined;
    this.stopWatching = undefined;
    this.forgetKept();
  }

  private everySecond(): void {
    this.stopTimer = this.clock.after(SECOND_MS, () => {
      this.everySecond();
      this.onSecond();
    });
  }

  private onSecond(): void {
    this.seconds++;
    for (const watcher of this.watchers) {
      watcher.left = EVENTS_PER_SECOND_MAX;
      this.sample(watcher);
      watcher.stuckSeconds = hasRoom(watcher) ? 0 : watcher.stuckSeconds + 1;
      if (watcher.stuckSeconds === STUCK_SECONDS_MAX) watcher.output.destroy();
      else if (watcher.missed > 0) this.tellMissed(watcher);
      else if (this.seconds % (HEARTBEAT_MS / SECOND_MS) === 0 && watcher.output.writableLength === 0) {
        watcher.output.write(":\n\n");
      }
    }
  }

  /** Says what was left out on purpose, and how much is from now on. */
  private sample(watcher: Watcher): void {
    const { sampling, output } = watcher;
    const { leftOut, oneIn } = sampling;
    if (leftOut > 0 && hasRoom(watcher)) {
      output.write(`event: missed\ndata: {"missed":${leftOut},"oneIn":${oneIn}}\n\n`);
      sampling.leftOut = 0;
    }
    sampling.tick();
  }

  private onEvent(event: WindowEvent): void {
    const id = ++this.latestId;
    const { type } = event;
    const text = `id: ${this.run}-${id}\nevent: ${type}\ndata: ${safeJson(shownIn(this.view, event))}\n\n`;
    const kept = { id, type, text, sample: sampleNumber(event) };
    this.keep(kept);
    for (const watcher of this.watchers) this.tell(watcher, kept);
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

  private tell(watcher: Watcher, { type, text, sample }: Kept): void {
    const { output, types } = watcher;
    if (types !== undefined && !types.has(type)) return;
    if (sample !== undefined && !watcher.sampling.lets(sample)) return;
    if (watcher.left === 0 || !hasRoom(watcher)) {
      watcher.missed++;
      return;
    }
    watcher.left--;
    if (watcher.missed > 0) this.tellMissed(watcher);
    output.write(text);
  }

  private tellMissed(watcher: Watcher): void {
    if (!hasRoom(watcher)) return;
    watcher.output.write(`event: missed\ndata: {"missed":${watcher.missed}}\n\n`);
    watcher.missed = 0;
  }
}

function hasRoom({ output }: Watcher): boolean {
  return output.writableLength <= UNREAD_BYTES_MAX;
}
