/**
 * A response, given to another server's response object: status and fields one by one, body as it comes, trailers.
 *
 * Which fields go on, and what they say, is decided where all responses are written (http1/response-writing.ts); framing is left
 * to the server outside, which must know only a length. Whatever middleware has put around the response runs in here, so what it
 * throws ends here, too. What is large is not copied where nobody stands around it: the memory that it was read into is kept until
 * Node has sent it, or the response is done with. Deliberately absent: `Connection` of HTTP/1 but to say `close`, and `Upgrade` but with a 426.
 */
import { fieldsIn, linesIn } from "../http1/head-lines.ts";
import { isSentOnce } from "../http2/sent-once.ts";
import { type Piece, pieceOf } from "../net/slabs.ts";
import type { Octets } from "../wire/octets.ts";
import { isHttp2, type Request, type Response } from "./outer.ts";

/** Fields of which the application may have said one part, and the origin says another. */
const ADDED_TO: ReadonlySet<string> = new Set(["set-cookie", "vary"]);
/** The server outside frames the body by its own means. */
const FRAMING = "transfer-encoding";
/** Framing that was said before, of a body that does not come: a client would wait for it, or for another end. */
const FRAMINGS = ["content-length", FRAMING, "trailer"];
/** A page of the proxy's own is neither compressed nor a part of something. */
const OF_OTHER_BODIES = [...FRAMINGS, "content-encoding", "content-range", "content-language"];
/** The highest status that HTTP/2 servers of Node can send. Clients take what is beyond for a 5xx (RFC 9110 section 15). */
const HTTP2_STATUS_MAX = 599;
/** Two reads' worth keep a fast origin busy, as on hopwise's own connections. */
const HIGH_WATER_BYTES = 128 * 1024;
/** INTERNAL_ERROR (RFC 9113 section 7). */
const HTTP2_INTERNAL_ERROR = 2;
/** Up to here a piece is copied into a text: a head and a text leave in one write. */
const TEXT_BYTES_MAX = 4 * 1024;

/** Values by name, a line each; an origin may call its field `constructor`. */
type Lines = Record<string, string[]>;

const noLines = (): Lines => Object.create(null) as Lines;

function addLine(lines: Lines, name: string, value: string): void {
  const before = lines[name];
  if (before === undefined) lines[name] = [value];
  else before.push(value);
}

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
  /** Memory that Node is still to send, once for each write. */
  private kept: Piece[] | undefined;
  private trailers: Lines | undefined;
  isEnding = false;
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
    const hints = noLines();
    fieldsIn(text, (name, value) => addLine(hints, name.toLowerCase(), value));
    try {
      this.response.writeEarlyHints?.(hints);
    } catch {
      // Its grammar of Link is narrower than that of RFC 8288.
    }
  }

  /** @param text the head of a final response @param upgrade the protocols of a 426; none: empty @param isOwn no origin's */
  begin(text: string, upgrade: string, hasLength: boolean, isOwn = false): void {
    this.hasBegun = true;
    this.hasLength = hasLength;
    this.attempt(() => {
      const { response } = this;
      if (upgrade === "" && this.isUntouched) return this.beginAtOnce(text);
      this.forgetBodies(isOwn ? OF_OTHER_BODIES : FRAMINGS);
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

  /** The body is another than the one that the application meant when it said these. */
  private forgetBodies(names: readonly string[]): void {
    const { request, response } = this;
    const isInPieces = !this.hasLength && request.httpVersionMajor === 1 && request.httpVersionMinor > 0;
    for (const name of names) {
      if (response.getHeader(name) === undefined) continue;
      // Once it was removed, Node sends no chunks.
      if (name === FRAMING && isInPieces) response.setHeader("Transfer-Encoding", "chunked");
      else response.removeHeader?.(name);
    }
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
    if (before === undefined) return void response.setHeader(name, value);
    const all = [...(Array.isArray(before) ? before : [before]), value];
    response.setHeader(name, isHttp2(this.request) && isSentOnce(key) ? all.join(", ") : all);
  }

  /** Nothing may follow on the client's connection. */
  sayClose(): void {
    if (!isHttp2(this.request)) this.attempt(() => this.response.setHeader("Connection", "close"));
  }

  /** An answer of the proxy's own: a whole response as text. */
  answer(text: string): void {
    this.begin(text, "", true, true);
    const body = text.slice(text.indexOf("\r\n\r\n") + 4);
    if (body !== "") this.pieces.push(body);
    this.isEnding = true;
    this.flush();
  }

  body(octets: Octets, from: number, to: number): void {
    if (from === to) return;
    if (to - from <= TEXT_BYTES_MAX) this.pieces.push(octets.latin1Slice(from, to));
    else this.pieces.push(this.lasting(octets.subarray(from, to)));
  }

  /** It lies where the next read goes, and the server outside may keep it. */
  private lasting(bytes: Octets): Uint8Array {
    const piece = this.isPlain ? pieceOf(bytes) : undefined;
    if (piece === undefined) return Buffer.from(bytes);
    piece.keep();
    if (this.kept === undefined) {
      this.kept = [];
      // Where a connection ends, Node forgets to say so of single writes.
      this.response.on("close", () => this.letAllGo());
    }
    this.kept.push(piece);
    return bytes;
  }

  /** What is written goes straight to the client's connection. */
  private get isPlain(): boolean {
    const { response } = this;
    return isNodesOwn(response, "write") && response.socket != null && response.destroyed === false;
  }

  private letGo(piece: Piece): void {
    const at = this.kept?.indexOf(piece) ?? -1;
    if (at < 0) return;
    this.kept?.splice(at, 1);
    piece.letGo();
  }

  private letAllGo(): void {
    const { kept = [] } = this;
    this.kept = [];
    for (const piece of kept) piece.letGo();
  }

  /** @param text the trailer lines that may go on; none: empty */
  end(text: string): void {
    this.isEnding = true;
    if (text === "") return;
    const isOfHttp2 = isHttp2(this.request);
    const trailers = noLines();
    linesIn(text, 0, (name, value) => addLine(trailers, isOfHttp2 ? name.toLowerCase() : name, value));
    if (isOfHttp2)
      for (const [name, values] of Object.entries(trailers)) if (isSentOnce(name)) trailers[name] = [values.join(", ")];
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
      for (const piece of pieces) mayGoOn = this.write(piece);
      if (this.isEnding) {
        this.hasEnded = true;
        if (trailers !== undefined) response.addTrailers?.(trailers);
        if (typeof last === "string") response.end(last, "latin1");
        else response.end(last === undefined || isNodesOwn(response, "end") ? last : Buffer.from(last));
        return;
      }
      if (pieces.length === 0) response.flushHeaders?.();
      else if (!this.hasLength) response.flush?.();
      if (!mayGoOn && this.unsentBytes >= this.highWater_bytes) this.isBlocked = true;
    });
  }

  private write(part: Uint8Array | string): boolean {
    const { response } = this;
    if (typeof part === "string") return response.write(part, "latin1");
    const piece = this.kept === undefined ? undefined : pieceOf(part);
    return piece === undefined ? response.write(part) : response.write(part, () => this.letGo(piece));
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

/**
 * Whether this is what `node:http` has, and nothing that middleware has put in its place: that may keep what it is given for as long as
 * it likes.
 */
function isNodesOwn(response: Response, method: "write" | "end"): boolean {
  let owner: object | null = response;
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner?.constructor.name === "OutgoingMessage" && response[method].name === method;
}
