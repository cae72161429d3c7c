/**
 * What must be known of the runtime to use its handles without its sockets, and is in no documentation.
 *
 * It is learnt: a socket of `node:net` over a handle that only looks shows what it installs there and what it hands over.
 * What a read brought, the runtime keeps where only its own function sees it, so that function goes on being asked, with that
 * same socket as its owner. If anything is not as in Node 20, 22, 24 and 26, nothing
 * is learnt, and connections stay on the runtime's sockets. Deliberately absent: `process.binding` and its like.
 */
import { type OnReadOpts, Socket as RawSocket, type SocketConstructorOpts } from "node:net";
import { constants } from "node:os";
import { bun } from "../bun-api.ts";
import type { Handle, ShutdownRequest, WriteRequest } from "./handle.ts";

/** What a read brought: octets (how many), nothing (0), the peer's FIN, or a fault. */
export type ReadResult = number | "end" | { readonly fault: string };

/** Who is told what a handle reads. */
export interface Reader {
  /** Where to read to. It may become another with each read. */
  readonly buffer: Buffer;
  onRead(result: ReadResult): void;
}

export interface RuntimeShape {
  /** Undefined: handles are given null instead of a request, and make one themselves where one is needed. */
  readonly Write: (new () => WriteRequest) | undefined;
  readonly Shutdown: new () => ShutdownRequest;
  /** What the read has brought whose event this is. */
  latestRead(): ReadResult;
  /** Makes `handle` tell nobody but `reader` what it reads. */
  attach(handle: Handle, reader: Reader): void;
}

/** All that the runtime's function for reading uses of a handle's owner. Another name may mean another way to tell something. */
const USES = new Set([
  "kUpdateTimer",
  "destroyed",
  "kBuffer",
  "kBufferCb",
  "kBufferGen",
  "push",
  "destroy",
  "read",
  // These wait for the end of what a stream still holds, or are for other streams than connections.
  "_readableState",
  "kMaybeDestroy",
  "on",
]);

/** All that the runtime asks and tells a request that a handle has made. */
const REQUEST_USES = new Set<string | symbol>([
  "writeStatus",
  "error",
  "oncomplete",
  // The runtime's own notes, and what a write needs until its end.
  "handle",
  "callback",
  "async",
  "bytes",
  "buffer",
]);

/** Shows what a socket does with its handle. */
class Probe {
  readonly reading = true;
  onread: (() => unknown) | undefined = undefined;
  buffer: unknown;
  write: object | null | undefined;
  shut: object | undefined;
  /** What a write returns. */
  readonly written: unknown;
  constructor(written: unknown = 0) {
    this.written = written;
  }
  readStart(): number {
    return 0;
  }
  readStop(): number {
    return 0;
  }
  useUserBuffer(buffer: unknown): void {
    this.buffer = buffer;
  }
  writeLatin1String(request: object | null): unknown {
    this.write = request;
    return this.written;
  }
  shutdown(request: object): number {
    this.shut = request;
    return 0;
  }
  close(): void {}
}

/** What a handle might return of a write, which remembers what the runtime asks and tells it. */
class WatchedRequest {
  readonly set: Map<string | symbol, unknown> = new Map();
  readonly request: object;
  private readonly asked = new Set<string | symbol>();

  /** @param writeStatus how the write has ended; null: not yet */
  constructor(writeStatus: number | null) {
    this.set.set("writeStatus", writeStatus);
    this.request = new Proxy(
      {},
      {
        get: (_target, name) => {
          this.asked.add(name);
          return this.set.get(name);
        },
        set: (_target, name, value) => {
          this.set.set(name, value);
          return true;
        },
      },
    );
  }

  get isUsedAsKnown(): boolean {
    return this.asked.has("writeStatus") && [...this.asked, ...this.set.keys()].every((name) => REQUEST_USES.has(name));
  }
}

/** Undefined: this runtime's handles are not known. */
const runtimeShape: RuntimeShape | undefined = learnShape(RawSocket);

/** Whether connections can stand on handles here. */
export const isShapeKnown: boolean = runtimeShape !== undefined;

/** @throws Error where there is no known handle either */
export function knownShape(): RuntimeShape {
  if (runtimeShape === undefined) throw new Error("nothing is known of this runtime's handles");
  return runtimeShape;
}

const CALLS = [
  "readStart",
  "readStop",
  "useUserBuffer",
  "writeLatin1String",
  "writeBuffer",
  "writev",
  "shutdown",
  "close",
] as const satisfies readonly (keyof Handle)[];

/** `candidate` if it is a handle that can be used by what is known. */
export function knownHandle(candidate: unknown): Handle | undefined {
  if (runtimeShape === undefined || typeof candidate !== "object" || candidate === null) return undefined;
  const handle = candidate as Handle;
  const isKnown = CALLS.every((call) => typeof handle[call] === "function");
  return isKnown && typeof handle.writeQueueSize === "number" ? handle : undefined;
}

/** @param Socket the runtime's class of sockets */
export function learnShape(Socket: typeof RawSocket): RuntimeShape | undefined {
  if (bun !== undefined) return undefined;
  try {
    const requests = learnRequests(Socket);
    const reading = learnReading(Socket);
    return requests && reading && { ...requests, ...reading };
  } catch {
    return undefined;
  }
}

