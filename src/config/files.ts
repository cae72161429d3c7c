/**
 * The files that a configuration names, as they were when it was read: so that several processes make the same of it, and one that
 * starts later makes the same as those before, whatever stands there by then.
 *
 * Deliberately absent: files whose contents become values (`${file:PATH}`), which are read with the configuration itself.
 */
import { readFileSync, statSync } from "node:fs";

export interface Files {
  /** @throws the system's error */
  text(path: string): string;
  /** What changes where the file, or whatever a link on the way to it leads to, is another; it is not there: empty. */
  mark(path: string): string;
  /** When its text was read, in milliseconds since 1970: what it says of times is judged as of then. */
  readAt_ms(path: string): number;
}

export const filesNow: Files = {
  text: (path) => readFileSync(path, "utf8"),
  mark(path) {
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
      return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    } catch {
      // It is not there, or not for now.
      return "";
    }
  },
  readAt_ms: () => Date.now(),
};

interface Seen {
  readonly mark: string;
  readonly text: string;
  readonly at_ms: number;
}

/** As plain data, by path. */
export type FilesSeen = Readonly<Record<string, Seen>>;

/** Those that were seen, as they were seen; others as they are now, which are seen by that. */
export class SeenFiles implements Files {
  private readonly known: Map<string, Seen>;

  constructor(seen: FilesSeen = {}) {
    this.known = new Map(Object.entries(seen));
  }

  text(path: string): string {
    return this.look(path).text;
  }

  mark(path: string): string {
    try {
      return this.look(path).mark;
    } catch {
      return "";
    }
  }

  /** A certificate that was good when the configuration came into force keeps no process from starting with it later. */
  readAt_ms(path: string): number {
    return this.known.get(path)?.at_ms ?? Date.now();
  }

  get seen(): FilesSeen {
    return Object.fromEntries(this.known);
  }

  private look(path: string): Seen {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    // The mark first: what changes behind it is noticed later.
    const seen = { mark: filesNow.mark(path), text: filesNow.text(path), at_ms: filesNow.readAt_ms(path) };
    this.known.set(path, seen);
    return seen;
  }
}
