/**
 * Where the command line speaks: results to the standard output, everything else to the standard error.
 *
 * Colours and live lines appear on terminals only, and colours not where NO_COLOR is set. A reader that goes away is
 * no reason to stop. Control characters in what is said are shown, not sent. Deliberately absent: what is said.
 */
import type { WriteStream } from "node:tty";
import { stripVTControlCharacters, styleText } from "node:util";
import { safeJson } from "../ledger/safe-json.ts";

export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

type Stream = NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY" | "columns" | "hasColors" | "writableLength">>;

/** What a pipe that nobody empties may hold in memory, in octets. */
const UNREAD_MAX = 1_048_576;

export interface TerminalOptions {
  /** Only errors and warnings on the standard error. */
  readonly isQuiet?: boolean | undefined;
  /** Machine lines on the standard output instead of sentences. */
  readonly isJson?: boolean | undefined;
}

export class Terminal {
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  private readonly stdout: Stream;
  private readonly stderr: Stream;
  private live: readonly string[] = [];

  constructor(options: TerminalOptions = {}, stdout: Stream = process.stdout, stderr: Stream = process.stderr) {
    this.isQuiet = options.isQuiet ?? false;
    this.isJson = options.isJson ?? false;
    this.stdout = stdout;
    this.stderr = stderr;
    // `hopwise ... | head -1` ends the reader, not the proxy.
    for (const stream of [stdout, stderr]) if (stream.listenerCount("error") === 0) stream.on("error", () => {});
  }

  /** Whether lines can be rewritten. */
  get isLive(): boolean {
    return this.stderr.isTTY === true && !this.isQuiet && !this.isJson;
  }

  /** How wide lines may be. */
  get columns(): number {
    return this.stderr.columns || 80;
  }

  /** A result. */
  print(line: string): void {
    this.clearLive();
    this.stdout.write(`${this.forStream(line, this.stdout)}\n`);
    this.drawLive();
  }

  /** One machine line, where they are wanted. */
  json(value: object): void {
    if (this.isJson) send(this.stdout, `${safeJson(value)}\n`);
  }

  /** News, unless nobody wants them. */
  say(line: string): void {
    if (!this.isQuiet && !this.isJson) this.warn(line);
  }

  /** Something is wrong out there, or right again; where machine lines are wanted, one of them says it. */
  alert(line: string): void {
    if (!this.isJson) this.warn(line);
  }

  /** What must be known. */
  warn(line: string): void {
    this.clearLive();
    send(this.stderr, `${this.forStream(line, this.stderr)}\n`);
    this.drawLive();
  }

  /** Draws the lines at the bottom anew, each cut to the terminal's width; without any they go away. */
  setLive(...lines: readonly string[]): void {
    if (!this.isLive) return;
    this.clearLive();
    this.live = lines;
    this.drawLive();
  }

  private clearLive(): void {
    if (this.live.length > 0) send(this.stderr, `\r${"\u001b[1A".repeat(this.live.length)}\u001b[J`);
  }

  private drawLive(): void {
    const width = this.columns - 1;
    // In one write, so that nothing flickers.
    const text = this.live.map((line) => `${this.forStream(clipped(line, width), this.stderr)}\n`).join("");
    if (text !== "") send(this.stderr, text);
  }

  private forStream(line: string, stream: Stream): string {
    const harmless = withoutControls(line);
    return stream.hasColors?.() === true ? harmless : stripVTControlCharacters(harmless);
  }
}

/** What is told beside a result; a reader that has stopped reading misses the latest. */
function send(stream: Stream, text: string): void {
  if ((stream.writableLength ?? 0) < UNREAD_MAX) stream.write(text);
}

/** Our own marks, or anything else that a terminal would act on, or that turns the direction of reading. */
const CONTROL =
  /(\u001b\[[0-9;]*m)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Bytes of strangers never move a cursor or rename a window. Escaped as JSON does it, so that JSON means the same. */
export function withoutControls(line: string): string {
  return line.replace(
    CONTROL,
    (character, mark: string | undefined) => mark ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Marks text; the terminal drops the marks where there are no colours. */
export function styled(style: Style | readonly Style[], text: string): string {
  return styleText([style].flat() as Style[], text);
}

/** Cuts a line to a width, counting what is seen. */
export function clipped(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line;
  let seen = 0;
  let result = "";
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b")) {
      result += part;
    } else {
      const piece = part.slice(0, Math.max(0, width - 1 - seen));
      seen += piece.length;
      result += piece;
    }
  }
  return `${result}…`;
}
