/**
 * The sequence diagram of a play in lines of text: a column for each actor, time at the left, one step after the other.
 *
 * Steps are drawn as they come, so that a play can be drawn while it is on; the caller keeps them in order (telling.ts), and
 * a wait stands where it ends. Text is wrapped, never cut. Deliberately absent: pauses; a long time and a short one take as
 * many lines.
 */
import type { Actor, Connection, Language, NarratedStep, Text } from "../play.ts";
import { toldAt_ms } from "../recording/telling.ts";
import { timeText } from "../stage.ts";
import { columnsOf, padded, type Style, styled, wrapped } from "./columns.ts";

/** The time at the left, and a space. */
const GUTTER = 9;
const WIDTH_MIN = 60;
const WIDTH_MAX = 120;
/** What stands beside a lifeline is broken into lines of at most so many columns, */
const TEXT_COLUMNS_MAX = 48;
/** and text on an arrow moves to the left rather than get fewer than these. */
const TEXT_COLUMNS_MIN = 20;
/** Field lines shown below a message. */
const FIELDS_MAX = 4;

const words = {
  opens: { en: "SYN", ko: "SYN" },
  port: { en: "port", ko: "포트" },
  bytes: { en: "bytes", ko: "바이트" },
} satisfies Record<string, Text>;

export interface DiagramOptions {
  readonly actors: readonly Actor[];
  readonly connectionOf: (id: string) => Connection | undefined;
  readonly language: Language;
  /** Columns of the terminal. */
  readonly width: number;
}

export class Diagram {
  private readonly options: DiagramOptions;
  private readonly width: number;
  private readonly positions: ReadonlyMap<string, number>;
  private readonly lifelines: string;

