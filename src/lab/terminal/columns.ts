/**
 * Text in a terminal: how many columns it takes, and how it is broken and padded.
 *
 * East Asian wide characters take two columns (Unicode's East Asian Width W and F). Deliberately absent: grapheme clusters
 * and emoji, which nothing here says.
 */
import { styleText } from "node:util";

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Cut at the end, so that it takes at most `columns`: only for lines that are drawn anew, which must stay one row. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let result = "";
  let used = 0;
  for (const character of text) {
    const width = columnsOf(character);
    if (used + width > columns - 1) break;
    result += character;
    used += width;
  }
  return `${result}…`;
}

export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** Broken between words; a word that is longer than a line is broken, behind a hyphen where it has one. Nothing is lost. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((whole) => piecesOf(whole, columns))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && columnsOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function piecesOf(word: string, columns: number): string[] {
  const pieces: string[] = [];
  let rest = word;
  while (columnsOf(rest) > columns) {
    let fits = "";
    for (const character of rest) {
      if (fits !== "" && columnsOf(fits + character) > columns) break;
      fits += character;
    }
    const hyphen = fits.lastIndexOf("-") + 1;
    const piece = hyphen > 1 ? fits.slice(0, hyphen) : fits;
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  return rest === "" ? pieces : [...pieces, rest];
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Marked always; whoever writes it drops the marks where there are no colours. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { validateStream: false });
}
