/** Text in columns: lines wrapped at words, with an indent, and figures as people write them. */

/** Wraps `text` to lines of at most `width` characters; those behind the first begin with `indent`. */
export function wrapped(text: string, width: number, first = "", indent = first): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
    // What has no spaces is cut where the line ends.
    while (line.length > width && width > indent.length) {
      lines.push(line.slice(0, width));
      line = indent + line.slice(width);
    }
  }
  return [...lines, line];
}

/** `1,100`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
