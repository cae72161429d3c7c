/**
 * Lines of which only the beginning reached a file, because the disk was full or the process was killed: they harm no other line.
 *
 * Deliberately absent: writing lines, see line-sink.ts.
 */
import { appendFile, open, truncate } from "node:fs/promises";

const NEWLINE = 10;
const STEP_BYTES = 64 * 1_024;

/** Where the last whole line ends; it is no regular file, or cannot be read: undefined. */
async function endOfWholeLines(file: string): Promise<{ readonly whole: number; readonly size: number } | undefined> {
  const handle = await open(file, "r").catch(() => undefined);
  try {
    const found = await handle?.stat();
    if (handle === undefined || found?.isFile() !== true) return undefined;
    const { size } = found;
    for (let end = size; end > 0; end -= STEP_BYTES) {
      const from = Math.max(0, end - STEP_BYTES);
      const { buffer } = await handle.read(Buffer.alloc(end - from), 0, end - from, from);
      const at = buffer.lastIndexOf(NEWLINE);
      if (at >= 0) return { whole: from + at + 1, size };
    }
    return { whole: 0, size };
  } finally {
    await handle?.close();
  }
}

/** What is appended from now on begins a line of its own. Where that cannot be, nothing is done: what is wrong shows when it is written. */
export async function endTornLine(file: string): Promise<void> {
  const found = await endOfWholeLines(file).catch(() => undefined);
  if (found !== undefined && found.whole < found.size) await appendFile(file, "\n").catch(() => {});
}

/** Only for a file that one process alone writes. */
export async function cutTornLine(file: string): Promise<void> {
  const found = await endOfWholeLines(file).catch(() => undefined);
  if (found !== undefined && found.whole < found.size) await truncate(file, found.whole).catch(() => {});
}
