/**
 * The runtime's HTTP/2 (`node:http2`) on a connection that was accepted already: what it is told, and what it may hold.
 *
 * Deliberately absent: what is done about its events (gateway/http2-connection.ts).
 */
import http2, { constants, type ServerHttp2Session, type ServerHttp2Stream, type ServerOptions } from "node:http2";
import type { Duplex } from "node:stream";

export type { ServerHttp2Session, ServerHttp2Stream };

/** Requests at once on one connection: nearly as many as nginx lets a browser have. */
const STREAMS_MAX = 100;
/** What of a request's body may be under way before anybody has taken it: the protocol's default, 64 KiB less one byte. */
const STREAM_WINDOW_BYTES = 65_535;
/** MiB that the runtime may hold for one connection: heads, and what waits to be sent. */
const SESSION_MEMORY_MB = 8;
/**
 * Of a response's head. It was judged where it was read, by limits that a reload may change; the runtime's own, 64 KiB, ends the whole
 * connection with the stream.
 */
const HEAD_SENT_BYTES_MAX = 2 ** 31 - 1;
/** The last stream that there can be: whatever comes still is served (RFC 9113 section 6.8). */
export const LAST_STREAM_ID = 2 ** 31 - 1;
const FRAME_HEAD_BYTES = 9;
const GOAWAY = 7;
const GOAWAY_BYTES = 8;

/** Why a stream or a connection ends (RFC 9113 section 7). */
export const codes = {
  none: constants.NGHTTP2_NO_ERROR,
  protocol: constants.NGHTTP2_PROTOCOL_ERROR,
  internal: constants.NGHTTP2_INTERNAL_ERROR,
  flowControl: constants.NGHTTP2_FLOW_CONTROL_ERROR,
  streamClosed: constants.NGHTTP2_STREAM_CLOSED,
  frameSize: constants.NGHTTP2_FRAME_SIZE_ERROR,
  refused: constants.NGHTTP2_REFUSED_STREAM,
  cancel: constants.NGHTTP2_CANCEL,
  connect: constants.NGHTTP2_CONNECT_ERROR,
  calmDown: constants.NGHTTP2_ENHANCE_YOUR_CALM,
  http11Required: constants.NGHTTP2_HTTP_1_1_REQUIRED,
} as const;

/** The types that are here do not know it yet. */
const { performServerHandshake } = http2 as unknown as {
  readonly performServerHandshake?: (stream: Duplex, options: ServerOptions) => ServerHttp2Session;
};

/** Whether this runtime can: Node from 20.12 on. */
export const canServeHttp2 = performServerHandshake !== undefined;

export interface SessionLimits {
  readonly headBytesMax: number;
  readonly fieldsMax: number;
}

export interface SessionListener {
  /** @param fields of its request, names and values in turn */
  onStream(stream: ServerHttp2Stream, fields: readonly string[]): void;
  /** The client broke a rule that concerns the whole connection. */
  onSessionError(): void;
}

/** @throws Error where the runtime cannot */
export function serve(stream: Duplex, limits: SessionLimits, listener: SessionListener): ServerHttp2Session {
  if (performServerHandshake === undefined) throw new Error("this runtime does not serve HTTP/2 here");
  const session = performServerHandshake(stream, {
    maxSessionMemory: SESSION_MEMORY_MB,
    // Behind that the limits of all heads are judged; pseudo-header fields are no lines there.
    maxHeaderListPairs: limits.fieldsMax + 8,
    maxSendHeaderBlockLength: HEAD_SENT_BYTES_MAX,
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: limits.headBytesMax,
      enableConnectProtocol: true,
    },
  });
  session.on("stream", (...[stream, , , fields]: StreamEvent) => {
    // Each ends with `close`. Also of one that nobody looks at (its client has reset it already) an error that nobody hears ends the process.
    stream.on("error", () => {});
    listener.onStream(stream, fields);
  });
  session.on("error", () => listener.onSessionError());
  return session;
}

type StreamEvent = [stream: ServerHttp2Stream, fields: unknown, flags: number, raw: string[]];

/**
 * GOAWAY that names no last stream: the client is told that the connection is to go, and what it asks for before it has heard that is
 * still served (RFC 9113 section 6.8). The runtime says it, too, and ignores all further streams from then on, so it must not know.
 */
export const SHUTDOWN_NOTICE = goawayOf(LAST_STREAM_ID, codes.none);

/** @param lastStream the last one that anything was made of: what came behind it can be asked for again */
export function goawayOf(lastStream: number, code: number): Buffer {
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + GOAWAY_BYTES);
  frame.writeUIntBE(GOAWAY_BYTES, 0, 3);
  frame[3] = GOAWAY;
  frame.writeUInt32BE(lastStream, FRAME_HEAD_BYTES);
  frame.writeUInt32BE(code, FRAME_HEAD_BYTES + 4);
  return frame;
}

/** Whether it was reset, by either side, or ended with its connection: what the runtime tells of its end is no end of what was sent. */
export function isBrokenOff({ aborted, rstCode }: ServerHttp2Stream): boolean {
  // Once our side has ended the runtime tells the code alone.
  return aborted || (rstCode ?? codes.none) !== codes.none;
}

/** Whether the last frame of its response has been written; `undefined`: it is over altogether. */
export function hasSaidEnd(stream: ServerHttp2Stream): boolean | undefined {
  if (stream.destroyed || stream.closed) return undefined;
  const { localClose, remoteClose } = stream.state;
  if (localClose !== 1) return false;
  return remoteClose === 1 ? undefined : true;
}