  constructor(options: DiagramOptions) {
    this.options = options;
    const { actors } = options;
    this.width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, options.width)) - GUTTER - 1;
    const gap = Math.floor(this.width / Math.max(1, actors.length));
    this.positions = new Map(actors.map(({ id }, index) => [id, Math.floor(gap * (index + 0.5))]));
    const line = Array.from({ length: this.width }, () => " ");
    for (const position of this.positions.values()) line[position] = "│";
    this.lifelines = line.join("");
  }

  /** Who stands where. */
  header(): string[] {
    const { actors, language } = this.options;
    const gap = Math.floor(this.width / Math.max(1, actors.length));
    const titles = actors.map(({ title }) => wrapped(title[language], gap - 2));
    const height = Math.max(...titles.map((lines) => lines.length));
    const rows: string[] = [];
    for (let row = 0; row < height; row++) {
      const cells = titles.map((lines) => {
        const text = lines[row - (height - lines.length)] ?? "";
        const left = Math.floor((gap - columnsOf(text)) / 2);
        return padded(" ".repeat(left) + text, gap);
      });
      rows.push(styled("bold", " ".repeat(GUTTER) + cells.join("").trimEnd()));
    }
    return [...rows, this.row("", this.lifelines)];
  }

  /** One step, with what the narrator says of it. @param at_ms the time beside it */
  linesOf(step: NarratedStep, at_ms = toldAt_ms(step)): string[] {
    const { language } = this.options;
    const lines = this.drawn(step, (at_ms / 1_000).toFixed(3));
    if (step.narration !== undefined) {
      for (const line of wrapped(step.narration[language].replaceAll("`", ""), this.width - 2)) {
        lines.push(`${" ".repeat(GUTTER)}${styled("green", `  ${line}`)}`);
      }
      lines.push(this.row("", this.lifelines));
    }
    return lines;
  }

  private drawn(step: NarratedStep, time: string): string[] {
    switch (step.kind) {
      case "wait": {
        const text = this.say(step.text);
        const length = this.say(timeText(step.until_ms - step.at_ms));
        const whole = text.includes(length) ? text : `${text} (${length})`;
        return this.beside(time, step.actor, whole, step.isHang ? "red" : "dim", "▒");
      }
      case "note":
        return this.beside(time, step.actor, this.say(step.text), "yellow", "●");
      case "open": {
        const port = this.options.connectionOf(step.connection)?.port ?? 0;
        const label = `${words.opens[this.options.language]} ${this.say(words.port)} ${port}`;
        return this.arrow(time, step.connection, undefined, label, "dim", "╌");
      }
      case "close": {
        const label = step.reason === undefined ? step.how : `${step.how} ${step.reason}`;
        return this.arrow(time, step.connection, step.from, label, step.how === "RST" ? "red" : "yellow", "─");
      }
      case "message": {
        const lines = this.arrow(time, step.connection, step.from, step.title, "cyan", "─");
        const shown = step.emphasis.slice(0, FIELDS_MAX);
        if (step.octetCount > step.octets.length) shown.push(`${step.octetCount} ${this.say(words.bytes)}`);
        return [...lines, ...shown.flatMap((field) => this.besideArrow(step.connection, field))];
      }
    }
  }

  private say(text: Text): string {
    return text[this.options.language];
  }

  /** From one actor's column to another's; the label on it if there is room, and above it otherwise. */
  private arrow(
    time: string,
    id: string,
    from: string | undefined,
    label: string,
    style: Style,
    line: string,
  ): string[] {
    const [left, right, isRightward] = this.spanOf(id, from);
    const room = right - left - 1;
    const head = isRightward ? "▶" : "◀";
    const fits = columnsOf(label) + 4 <= room;
    const shaft = line.repeat(Math.max(1, room - 1));
    const middle = fits ? centred(` ${label} `, room - 1, line) : shaft;
    const arrow = isRightward ? middle + head : head + middle;
    const row = this.row(time, this.over(left + 1, arrow, style));
    if (fits) return [row];
    return [...this.textAt(left + 2, label, style), row];
  }

  private spanOf(id: string, from: string | undefined): [left: number, right: number, isRightward: boolean] {
    const connection = this.options.connectionOf(id);
    const sender = from ?? connection?.from ?? "";
    const receiver = sender === connection?.from ? connection?.to : connection?.from;
    const start = this.positions.get(sender) ?? 0;
    const end = this.positions.get(receiver ?? "") ?? this.width - 1;
    return [Math.min(start, end), Math.max(start, end), start < end];
  }

  private besideArrow(id: string, text: string): string[] {
    const [left] = this.spanOf(id, undefined);
    return this.textAt(left + 3, text, "dim");
  }

  /** From this column to the right edge; further left where that leaves no room to speak of. */
  private textAt(column: number, text: string, style: Style): string[] {
    const start = Math.max(0, Math.min(column, this.width - Math.min(columnsOf(text), TEXT_COLUMNS_MIN)));
    return wrapped(text, this.width - start).map((line) => this.row("", this.over(start, line, style)));
  }

  /** A mark on an actor's lifeline, and what it is about to its right, or to its left where there is more room. */
  private beside(time: string, actor: string, text: string, style: Style, mark: string): string[] {
    const position = this.positions.get(actor) ?? 0;
    const right = this.width - position - 2;
    const isRight = right >= Math.min(columnsOf(text), position - 2, TEXT_COLUMNS_MAX);
    const lines = wrapped(text, Math.min(TEXT_COLUMNS_MAX, isRight ? right : position - 2));
    return lines.map((line, index) => {
      const sign = index === 0 ? mark : "│";
      const drawn = isRight ? `${sign} ${line}` : `${line} ${sign}`;
      const start = isRight ? position : position - 1 - columnsOf(line);
      return this.row(index === 0 ? time : "", this.over(start, drawn, style));
    });
  }

  /** The lifelines with something drawn over them. */
  private over(start: number, text: string, style: Style): string {
    const end = start + columnsOf(text);
    return `${this.lifelines.slice(0, start)}${styled(style, text)}${this.lifelines.slice(end)}`;
  }

  private row(time: string, drawn: string): string {
    return `${styled("dim", time.padStart(GUTTER - 1))} ${drawn.trimEnd()}`;
  }
}

function centred(text: string, columns: number, fill: string): string {
  const left = Math.floor((columns - columnsOf(text)) / 2);
  return fill.repeat(left) + text + fill.repeat(Math.max(0, columns - columnsOf(text) - left));
}
