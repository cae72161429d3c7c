/** The lines of what hopwise wrote itself, one by one, for those who give them to something else than a socket: no line of it is folded. */
import { SP, trimWhitespace } from "../wire/octets.ts";

export type TakeField = (name: string, value: string) => void;

/** The fields of a head. */
export function fieldsIn(head: string, take: TakeField): void {
  linesIn(head, head.indexOf("\r\n") + 2, take);
}

/** The fields of a section that begins at `from`. */
export function linesIn(text: string, from: number, take: TakeField): void {
  for (let at = from; ; ) {
    const end = text.indexOf("\r\n", at);
    if (end <= at) return;
    const colon = text.indexOf(":", at);
    // Nearly all have one space before the value and none behind it.
    const start = text.charCodeAt(colon + 1) === SP ? colon + 2 : colon + 1;
    take(text.slice(at, colon), trimWhitespace(text.slice(start, end)));
    at = end + 2;
  }
}
