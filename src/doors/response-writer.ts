/**
 * A response, given to another server's response object: status and fields one by one, body as it comes, trailers.
 *
 * Which fields go on, and what they say, is decided where all responses are written (http1/response-writing.ts); framing is left
 * to the server outside, which must know only a length. Whatever middleware has put around the response runs in here, so what it
 * throws ends here, too. Deliberately absent: `Connection` of HTTP/1 but to say `close`, and `Upgrade` but with a 426.
 */
import { type Octets, SP, trimWhitespace } from "../wire/octets.ts";
import { isHttp2, type Request, type Response } from "./outer.ts";

/** Fields of which the application may have said one part, and the origin says another. */
const ADDED_TO: ReadonlySet<string> = new Set(["set-cookie", "vary"]);
/** The server outside frames the body by its own means. */
const FRAMING = "transfer-encoding";
/** The highest status that HTTP/2 servers of Node can send. Clients take what is beyond for a 5xx (RFC 9110 section 15). */
const HTTP2_STATUS_MAX = 599;
/** Two reads' worth keep a fast origin busy, as on hopwise's own connections. */
const HIGH_WATER_BYTES = 128 * 1024;
/** INTERNAL_ERROR (RFC 9113 section 7). */
const HTTP2_INTERNAL_ERROR = 2;
/** Up to here a piece is copied into a text: a head and a text leave in one write. */
const TEXT_BYTES_MAX = 4 * 1024;

export class ResponseWriter {
  /** It takes nothing more for now, until its `drain`. */
  isBlocked = false;
  /** Everything was said. */
  hasEnded = false;
  /** The status and fields are said. */
  hasBegun = false;
  /** What something around the response threw. */
  error: unknown;
  private readonly request: Request;
  private readonly response: Response;
  /** Unsent bytes at which it is blocked. Where middleware stands before it, nobody knows how much that holds. */
  private readonly highWater_bytes: number;
  /** What leaves with the next flush. */
  private pieces: (Uint8Array | string)[] = [];
  private trailers: Record<string, string> | undefined;
  private isEnding = false;
  private saidContinue = false;
  /** Its length is known, so nobody waits for pieces of it. */
  private hasLength = true;

  constructor(request: Request, response: Response) {
    this.request = request;
    this.response = response;
    this.highWater_bytes = Object.hasOwn(response, "write") ? 0 : HIGH_WATER_BYTES;
  }

  /** Bytes that wait for the client. */
  get unsentBytes(): number {
    return this.response.writableLength ?? 0;
  }

  /** 100 (Continue), if the server outside has not said it. */
  sayContinue(): void {
    if (this.saidContinue || this.hasBegun) return;
    this.saidContinue = true;
    this.attempt(() => this.response.writeContinue?.());
  }

  /** 103 (Early Hints): what a client may prepare. A server that cannot say it, or not this, does not. @param text its head */
  hint(text: string): void {
    if (this.hasBegun) return;
    const hints: Record<string, string[]> = {};
    fieldsIn(text, (name, value) => {
      hints[name.toLowerCase()] = [...(hints[name.toLowerCase()] ?? []), value];
    });
    try {
      this.response.writeEarlyHints?.(hints);
    } catch {
      // Its grammar of Link is narrower than that of RFC 8288.
    }
  }

  /** @param text the head of a final response @param upgrade the protocols of a 426; none: empty */
  begin(text: string, upgrade: string, hasLength: boolean): void {
    this.hasBegun = true;
    this.hasLength = hasLength;
    this.attempt(() => {
      const { response } = this;
      if (upgrade === "" && this.isUntouched) return this.beginAtOnce(text);
      const said: string[] = [];
      fieldsIn(text, (name, value) => this.say(name, value, said));
      if (upgrade !== "" && !isHttp2(this.request)) {
        response.setHeader("Connection", "Upgrade");
        response.setHeader("Upgrade", upgrade);
      }
      const status = Number(text.slice(9, 12));
      if (isHttp2(this.request)) response.writeHead(status > HTTP2_STATUS_MAX ? 500 : status);
      else response.writeHead(status, text.slice(13, text.indexOf("\r\n")));
    });
  }

  /** Nobody has said any field, nor will be asked before they leave. */
  private get isUntouched(): boolean {
    const { request, response } = this;
    return !isHttp2(request) && !Object.hasOwn(response, "writeHead") && response.getHeaderNames?.().length === 0;
  }

