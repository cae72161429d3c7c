/**
 * What a door needs of somebody else's server: its request, its response, its socket.
 *
 * These are shapes, not classes, so that `node:http`, the compatibility API of `node:http2`, and what frameworks make of both fit
 * without any package's types. Deliberately absent: anything to do with the socket of a request but reading facts about it.
 */

/** A listener for an event of any server's: what it is given is for it to know. Newer types of Node's fit no narrower one. */
export type OuterListener = (...given: unknown[]) => void;

/** A request of another server: `IncomingMessage` of `node:http`, `Http2ServerRequest` of `node:http2`, or what extends them. */
export interface HandlerRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  /** Names and values in turn, as they were received. */
  readonly rawHeaders: readonly string[];
  readonly rawTrailers?: readonly string[] | undefined;
  on(event: string, listener: OuterListener): unknown;
  removeListener(event: string, listener: OuterListener): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** A response of another server: `ServerResponse` of `node:http`, `Http2ServerResponse` of `node:http2`, or what extends them. */
export interface HandlerResponse {
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string | readonly string[]): unknown;
  writeHead(status: number): unknown;
  write(piece: Uint8Array): boolean;
  end(): unknown;
  on(event: string, listener: OuterListener): unknown;
}

/** A socket that another server has handed over with its event `upgrade`. */
export interface HandlerSocket {
  readonly destroyed: boolean;
  on(event: string, listener: OuterListener): unknown;
  destroy(): unknown;
}

/** A server whose requests and upgrades a handler takes: `http.Server`, `https.Server`, `Http2SecureServer`, … */
export interface HandlerServer {
  on(event: string, listener: OuterListener): unknown;
  /** What is subscribed already is not subscribed again. */
  listeners?(event: string): readonly unknown[];
}

/** Goes on with the next handler; with an error: with the one for errors. */
export type Next = (error?: unknown) => void;

/** What is there on most requests, and what some parser may have left. */
export interface Request extends HandlerRequest {
  /** The target before a framework cut the path off under which the handler is mounted. */
  readonly originalUrl?: string;
  readonly destroyed?: boolean;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  readonly readableEncoding?: string | null;
  readonly body?: unknown;
  readonly scheme?: string;
  readonly socket?: RequestSocket | null;
  readonly stream?: Http2Stream;
}

/** Of a request's socket nothing is read but this. */
export interface RequestSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly encrypted?: boolean;
  readonly destroyed?: boolean;
  readonly server?: { listenerCount?(event: string): number };
  once?(event: string, listener: () => void): unknown;
  resetAndDestroy?(): unknown;
}

interface Http2Stream {
  readonly endAfterHeaders?: boolean;
  readonly destroyed?: boolean;
  readonly session?: object | undefined;
  readonly sentInfoHeaders?: readonly Readonly<Record<string, unknown>>[];
  close?(code: number): unknown;
}

/** What is there on most responses. */
export interface Response extends HandlerResponse {
  readonly destroyed?: boolean;
  readonly writableEnded?: boolean;
  readonly writableLength?: number;
  /** Of `node:http`: 100 (Continue) has been sent. */
  readonly _sent100?: boolean;
  readonly stream?: Http2Stream;
  readonly socket?: RequestSocket | null;
  /** @param fields names and values in turn */
  writeHead(status: number, reasonPhrase?: string, fields?: string[]): unknown;
  getHeaderNames?(): readonly string[];
  removeHeader?(name: string): unknown;
  write(piece: Uint8Array | string, encoding?: "latin1" | (() => void)): boolean;
  end(piece?: Uint8Array | string, encoding?: "latin1"): unknown;
  flushHeaders?(): void;
  /** Of middleware that compresses: what it holds leaves. */
  flush?(): void;
  addTrailers?(trailers: Readonly<Record<string, string[]>>): void;
  writeContinue?(): void;
  writeEarlyHints?(hints: Readonly<Record<string, string | string[]>>): void;
  destroy?(): unknown;
}

/** `request.url` of which an application has cut all of the path off asks for the root, as in the frameworks that cut. */
export const rooted = (target: string): string => (target === "" || target.startsWith("?") ? `/${target}` : target);

export const isHttp2 = ({ httpVersionMajor }: HandlerRequest): boolean => httpVersionMajor >= 2;
