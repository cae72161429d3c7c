/**
 * A file that is read again when it has changed, which is looked for once a second at most, and only when it is needed.
 *
 * Deliberately absent: watching. Containers replace these files by mounts and renames, which watches lose sight of.
 */
import { readFileSync, statSync } from "node:fs";
import type { Clock } from "../ports.ts";

const LOOK_MS = 1_000;

/** What was made of a file's text; a file that is not there is an empty one. */
export class ChangingFile<Content> {
  private readonly path: string;
  private readonly parse: (text: string) => Content;
  private readonly clock: Pick<Clock, "now">;
  private lookedAt_ms = Number.NEGATIVE_INFINITY;
  private mark = "";
  private latest: Content;

  constructor(path: string, parse: (text: string) => Content, clock: Pick<Clock, "now">) {
    this.path = path;
    this.parse = parse;
    this.clock = clock;
    this.latest = parse("");
  }

  content(): Content {
    const now = this.clock.now();
    if (now - this.lookedAt_ms >= LOOK_MS) {
      this.lookedAt_ms = now;
      this.look();
    }
    return this.latest;
  }

  private look(): void {
    const mark = markOf(this.path);
    if (mark === this.mark) return;
    this.mark = mark;
    this.latest = this.parse(textOf(this.path));
  }
}

function markOf(path: string): string {
  const stat = orUndefined(() => statSync(path));
  return stat === undefined ? "" : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}

function textOf(path: string): string {
  return orUndefined(() => readFileSync(path, "utf8")) ?? "";
}

/** What cannot be looked at, for whatever reason, counts as a file that is not there: a request must not fail for it. */
function orUndefined<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
