/**
 * A response on one stream of HTTP/2: its head leaves with the first of its body, trailers at its end, flow control is the runtime's.
 *
 * Deliberately absent: which fields go on, and what they say (http1/response-writing.ts).
 */
import type { ServerStreamResponseOptions } from "node:http2";
import type { Octets } from "../wire/octets.ts";
import { type Http2Fields, RESET_CONTENT, responseFields, trailerFields } from "./response-fields.ts";
import { codes, type ServerHttp2Stream } from "./session.ts";

/** Unsent bytes of one stream at which its origin is not read any further. */
const HIGH_WATER_BYTES = 64 * 1024;

export class StreamWriter {
  /** It takes nothing more for now, until the stream's `drain`. */
  isBlocked = false;
  /** The final head has left. */
  hasBegun = false;
  /** The client has the whole response with its head, whatever its origin has to say still. */
  isHeadAll = false;
  /** Of bodies, given to the runtime so far. */
  given_bytes = 0;
  private readonly stream: ServerHttp2Stream;
  private fields: Http2Fields | undefined;
  private pieces: Buffer[] = [];
  private trailers: Http2Fields | undefined;
  private isEnding = false;
  private hasEnded = false;

  constructor(stream: ServerHttp2Stream) {
    this.stream = stream;
    stream.on("wantTrailers", () => stream.sendTrailers((this.trailers ?? {}) as never));
  }

  get unsentBytes(): number {
    return this.stream.writableLength;
  }

  /** @param head as HTTP/1 writes it */
  interim(head: string): void {
    if (this.fields !== undefined || this.hasBegun || this.stream.destroyed) return;
    this.stream.additionalHeaders(responseFields(head) as never);
  }

  /** @param head as HTTP/1 writes it */
  final(head: string): void {
    this.fields = responseFields(head);
  }

  /** A tunnel begins: nothing but bytes follows. @param head of the response that it begins with */
  establish(head: string, without: string): void {
    const fields = responseFields(head);
    fields[":status"] = 200;
    delete fields[without];
    this.hasBegun = true;
    // Otherwise the runtime ends the stream in order before it resets it, as if everything had come.
    this.stream.respond(fields as never, { waitForTrailers: true, sendDate: false } as ServerStreamResponseOptions);
  }

  body(octets: Octets, from: number, to: number): void {
    // They lie where the next read goes.
    if (to > from && !this.isHeadAll) this.pieces.push(Buffer.from(octets.subarray(from, to)));
  }

  /** @param trailers each line with its CRLF; none: empty */
  end(trailers: string): void {
    this.isEnding = true;
    if (trailers !== "") this.trailers = trailerFields(trailers);
  }

  /** @param text a whole response, as HTTP/1 writes it */
  say(text: string): void {
    const bodyAt = text.indexOf("\r\n\r\n") + 4;
    this.final(text.slice(0, bodyAt));
    if (bodyAt < text.length) this.pieces.push(Buffer.from(text.slice(bodyAt), "latin1"));
    this.end("");
    this.flush();
  }

  /** What was said leaves. @returns whether it has become blocked */
  flush(): boolean {
    const { stream, pieces } = this;
    if (this.hasEnded || stream.destroyed || stream.closed) return false;
    if (this.fields !== undefined) this.respond(this.fields);
    if (!this.hasBegun || !stream.writable) return false;
    this.pieces = [];
    const whole = pieces.length === 1 ? pieces[0] : pieces.length > 1 ? Buffer.concat(pieces) : undefined;
    this.given_bytes += whole?.length ?? 0;
    if (this.isEnding) {
      this.hasEnded = true;
      stream.end(whole);
      return false;
    }
    if (whole !== undefined) stream.write(whole);
    if (stream.writableLength < HIGH_WATER_BYTES || this.isBlocked) return false;
    this.isBlocked = true;
    return true;
  }

  private respond(fields: Http2Fields): void {
    this.fields = undefined;
    this.hasBegun = true;
    // The runtime has ended the response to HEAD before it began, and ends a 205 with its head, whatever is said to it.
    this.isHeadAll = this.stream.writableEnded || fields[":status"] === RESET_CONTENT;
    const endStream = this.isHeadAll || (this.isEnding && this.pieces.length === 0 && this.trailers === undefined);
    this.hasEnded = endStream;
    if (this.isHeadAll) this.pieces = [];
    // Trailers have to be waited for before it is known whether there are any.
    const waitForTrailers = !this.isHeadAll && (!this.isEnding || this.trailers !== undefined);
    this.stream.respond(
      fields as never,
      { endStream, waitForTrailers, sendDate: false } as ServerStreamResponseOptions,
    );
  }

  /** Nothing is said of it, and nothing more will be. @param code why (RFC 9113 section 7) */
  reset(code: number = codes.internal): void {
    this.hasBegun = true;
    this.hasEnded = true;
    this.pieces = [];
    this.stream.close(code);
  }
}