function learnRequests(Socket: typeof RawSocket): Pick<RuntimeShape, "Write" | "Shutdown"> | undefined {
  const probe = new Probe();
  socketOver(Socket, probe).write("x", "latin1");
  socketOver(Socket, probe).end();
  const { write, shut } = probe;
  if (write === undefined || shut === undefined) return undefined;
  const Shutdown = shut.constructor as RuntimeShape["Shutdown"];
  if (write === null) return leavesRequestsToHandles(Socket) ? { Write: undefined, Shutdown } : undefined;
  const Write = write.constructor as new () => WriteRequest;
  // A request that nothing has hold of must be known by that.
  if (!(new Write().getAsyncId() < 0)) return undefined;
  return { Write, Shutdown };
}

/**
 * Whether a socket that hands over null takes what a write returns as it is taken here (handle-writing.ts): a number is its
 * end, anything else its request, which may have ended already and otherwise is told its end.
 */
function leavesRequestsToHandles(Socket: typeof RawSocket): boolean {
  const done = writing(Socket, 0);
  if (done.writableLength !== 0 || done.errored !== null) return false;
  const failed = writing(Socket, -constants.errno.EPIPE);
  if ((failed.errored as NodeJS.ErrnoException | null)?.code !== "EPIPE") return false;

  const ended = new WatchedRequest(0);
  const endedWrite = writing(Socket, ended.request);
  const waiting = new WatchedRequest(null);
  const unfinished = writing(Socket, waiting.request);
  const oncomplete = waiting.set.get("oncomplete");
  if (endedWrite.writableLength > 0 || unfinished.writableLength !== 1 || typeof oncomplete !== "function")
    return false;
  oncomplete.call(waiting.request, 0);
  const isFinished = unfinished.writableLength < 1;
  return isFinished && ended.isUsedAsKnown && waiting.isUsedAsKnown;
}

/** A socket that writes one octet, of which its handle says `written`. */
function writing(Socket: typeof RawSocket, written: unknown): RawSocket {
  const socket = socketOver(Socket, new Probe(written));
  socket.write("x", "latin1");
  return socket;
}

function learnReading(Socket: typeof RawSocket): Pick<RuntimeShape, "latestRead" | "attach"> | undefined {
  let result: ReadResult = 0;
  const probe = new Probe();
  const buffer = Buffer.alloc(1);
  const callback = (length: number) => {
    result = length;
    return true;
  };
  const asked = Object.assign(socketOver(Socket, probe, { buffer, callback }), {
    push(chunk: unknown): boolean {
      if (chunk === null) result = "end";
      return false;
    },
    read: () => null,
    destroy({ code }: NodeJS.ErrnoException) {
      result = { fault: code ?? "UNKNOWN" };
    },
  });
  // By this name a handle knows whom it belongs to; the runtime looks there, too, for instance when it is asked what is open.
  const owner = Object.getOwnPropertySymbols(probe).find((name) => Reflect.get(probe, name) === asked);
  const { onread } = probe;
  if (owner === undefined || onread === undefined || !usesOnlyKnown(onread) || probe.buffer !== buffer)
    return undefined;
  const latestRead = (): ReadResult => {
    result = 0;
    onread.call(probe);
    return result;
  };
  const onRead = function (this: OwnedHandle): Buffer | undefined {
    const read = latestRead();
    const reader = this[owner];
    if (reader === undefined) return undefined;
    const { buffer } = reader;
    try {
      reader.onRead(read);
    } finally {
      if (reader.buffer !== buffer) noteMove(this, reader);
    }
    return reader.buffer === buffer ? undefined : reader.buffer;
  };
  return {
    latestRead,
    attach(handle, reader) {
      (handle as OwnedHandle)[owner] = reader;
      handle.onread = onRead as Handle["onread"];
      handle.useUserBuffer(reader.buffer);
    },
  };
}

/** The handle that was told last to read elsewhere. */
let latestMove: { readonly handle: Handle; readonly reader: Reader } | undefined;

/**
 * When an exception is thrown in an event, or in the ticks behind it, the runtime drops what the event returned, and the handle
 * would go on reading where others may have octets by now. So it is told again, if the process survives.
 */
function noteMove(handle: Handle, reader: Reader): void {
  if (latestMove === undefined) {
    process.on("uncaughtExceptionMonitor", () => latestMove?.handle.useUserBuffer(latestMove.reader.buffer));
  }
  latestMove = { handle, reader };
}

type OwnedHandle = Handle & { [owner: symbol]: Reader | undefined };

function usesOnlyKnown(onread: () => unknown): boolean {
  const used = new Set([...String(onread).matchAll(/\bstream\s*(?:\.|\[)\s*(\w+)/g)].map(([, name = ""]) => name));
  return used.has("kBufferCb") && used.has("push") && used.has("destroy") && [...used].every((name) => USES.has(name));
}

function socketOver(Socket: typeof RawSocket, handle: Probe, onread?: OnReadOpts): RawSocket {
  // The type definitions know neither `handle` nor, beside it, `onread`.
  const socket = new Socket({ handle, onread, manualStart: true, allowHalfOpen: true } as SocketConstructorOpts);
  return socket.on("error", () => {});
}
