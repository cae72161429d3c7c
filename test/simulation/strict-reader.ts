/**
 * Reads HTTP/1 messages as strictly as it can be done, for both kinds of simulated neighbours.
 *
 * Written for the simulation alone and simple on purpose: text in, events out, anything unusual is an error. It shares
 * nothing with the proxy's own reader, so that they cannot be wrong together.
 */
export interface ReadHead {
  readonly startLine: string;
  /** Names as they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export type ReadFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

export interface ReaderEvents {
  /** @returns how the body is framed. */
  onHead(head: ReadHead, position: number): ReadFraming;
  onBody(piece: string): void;
  onMessageEnd(trailers: ReadHead["fields"]): void;
}

export class StrictError extends Error {
  override readonly name = "StrictError";
}

const FIELD =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/;
const CHUNK_SIZE = /^[0-9a-fA-F]{1,8}$/;

export class StrictReader {
  /** Octets of the stream before `text`. */
  position = 0;
  private text = "";
  private state: "head" | "length" | "chunk-size" | "chunk-data" | "trailers" | "close" = "head";
  private remaining = 0;
  private isStopped = false;
  private readonly events: ReaderEvents;

  constructor(events: ReaderEvents) {
    this.events = events;
  }

  /** Nothing of a message has been read. */
  get isBetween(): boolean {
    return this.state === "head" && this.text === "";
  }

  get isInHead(): boolean {
    return this.state === "head";
  }

  /** Stops, and hands over what was fed and belongs to nothing that was read. */
  takeRest(): string {
    this.isStopped = true;
    return this.take(this.text.length);
  }

  /** What follows is not read any more. */
  stop(): void {
    this.isStopped = true;
  }

  feed(piece: string): void {
    this.text += piece;
    while (!this.isStopped && this.step());
  }

  /** The stream ended in order. False: in the middle of a message. */
  end(): boolean {
    if (this.state !== "close") return this.isBetween;
    this.state = "head";
    this.events.onMessageEnd([]);
    return true;
  }

  private step(): boolean {
    switch (this.state) {
      case "head":
        return this.readHead();
      case "length":
      case "close":
        return this.readBody();
      case "chunk-size":
        return this.readChunkSize();
      case "chunk-data":
        return this.readChunkData();
      case "trailers":
        return this.readTrailers();
    }
  }

  private take(length: number): string {
    const taken = this.text.slice(0, length);
    this.text = this.text.slice(length);
    this.position += length;
    return taken;
  }

  private readHead(): boolean {
    const end = this.text.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.text.startsWith("\r\n")) throw new StrictError("an empty line before a message");
      return false;
    }
    const { position } = this;
    const [startLine = "", ...lines] = this.take(end + 4)
      .slice(0, -4)
      .split("\r\n");
    if (/[\x00-\x1f\x7f]/.test(startLine)) throw new StrictError("a control character in a start-line");
    const framing = this.events.onHead({ startLine, fields: lines.map(fieldOf) }, position);
    switch (framing.kind) {
      case "none":
        this.events.onMessageEnd([]);
        break;
      case "length":
        this.remaining = framing.length;
        this.state = "length";
        if (framing.length === 0) this.endMessage([]);
        break;
      case "chunked":
        this.state = "chunk-size";
        break;
      case "close":
        this.remaining = Number.POSITIVE_INFINITY;
        this.state = "close";
    }
    return true;
  }

  private endMessage(trailers: ReadHead["fields"]): void {
    this.state = "head";
    this.events.onMessageEnd(trailers);
  }

  private readBody(): boolean {
    if (this.text === "") return false;
    const piece = this.take(Math.min(this.remaining, this.text.length));
    this.remaining -= piece.length;
    this.events.onBody(piece);
    if (this.remaining === 0) this.endMessage([]);
    return true;
  }

  private readChunkSize(): boolean {
    const end = this.text.indexOf("\r\n");
    if (end < 0) {
      if (this.text.length > 16) throw new StrictError(`a chunk size that does not end: ${this.text.slice(0, 16)}`);
      return false;
    }
    const line = this.take(end + 2).slice(0, -2);
    if (!CHUNK_SIZE.test(line)) throw new StrictError(`a chunk size "${line}"`);
    this.remaining = Number.parseInt(line, 16);
    this.state = this.remaining === 0 ? "trailers" : "chunk-data";
    return true;
  }

  private readChunkData(): boolean {
    if (this.remaining > 0) {
      if (this.text === "") return false;
      const piece = this.take(Math.min(this.remaining, this.text.length));
      this.remaining -= piece.length;
      this.events.onBody(piece);
      return true;
    }
    if (this.text.length < 2) return false;
    if (this.take(2) !== "\r\n") throw new StrictError("chunk data that is not followed by CRLF");
    this.state = "chunk-size";
    return true;
  }

  private readTrailers(): boolean {
    if (this.text.startsWith("\r\n")) {
      this.take(2);
      this.endMessage([]);
      return true;
    }
    const end = this.text.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const lines = this.take(end + 4)
      .slice(0, -4)
      .split("\r\n");
    this.endMessage(lines.map(fieldOf));
    return true;
  }
}

function fieldOf(line: string): readonly [string, string] {
  const parts = FIELD.exec(line);
  if (parts === null) throw new StrictError(`a field line ${JSON.stringify(line)}`);
  return [parts[1] as string, parts[2] as string];
}

/** Values of all fields of a lowercase name. */
export function valuesOf(fields: ReadHead["fields"], name: string): string[] {
  return fields.filter(([it]) => it.toLowerCase() === name).map(([, value]) => value);
}

/** Lowercase members of all fields of a lowercase name. */
export function membersOf(fields: ReadHead["fields"], name: string): string[] {
  return valuesOf(fields, name)
    .flatMap((value) => value.split(","))
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== "");
}
