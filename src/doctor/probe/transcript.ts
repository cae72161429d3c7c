/**
 * The story of one connection, line by line with its times, as a report may show it.
 *
 * Deliberately absent: bodies and secrets, which never get in (redaction.ts).
 */
import type { Evidence, EvidenceLine } from "../finding.ts";
import { shownText } from "./redaction.ts";

/** Lines that are kept of one connection, half of them from its beginning: thousands of requests tell no more than these. */
const LINES_MAX = 24;

export class Transcript {
  private readonly connection: number;
  private readonly now: () => number;
  private readonly begun_ms: number;
  private readonly hiddenNames: ReadonlySet<string>;
  private readonly first: EvidenceLine[] = [];
  private readonly last: EvidenceLine[] = [];
  private dropped = 0;

  /** @param hiddenNames lowercase names of fields whose values are not to be shown, beside those that never are */
  constructor(connection: number, now: () => number, hiddenNames: ReadonlySet<string>) {
    this.connection = connection;
    this.now = now;
    this.begun_ms = now();
    this.hiddenNames = hiddenNames;
  }

  /** Milliseconds since the connection was asked for. */
  get age_ms(): number {
    return this.now() - this.begun_ms;
  }

  sent(text: string): void {
    this.add("sent", shownText(text, this.hiddenNames), text.length);
  }

  /** Bytes of a body or the like: their number alone. */
  sentBytes(bytes: number, what: string): void {
    this.add("sent", `(${bytes} bytes of ${what})`, bytes);
  }

  receivedHead(text: string): void {
    this.add("received", shownText(text, this.hiddenNames), text.length);
  }

  /** @param what like `body` */
  receivedBytes(bytes: number, what: string): void {
    if (bytes > 0) this.add("received", `(${bytes} bytes of ${what})`, bytes);
  }

  note(text: string): void {
    this.add("note", shownText(text), 0);
  }

  get evidence(): Evidence {
    const gap: EvidenceLine[] =
      this.dropped === 0
        ? []
        : [{ at_ms: this.last[0]?.at_ms ?? 0, direction: "note", text: `(${this.dropped} lines not shown)`, bytes: 0 }];
    return { connection: this.connection, lines: [...this.first, ...gap, ...this.last] };
  }

  private add(direction: EvidenceLine["direction"], text: string, bytes: number): void {
    const line = { at_ms: Math.round(this.age_ms * 10) / 10, direction, text, bytes };
    if (this.first.length < LINES_MAX / 2) {
      this.first.push(line);
      return;
    }
    this.last.push(line);
    if (this.last.length <= LINES_MAX / 2) return;
    this.last.shift();
    this.dropped++;
  }
}