  private beginAtOnce(text: string): void {
    const fields: string[] = [];
    fieldsIn(text, (name, value) => {
      if (name.length !== FRAMING.length || name.toLowerCase() !== FRAMING) fields.push(name, value);
    });
    this.response.writeHead(Number(text.slice(9, 12)), text.slice(13, text.indexOf("\r\n")), fields);
  }

  private say(name: string, value: string, said: string[]): void {
    const key = name.toLowerCase();
    if (key === FRAMING) return;
    const { response } = this;
    const before = said.includes(key) || ADDED_TO.has(key) ? response.getHeader(name) : undefined;
    said.push(key);
    response.setHeader(name, before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]);
  }

  /** Nothing may follow on the client's connection. */
  sayClose(): void {
    if (!isHttp2(this.request)) this.attempt(() => this.response.setHeader("Connection", "close"));
  }

  /** An answer of the proxy's own: a whole response as text. */
  answer(text: string): void {
    this.begin(text, "", true);
    const body = text.slice(text.indexOf("\r\n\r\n") + 4);
    if (body !== "") this.pieces.push(body);
    this.isEnding = true;
    this.flush();
  }

  body(octets: Octets, from: number, to: number): void {
    if (from === to) return;
    const isShort = to - from <= TEXT_BYTES_MAX;
    // It lies where the next read goes, and the server outside may keep it.
    this.pieces.push(isShort ? octets.latin1Slice(from, to) : Buffer.from(octets.subarray(from, to)));
  }

  /** @param text the trailer lines that may go on; none: empty */
  end(text: string): void {
    this.isEnding = true;
    if (text === "") return;
    const trailers: Record<string, string> = {};
    linesIn(text, 0, (name, value) => {
      trailers[name] = trailers[name] === undefined ? value : `${trailers[name]}, ${value}`;
    });
    this.trailers = trailers;
  }

  /** What was said leaves. */
  flush(): void {
    if (this.hasEnded || !this.hasBegun || this.error !== undefined) return;
    this.attempt(() => {
      const { response, pieces, trailers } = this;
      this.pieces = [];
      const last = this.isEnding ? pieces.pop() : undefined;
      let mayGoOn = true;
      for (const piece of pieces) mayGoOn = write(response, piece);
      if (this.isEnding) {
        this.hasEnded = true;
        if (trailers !== undefined) response.addTrailers?.(trailers);
        if (typeof last === "string") response.end(last, "latin1");
        else response.end(last);
        return;
      }
      if (pieces.length === 0) response.flushHeaders?.();
      else if (!this.hasLength) response.flush?.();
      if (!mayGoOn && this.unsentBytes >= this.highWater_bytes) this.isBlocked = true;
    });
  }

  /** Ends what is not complete so that the client can see that it is not. */
  destroy(): void {
    const { request, response } = this;
    this.hasEnded = true;
    this.pieces = [];
    // Without a length and without chunks FIN would look like the end of the body.
    const isEndedByClose = this.hasBegun && !this.hasLength && request.httpVersionMajor === 1;
    if (isEndedByClose && request.httpVersionMinor === 0) response.socket?.resetAndDestroy?.();
    // A stream that is merely destroyed looks complete to its client.
    if (isHttp2(request)) response.stream?.close?.(HTTP2_INTERNAL_ERROR);
    response.destroy?.();
  }

  private attempt(what: () => void): void {
    if (this.error !== undefined) return;
    try {
      what();
    } catch (error) {
      this.error = error ?? new Error("the response cannot be written to");
    }
  }
}

function write(response: Response, piece: Uint8Array | string): boolean {
  return typeof piece === "string" ? response.write(piece, "latin1") : response.write(piece);
}

type Field = (name: string, value: string) => void;

/** The fields of a head that hopwise wrote: no line of it is folded. */
function fieldsIn(text: string, each: Field): void {
  linesIn(text, text.indexOf("\r\n") + 2, each);
}

function linesIn(text: string, from: number, each: Field): void {
  for (let at = from; ; ) {
    const end = text.indexOf("\r\n", at);
    if (end <= at) return;
    const colon = text.indexOf(":", at);
    // Nearly all have one space before the value and none behind it.
    const start = text.charCodeAt(colon + 1) === SP ? colon + 2 : colon + 1;
    each(text.slice(at, colon), trimWhitespace(text.slice(start, end)));
    at = end + 2;
  }
}
