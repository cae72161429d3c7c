/**
 * What happened on both hops, line by line, for the reader of a failure.
 *
 * Off while seeds are searched; a failing seed runs again with it on. Deliberately absent: judgement.
 */
import type { Schedule } from "../../src/net/simulated/schedule.ts";

/** Characters of a message that are shown. */
const SHOWN_MAX = 220;

export class Timeline {
  readonly isOn: boolean;
  readonly lines: string[] = [];
  private readonly schedule: Schedule;
  /** What the last line tells of, as long as more of the same may join it. */
  private last: { readonly who: string; readonly verb: string; text: string; pieces: number } | undefined;

  constructor(schedule: Schedule, isOn: boolean) {
    this.schedule = schedule;
    this.isOn = isOn;
  }

  note(who: string, what: string): void {
    if (!this.isOn) return;
    this.last = undefined;
    this.lines.push(`${this.schedule.now_ms.toFixed(3).padStart(11)} ${who.padEnd(14)} ${what}`);
  }

  /** Octets that are written or read in pieces, one right after the other, share a line. */
  noteOctets(who: string, verb: string, text: string): void {
    if (!this.isOn) return;
    const { last } = this;
    if (last !== undefined && last.who === who && last.verb === verb) {
      last.text += text;
      last.pieces++;
      this.lines.pop();
    } else {
      this.last = { who, verb, text, pieces: 1 };
    }
    const current = this.last as NonNullable<typeof this.last>;
    const size = `${current.text.length}${current.pieces === 1 ? "" : ` in ${current.pieces}`}`;
    this.note(who, `${verb} ${size}: ${abbreviated(current.text)}`);
    this.last = current;
  }
}

/** Text with its control characters escaped, its middle left out when it is long. */
export function abbreviated(text: string): string {
  if (text.length <= SHOWN_MAX) return escaped(text);
  const half = SHOWN_MAX / 2;
  return `${escaped(text.slice(0, half))} … ${escaped(text.slice(-half))}`;
}

function escaped(text: string): string {
  return text
    .replaceAll("\r\n", "␍␊")
    .replaceAll("\r", "␍")
    .replaceAll("\n", "␊")
    .replace(/[\x00-\x1f\x7f-\xff]/g, (it) => `\\x${it.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
