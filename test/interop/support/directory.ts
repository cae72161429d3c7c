/**
 * A directory for one test file, gone with it.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export class Directory {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "hopwise-test-"));
    // Daemons that give up root must still be able to read it.
    chmodSync(this.path, 0o755);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Buffer): string {
    const path = this.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
