/** Messages as a small reverse proxy reads and writes them: plain text operations, which share no code with hopwise's readers. */

export type Field = readonly [name: string, value: string];

export interface Head {
  readonly start: string;
  readonly fields: readonly Field[];
  /** Its length with the empty line. */
  readonly length: number;
}

export const HOP = ["connection", "keep-alive", "proxy-connection", "te", "upgrade", "transfer-encoding", "trailer"];
export const FORWARDING = /^(?:forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip)$/;

export function headOf(text: string): Head | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  const fields = lines.map(
    (line): Field => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()],
  );
  return { start, fields, length: end + 4 };
}

export const fieldIn = (fields: readonly Field[], name: string) => fields.find(([own]) => own === name)?.[1];
export const optionsOf = (fields: readonly Field[], name = "connection") =>
  (fieldIn(fields, name) ?? "").split(",").map((option) => option.trim().toLowerCase());
export const written = (start: string, fields: readonly Field[]) =>
  `${[start, ...fields.map(([name, value]) => `${name}: ${value}`)].join("\r\n")}\r\n\r\n`;

export function withoutHopFields(fields: readonly Field[]): Field[] {
  const nominated = optionsOf(fields);
  return fields.filter(([name]) => !HOP.includes(name) && !nominated.includes(name));
}

/** How far a body is: fed with text, it tells pieces of content, and its end. */
export class Body {
  private rest: number;
  private text = "";
  private isTrailer = false;
  trailers: Field[] = [];
  isOver: boolean;
  readonly kind: "length" | "chunked" | "close";

  constructor(kind: Body["kind"], length: number) {
    this.kind = kind;
    this.rest = length;
    this.isOver = kind === "length" && length === 0;
  }

  /** Returns what is behind its end; `onContent` gets what is in it. */
  read(text: string, onContent: (content: string) => void): string {
    if (this.kind === "close") {
      onContent(text);
      return "";
    }
    if (this.kind === "length") {
      const taken = text.slice(0, this.rest);
      this.rest -= taken.length;
      this.isOver = this.rest === 0;
      if (taken !== "") onContent(taken);
      return text.slice(taken.length);
    }
    this.text += text;
    while (!this.isOver) {
      if (this.isTrailer) {
        if (this.text.startsWith("\r\n")) {
          this.text = this.text.slice(2);
          this.isOver = true;
          break;
        }
        const head = headOf(`\r\n${this.text}`);
        if (head === undefined) return "";
        this.trailers = [...head.fields];
        this.text = this.text.slice(head.length - 2);
        this.isOver = true;
        break;
      }
      const line = this.text.indexOf("\r\n");
      if (line < 0) return "";
      const size = Number.parseInt(this.text, 16);
      if (size === 0) {
        this.text = this.text.slice(line + 2);
        this.isTrailer = true;
        continue;
      }
      if (this.text.length < line + 2 + size + 2) return "";
      onContent(this.text.slice(line + 2, line + 2 + size));
      this.text = this.text.slice(line + 4 + size);
    }
    return this.text;
  }
}

export const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

export function isAmbiguous(raw: string, { fields }: Head): boolean {
  const lengths = fields.filter(([name]) => name.trim() === "content-length");
  const coding = fieldIn(fields, "transfer-encoding");
  if (fields.some(([name]) => /\s/.test(name)) || /\r(?!\n)/.test(raw)) return true;
  if (lengths.length > 1 || lengths.some(([, value]) => !/^\d+$/.test(value))) return true;
  return coding !== undefined && (lengths.length > 0 || coding !== "chunked");
}
