/**
 * Files that are looked at now and then, and told of when they have changed and stayed so for a look: an editor that writes twice, one
 * that renames a new file into the place of the old one, and a folder behind a link that is replaced are one change each.
 *
 * Deliberately absent: watches of the system, which lose sight of what is replaced by renames and mounts.
 */
import { markOfFiles } from "./certificate-watch.ts";

export const FILE_LOOK_MS = 250;

export class FileWatch {
  private files: readonly string[];
  private marks: string;
  private isSettling = false;
  private readonly onChange: () => void;

  constructor(files: readonly string[], onChange: () => void) {
    this.files = files;
    this.marks = markOfFiles(files);
    this.onChange = onChange;
  }

  /** To be called every `FILE_LOOK_MS`. */
  look(): void {
    const marks = markOfFiles(this.files);
    const hasChanged = marks !== this.marks;
    const isOver = this.isSettling && !hasChanged;
    this.marks = marks;
    this.isSettling = hasChanged;
    if (isOver) this.onChange();
  }

  /** These are looked at from now on; those that were looked at before go on as they are. */
  follow(files: readonly string[]): void {
    if (files.join("\n") === this.files.join("\n")) return;
    this.files = files;
    this.marks = markOfFiles(files);
  }
}
