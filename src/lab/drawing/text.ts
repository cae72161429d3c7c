/**
 * Text in a drawing: what is safe to write into XML, how wide it is about, and where it is broken.
 *
 * Titles and octets come from the wire and may hold anything. Deliberately absent: measuring with a real font. A drawing
 * is laid out where there is none, so widths are estimates that err on the wide side.
 */

/** Safe as text and as an attribute's value, in HTML and in XML alike; what cannot be seen is made visible. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Controls as their pictures; what would turn the reading direction, or is half a character, as U+FFFD. */
export function visible(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/[\u0000-\u001f]/g, (control) => String.fromCharCode(0x2400 + control.charCodeAt(0)))
    .replace(/\u007f/g, "\u2421")
    .replace(/[\u0080-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g, "\ufffd");
}

const MONO_EM = 0.602;
const SANS_EM = 0.56;

/** Hangul, kana and Chinese characters, and what is as wide as they are. */
const wide = /[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60]/;

/** About as wide as this many pixels. */
export function widthOf(text: string, size: number, isMono = false): number {
  let ems = 0;
  for (const character of text) ems += wide.test(character) ? 1 : isMono ? MONO_EM : SANS_EM;
  return ems * size;
}

/** Cut at the end, so that it fits. */
export function fitted(text: string, size: number, width: number, isMono = false): string {
  if (widthOf(text, size, isMono) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && widthOf(`${characters.join("")}…`, size, isMono) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** Broken between words: Korean is read best when its words stay whole. Only a word too long for a line is cut. */
export function wrapped(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && widthOf(longer, size) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((whole) => fitted(whole, size, width));
}

/** Without the backticks that narrations put around code. */
export function plain(text: string): string {
  return text.replace(/`([^`]*)`/g, "$1");
}

/** As short as it stays exact enough: "0.3 ms", "40 ms", "5.02 s", "75 s". */
export function duration(ms: number): string {
  const round = (value: number, digits: number) => String(Number(value.toFixed(digits)));
  if (ms < 10) return `${round(ms, 1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${round(ms / 1000, 2)} s`;
  return `${round(ms / 1000, 1)} s`;
}
